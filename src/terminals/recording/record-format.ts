/** Terminals: the bytes of a recording: a line of magic, then entries, each `u32 length | u8 kind | u48 seq | u48 atMs | payload`, big-endian. */

/** The start of a recording file. */
export const recordMagic: Buffer = Buffer.from('sallyport record 1\n')

/** Bytes before the payload of an entry. */
export const entryHeaderBytes = 17

/** The longest entry; a larger length is damage. */
export const longestEntryBytes: number = 4 * 1024 * 1024

/** Byte 4 of an entry. */
export const entryKinds = { head: 1, output: 2, size: 3, input: 4, event: 5, keyframe: 6, seal: 7 } as const

export type EntryKind = keyof typeof entryKinds

/** One entry of the file. */
export type RawEntry = {
  readonly kind: EntryKind
  /** Its offset in the terminal's output. */
  readonly seq: number
  /** Milliseconds since the head, by the monotonic clock. */
  readonly atMs: number
  readonly payload: Buffer
}

const kindsByCode = new Map<number, EntryKind>(
  Object.entries(entryKinds).map(([kind, code]) => [code, kind as EntryKind]),
)

/** Returns the bytes of one entry. */
export function encodeEntry({
  kind,
  seq,
  atMs,
  payload,
}: Omit<RawEntry, 'payload'> & { readonly payload: Uint8Array }): Buffer {
  const bytes = Buffer.allocUnsafe(entryHeaderBytes + payload.length)
  writeEntryHeader(bytes, { kind, seq, atMs, payloadBytes: payload.length })
  bytes.set(payload, entryHeaderBytes)
  return bytes
}

/** Returns the header of an entry. */
export function encodeEntryHeader(header: EntryHeader): Buffer {
  const bytes = Buffer.allocUnsafe(entryHeaderBytes)
  writeEntryHeader(bytes, header)
  return bytes
}

type EntryHeader = Omit<RawEntry, 'payload'> & { readonly payloadBytes: number }

function writeEntryHeader(bytes: Buffer, { kind, seq, atMs, payloadBytes }: EntryHeader): void {
  bytes.writeUInt32BE(entryHeaderBytes - 4 + payloadBytes, 0)
  bytes[4] = entryKinds[kind]
  bytes.writeUIntBE(seq, 5, 6)
  bytes.writeUIntBE(Math.max(0, Math.floor(atMs)), 11, 6)
}

/**
 * Reads the entry at `offset`.
 *
 * @returns The entry and the offset of the next; `more`: the bytes end before it does; `damaged`: there is no valid
 * entry here.
 */
export function decodeEntry(
  bytes: Buffer,
  offset: number,
): { readonly entry: RawEntry; readonly next: number } | 'more' | 'damaged' {
  if (bytes.length - offset < entryHeaderBytes) return 'more'
  const length = bytes.readUInt32BE(offset)
  if (length < entryHeaderBytes - 4 || length > longestEntryBytes) return 'damaged'
  const kind = kindsByCode.get(bytes[offset + 4] as number)
  if (kind === undefined) return 'damaged'
  const next = offset + 4 + length
  if (bytes.length < next) return 'more'
  const payload = bytes.subarray(offset + entryHeaderBytes, next)
  return {
    entry: { kind, seq: bytes.readUIntBE(offset + 5, 6), atMs: bytes.readUIntBE(offset + 11, 6), payload },
    next,
  }
}
