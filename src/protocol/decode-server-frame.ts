/** Protocol: decodes the frames of the gateway. It never throws, and a returned frame is complete. */
import { flowStates } from './encode-frame.ts'
import { isSize, readSize, readU64 } from './frame-numbers.ts'
import {
  atLeast,
  type BadFrame,
  bad,
  exactly,
  json,
  numberTooLarge,
  type Payload,
  type PayloadReader,
  readFrame,
  type UnknownFrame,
} from './frame-payload.ts'
import { type ServerFrame, serverFrameTypes } from './terminal-frames.ts'
import { errorShape, readEvent, welcomeShape } from './terminal-shapes.ts'

/** JSON of the gateway is as long as its list of participants; the socket's own limit bounds it. */
const noLimit = Number.POSITIVE_INFINITY

const sizeRefused = bad('Columns or rows are not from 2 to 1000.')

const readers: ReadonlyMap<number, PayloadReader<ServerFrame | UnknownFrame>> = new Map<
  number,
  PayloadReader<ServerFrame | UnknownFrame>
>([
  [serverFrameTypes.output, atLeast(8, readOutput)],
  [serverFrameTypes.snapshot, atLeast(12, readSnapshot)],
  [serverFrameTypes.size, exactly(12, readSizeChange)],
  [serverFrameTypes.exit, exactly(13, readExit)],
  [serverFrameTypes.pong, exactly(8, ({ view }) => withU64(view, 0, (clientTs) => ({ type: 'pong', clientTs })))],
  [serverFrameTypes.inputAck, exactly(4, ({ view }) => ({ type: 'inputAck', inputSeq: view.getUint32(0) }))],
  [serverFrameTypes.flow, exactly(9, readFlow)],
  [
    serverFrameTypes.event,
    json(noLimit, readEvent, (event) => (event === 'unknown' ? { type: 'unknown' } : { type: 'event', event })),
  ],
  [serverFrameTypes.welcome, json(noLimit, welcomeShape, (welcome) => ({ type: 'welcome', welcome }))],
  [serverFrameTypes.error, json(noLimit, errorShape, (error) => ({ type: 'error', error }))],
])

/** Returns the frame of the gateway, or why the bytes are none. Its `bytes` are a view of those given. */
export function decodeServerFrame(bytes: Uint8Array): ServerFrame | UnknownFrame | BadFrame {
  return readFrame(bytes, readers)
}

function readOutput({ bytes, view }: Payload): ServerFrame | BadFrame {
  return withU64(view, 0, (seq) => ({ type: 'output', seq, bytes: bytes.subarray(8) }))
}

function readSnapshot({ bytes, view }: Payload): ServerFrame | BadFrame {
  const size = readSize(view, 0)
  if (!isSize(size)) return sizeRefused
  return withU64(view, 4, (seq) => ({ type: 'snapshot', ...size, seq, bytes: bytes.subarray(12) }))
}

function readSizeChange({ view }: Payload): ServerFrame | BadFrame {
  const size = readSize(view, 8)
  return isSize(size) ? withU64(view, 0, (seq) => ({ type: 'size', seq, ...size })) : sizeRefused
}

function readExit({ view }: Payload): ServerFrame | BadFrame {
  const [code, signal] = [view.getInt32(0), view.getUint8(4)]
  return withU64(view, 5, (finalSeq) => ({ type: 'exit', code, signal, finalSeq }))
}

function readFlow({ view }: Payload): ServerFrame | BadFrame {
  const state = flowStates[view.getUint8(0)]
  if (state === undefined) return bad('A state of flow is not known.')
  return withU64(view, 1, (seq) => ({ type: 'flow', state, seq }))
}

function withU64(view: DataView, at: number, make: (value: number) => ServerFrame): ServerFrame | BadFrame {
  const value = readU64(view, at)
  return value === null ? numberTooLarge : make(value)
}
