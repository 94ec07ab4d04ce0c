/** Terminals: reads entries of a finished or growing recording. Memory holds one entry and one read, never the file. */
import { decodeEntry, entryHeaderBytes, type RawEntry, recordMagic } from './record-format.ts'

/** Bytes of one read; a longer entry is read at once. */
const readBytes = 256 * 1024

/** The source of entries: a `FileHandle`, or anything that reads like one. */
export type EntrySource = {
  readonly read: (
    buffer: Buffer,
    where: { readonly offset: number; readonly length: number; readonly position: number },
  ) => Promise<{ readonly bytesRead: number }>
}

/** There is no valid entry at this place: the file was damaged, or a crash left something behind the last entry. */
export class RecordDamage extends Error {
  override readonly name = 'RecordDamage'
  /** Byte of the file. */
  readonly offset: number

  constructor(offset: number, sentence = `No entry of a record begins at byte ${offset}.`) {
    super(sentence)
    this.offset = offset
  }
}

/**
 * Yields the whole entries between two offsets of a file, in order; `end` is the offset after the entry.
 *
 * An entry that is cut off by `to`, or by the end of the file, is not yielded and is no error, because it may still be
 * written. Payloads stay valid after the next entry was requested.
 *
 * @param range `from`: the start of an entry, such as an `end`; 0 is the start of the file.
 * @throws RecordDamage at bytes that are no entry, after every entry before them was yielded.
 */
export async function* readEntries(
  file: EntrySource,
  range: { readonly from: number; readonly to: number },
): AsyncGenerator<RawEntry & { readonly end: number }> {
  let window: Buffer = Buffer.alloc(0)
  /** The next entry's offset in the window and in the file. */
  let at = 0
  let end = range.from === 0 ? await skipMagic(file, range.to) : range.from
  for (;;) {
    const decoded = decodeEntry(window, at)
    if (decoded === 'damaged') throw new RecordDamage(end)
    if (decoded === 'more') {
      const rest = window.subarray(at)
      const grown = await readOn(file, rest, { position: end + rest.length, to: range.to })
      if (grown === null) return
      window = grown
      at = 0
      continue
    }
    end += decoded.next - at
    at = decoded.next
    yield { ...decoded.entry, end }
  }
}

/** Fills a buffer from a position of the file; returns less only at the end of the file. */
export async function readFully(file: EntrySource, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, {
      offset: filled,
      length: length - filled,
      position: position + filled,
    })
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

async function skipMagic(file: EntrySource, to: number): Promise<number> {
  const found = await readFully(file, 0, Math.max(0, Math.min(recordMagic.length, to)))
  if (!found.equals(recordMagic.subarray(0, found.length))) {
    throw new RecordDamage(0, 'The file does not begin as a record does.')
  }
  return found.length
}

/** Returns the rest of a window with the bytes that follow it in the file; null: there are none. */
async function readOn(
  file: EntrySource,
  rest: Buffer,
  { position, to }: { readonly position: number; readonly to: number },
): Promise<Buffer | null> {
  const needed = rest.length < entryHeaderBytes ? 0 : 4 + rest.readUInt32BE(0) - rest.length
  const length = Math.min(Math.max(readBytes, needed), to - position)
  if (length <= 0) return null
  const more = await readFully(file, position, length)
  if (more.length === 0) return null
  return rest.length === 0 ? more : Buffer.concat([rest, more])
}
