/** Protocol: encodes the frames of `pty.v1`; the decoders read what is written here. */
import { writeSize, writeU32, writeU64 } from './frame-numbers.ts'
import {
  type ClientFrame,
  clientFrameTypes,
  type FlowState,
  type ServerFrame,
  serverFrameTypes,
} from './terminal-frames.ts'
import { encodeUtf8 } from './utf-8.ts'

/** Byte 1 of a FLOW frame. */
export const flowStates: readonly FlowState[] = ['live', 'behind', 'paused']

/** Bytes before the output in an OUTPUT frame. */
export const outputHeadBytes = 9

type Draft = { readonly bytes: Uint8Array<ArrayBuffer>; readonly view: DataView }

/**
 * Returns an OUTPUT frame: the one copy of the output that all clients share.
 *
 * @throws RangeError if `seq` is not a whole number from 0 to 2^53 - 1.
 */
export function encodeOutput(seq: number, output: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(outputHeadBytes + output.length)
  writeOutputHead(bytes, seq)
  bytes.set(output, outputHeadBytes)
  return bytes
}

/**
 * Writes the head of an OUTPUT frame before output that has {@link outputHeadBytes} of room in front.
 *
 * @throws RangeError if `seq` is not a whole number from 0 to 2^53 - 1.
 */
export function writeOutputHead(frame: Uint8Array, seq: number): void {
  frame[0] = serverFrameTypes.output
  writeU64(new DataView(frame.buffer, frame.byteOffset, outputHeadBytes), 1, seq)
}

/**
 * Returns the bytes of a frame for a client.
 *
 * @throws RangeError if a number is not in its range.
 */
export function encodeServerFrame(frame: ServerFrame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'output':
      return encodeOutput(frame.seq, frame.bytes)
    case 'snapshot':
      return encodeSnapshot(frame)
    case 'size':
      return encodeSizeChange(frame)
    case 'exit':
      return encodeExit(frame)
    case 'pong':
      return encodeU64(serverFrameTypes.pong, frame.clientTs)
    case 'inputAck':
      return encodeInputAck(frame.inputSeq)
    case 'flow':
      return encodeFlow(frame)
    case 'event':
      return encodeJson(serverFrameTypes.event, frame.event)
    case 'welcome':
      return encodeJson(serverFrameTypes.welcome, frame.welcome)
    case 'error':
      return encodeJson(serverFrameTypes.error, frame.error)
  }
}

/**
 * Returns the bytes of a frame for the gateway.
 *
 * @throws RangeError if a number is not in its range.
 */
export function encodeClientFrame(frame: Exclude<ClientFrame, { type: 'unknown' }>): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'hello':
      return encodeJson(clientFrameTypes.hello, frame.hello)
    case 'input':
      return encodeInput(frame.inputSeq, frame.bytes)
    case 'resize':
      return encodeResize(frame)
    case 'ack':
      return encodeU64(clientFrameTypes.ack, frame.seq)
    case 'ping':
      return encodeU64(clientFrameTypes.ping, frame.clientTs)
    case 'resync':
      return draft(clientFrameTypes.resync, 1).bytes
    case 'control':
      return encodeJson(clientFrameTypes.control, frame.control)
    case 'bye':
      return draft(clientFrameTypes.bye, 1).bytes
  }
}

function encodeSnapshot(frame: ServerFrame & { type: 'snapshot' }): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(serverFrameTypes.snapshot, 13 + frame.bytes.length)
  writeSize(view, 1, frame)
  writeU64(view, 5, frame.seq)
  bytes.set(frame.bytes, 13)
  return bytes
}

function encodeSizeChange(frame: ServerFrame & { type: 'size' }): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(serverFrameTypes.size, 13)
  writeU64(view, 1, frame.seq)
  writeSize(view, 9, frame)
  return bytes
}

function encodeExit(frame: ServerFrame & { type: 'exit' }): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(serverFrameTypes.exit, 14)
  if ((frame.code | 0) !== frame.code) throw new RangeError('An exit code is an i32.')
  if ((frame.signal & 0xff) !== frame.signal) throw new RangeError('A signal is a u8.')
  view.setInt32(1, frame.code)
  view.setUint8(5, frame.signal)
  writeU64(view, 6, frame.finalSeq)
  return bytes
}

function encodeInputAck(inputSeq: number): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(serverFrameTypes.inputAck, 5)
  writeU32(view, 1, inputSeq)
  return bytes
}

function encodeFlow(frame: ServerFrame & { type: 'flow' }): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(serverFrameTypes.flow, 10)
  view.setUint8(1, flowStates.indexOf(frame.state))
  writeU64(view, 2, frame.seq)
  return bytes
}

function encodeInput(inputSeq: number, input: Uint8Array): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(clientFrameTypes.input, 5 + input.length)
  writeU32(view, 1, inputSeq)
  bytes.set(input, 5)
  return bytes
}

function encodeResize(frame: ClientFrame & { type: 'resize' }): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(clientFrameTypes.resize, 5)
  writeSize(view, 1, frame)
  return bytes
}

function encodeU64(type: number, value: number): Uint8Array<ArrayBuffer> {
  const { bytes, view } = draft(type, 9)
  writeU64(view, 1, value)
  return bytes
}

function encodeJson(type: number, value: object): Uint8Array<ArrayBuffer> {
  const payload = encodeUtf8(JSON.stringify(value))
  const { bytes } = draft(type, 1 + payload.length)
  bytes.set(payload, 1)
  return bytes
}

function draft(type: number, length: number): Draft {
  const bytes = new Uint8Array(length)
  bytes[0] = type
  return { bytes, view: new DataView(bytes.buffer) }
}
