/** Terminals: the output of a recording, byte for byte as the program wrote it. */
import { type EntrySource, RecordDamage, readEntries } from './read-record.ts'

/** Yields the output in the first `length` bytes of a recording. */
export async function* exportOutput(file: EntrySource, range: { readonly length: number }): AsyncGenerator<Uint8Array> {
  try {
    for await (const { kind, payload } of readEntries(file, { from: 0, to: range.length })) {
      if (kind === 'output') yield payload
    }
  } catch (error) {
    // An incomplete entry that a crash left at the end.
    if (!(error instanceof RecordDamage)) throw error
  }
}
