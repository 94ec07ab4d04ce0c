/** Terminals: the output of a record, byte for byte as the program put it out. */
import { type EntrySource, RecordDamage, readEntries } from './read-record.ts'

/** Yields the output that the first `length` bytes of a record hold. */
export async function* exportOutput(file: EntrySource, range: { readonly length: number }): AsyncGenerator<Uint8Array> {
  try {
    for await (const { kind, payload } of readEntries(file, { from: 0, to: range.length })) {
      if (kind === 'output') yield payload
    }
  } catch (error) {
    // What a crash left behind the last whole entry.
    if (!(error instanceof RecordDamage)) throw error
  }
}
