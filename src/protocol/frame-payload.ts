/** Protocol: the common part of all decoders: the type byte chooses the reader, and a reader sees only its payload. */
import { misshapen, type Reading } from './members.ts'
import { decodeUtf8 } from './utf-8.ts'

/** Bytes that are no frame; the socket is closed with 4400. The reason is for the log and holds nothing of the bytes. */
export type BadFrame = { readonly type: 'bad'; readonly reason: string }

/** A type below 0x80 that this version does not know; it is ignored. */
export type UnknownFrame = { readonly type: 'unknown' }

/** The bytes after the type byte, and a view of them. */
export type Payload = { readonly bytes: Uint8Array; readonly view: DataView }

/** Reads the payload of one type. */
export type PayloadReader<Frame> = (payload: Payload) => Frame | BadFrame

/** Types from here on must be known; lower ones may be ignored. */
const firstStrictType = 0x80

/** Returns the frame by the reader of its type. The frame's bytes are a view of those given, not a copy. */
export function readFrame<Frame>(
  bytes: Uint8Array,
  readers: ReadonlyMap<number, PayloadReader<Frame>>,
): Frame | BadFrame | UnknownFrame {
  const [type] = bytes
  if (type === undefined) return bad('A frame is empty.')
  const read = readers.get(type)
  if (read !== undefined) return read(payloadOf(bytes))
  return type < firstStrictType ? { type: 'unknown' } : bad('A frame is of a type that must be known and is not.')
}

function payloadOf(bytes: Uint8Array): Payload {
  // Written out, because `subarray` of a subclass such as Buffer would return the subclass.
  const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1)
  return { bytes: payload, view: new DataView(payload.buffer, payload.byteOffset, payload.length) }
}

/** Returns the refusal of a frame. */
export function bad(reason: string): BadFrame {
  return { type: 'bad', reason }
}

/** Returns a reader of a payload with exactly this number of bytes. */
export function exactly<Frame>(length: number, read: PayloadReader<Frame>): PayloadReader<Frame> {
  return (payload) => (payload.bytes.length === length ? read(payload) : bad('A frame has not the length of its type.'))
}

/** Returns a reader of a payload with at least this number of bytes. */
export function atLeast<Frame>(length: number, read: PayloadReader<Frame>): PayloadReader<Frame> {
  return (payload) => (payload.bytes.length >= length ? read(payload) : bad('A frame is shorter than its head.'))
}

/** Returns a reader of a JSON payload with at most this number of bytes. */
export function json<Value, Frame>(
  limit: number,
  reading: Reading<Value>,
  make: (value: Value) => Frame,
): (payload: Payload) => Frame | BadFrame {
  return ({ bytes }) => {
    if (bytes.length > limit) return bad('A frame is longer than its type may be.')
    const parsed = parse(bytes)
    if (parsed === misshapen) return bad('A frame is no JSON text in UTF-8.')
    const value = reading(parsed)
    return value === misshapen ? bad('A frame has not the members of its type.') : make(value)
  }
}

function parse(bytes: Uint8Array): unknown {
  const decoded = decodeUtf8(bytes)
  if (decoded === null) return misshapen
  try {
    return JSON.parse(decoded)
  } catch (cause) {
    if (cause instanceof SyntaxError) return misshapen
    throw cause
  }
}

/** The reason for a number that cannot be held exactly. */
export const numberTooLarge: BadFrame = bad('A number is above 2^53 - 1.')
