/**
 * Protocol: the wire format of the original browser-SSH proxy, for clients that do not offer `pty.v1`: binary, byte 0
 * is the opcode. Opcodes and their direction are the original's; payloads that it does not define are our choice.
 */
import { inputFault, readResize } from './decode-client-frame.ts'
import { type BadFrame, type Payload, type PayloadReader, readFrame } from './frame-payload.ts'
import type {
  ClientFrame,
  ErrorNotice,
  ParticipantView,
  ServerFrame,
  TerminalEvent,
  Welcome,
} from './terminal-frames.ts'
import { encodeUtf8 } from './utf-8.ts'

/** Byte 0 of the original client's frames; 11, 20 and 21 (sudo) are not offered. */
const originalClientOpcodes = { input: 0x00, resize: 0x10, close: 0x12, endSession: 0x18 } as const

/** Byte 0 of the frames to the original's client. */
const originalServerOpcodes = {
  output: 0x01,
  warn: 0x05,
  broadcast: 0x06,
  sessionEvent: 0x07,
  normalClose: 0x13,
  errorClose: 0x14,
  connected: 0x15,
  windowOver: 0x16,
  windowWarning: 0x17,
  noActiveObserver: 0x19,
  idleOver: 0x1a,
  idleWarning: 0x1b,
  connections: 0x1c,
  parseError: 0xff,
} as const

type Opcode = keyof typeof originalServerOpcodes

/** RIS, full reset (ECMA-48 section 8.3.105): the original has no snapshot, so one is sent as output after a reset. */
const fullReset = new Uint8Array([0x1b, 0x63])

const readers: ReadonlyMap<number, PayloadReader<ClientFrame>> = new Map<number, PayloadReader<ClientFrame>>([
  [originalClientOpcodes.input, readInput],
  [originalClientOpcodes.resize, readResize],
  [originalClientOpcodes.close, () => ({ type: 'bye' })],
  [originalClientOpcodes.endSession, () => ({ type: 'control', control: { action: 'end' } })],
])

/**
 * Returns the frame of an original client, or why the bytes are none; its inputs have no number and get 0.
 *
 * A bad frame is answered with `encodeOriginalParseError`.
 */
export function decodeOriginalFrame(bytes: Uint8Array): ClientFrame | BadFrame {
  return readFrame(bytes, readers)
}

/** Returns the answer to bytes that are no frame of the original. */
export function encodeOriginalParseError({ reason }: BadFrame): Uint8Array<ArrayBuffer> {
  return textFrame('parseError', reason)
}

/** Returns an output frame: the one copy of the output that all clients with the original's format share. */
export function encodeOriginalOutput(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 1))
  bytes[0] = originalServerOpcodes.output
  let at = 1
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Returns the original's frames for a frame: none, one or two, in the order in which they are sent. */
export function encodeForOriginal(frame: ServerFrame): readonly Uint8Array<ArrayBuffer>[] {
  switch (frame.type) {
    case 'output':
      return [encodeOriginalOutput(frame.bytes)]
    case 'snapshot':
      return [encodeOriginalOutput(fullReset, frame.bytes)]
    case 'exit':
      return [textFrame('normalClose', `The shell has ended with status ${frame.code}.`)]
    case 'event':
      return encodeEvent(frame.event)
    case 'welcome':
      return encodeWelcome(frame.welcome)
    case 'error':
      return [textFrame(closeOpcode(frame.error), frame.error.message)]
    case 'size':
    case 'pong':
    case 'inputAck':
    case 'flow':
      return []
  }
}

function encodeWelcome({ ptySessionId, participants }: Welcome): readonly Uint8Array<ArrayBuffer>[] {
  return [textFrame('connected', ptySessionId), connectionList(participants)]
}

function encodeEvent(event: TerminalEvent): readonly Uint8Array<ArrayBuffer>[] {
  switch (event.kind) {
    case 'joined':
    case 'left':
      return [textFrame('sessionEvent', attendanceText(event)), connectionList(event.participants)]
    case 'presence':
    case 'notice':
      return [textFrame('warn', event.sentence)]
    case 'warning':
      return [encodeWarning(event)]
    case 'blocked':
      return [textFrame(isUnwatched(event.why) ? 'noActiveObserver' : 'warn', event.sentence)]
    case 'unblocked':
    case 'active':
      return []
    case 'message':
      return [textFrame('broadcast', `${event.from.username}: ${event.text}`)]
  }
}

function attendanceText({ kind, participant }: TerminalEvent & { kind: 'joined' | 'left' }): string {
  return kind === 'joined' ? `${participant.username} joined as ${participant.role}` : `${participant.username} left`
}

function isUnwatched(why: (TerminalEvent & { kind: 'blocked' })['why']): boolean {
  return why === 'observers-missing' || why === 'presence-missing'
}

/** The original sends minutes of the window and seconds of idleness; that they are decimal text is our choice. */
function encodeWarning({ what, secondsLeft, sentence }: TerminalEvent & { kind: 'warning' }): Uint8Array<ArrayBuffer> {
  if (what === 'window') return textFrame('windowWarning', String(Math.ceil(secondsLeft / 60)))
  if (what === 'idle') return textFrame('idleWarning', String(Math.ceil(secondsLeft)))
  return textFrame('warn', sentence)
}

function closeOpcode({ code }: ErrorNotice): Opcode {
  if (code === 'window-over') return 'windowOver'
  return code === 'idle' ? 'idleOver' : 'errorClose'
}

/** A comma in a username would end it in the list, so it is percent-encoded (our choice). */
function connectionList(participants: readonly ParticipantView[]): Uint8Array<ArrayBuffer> {
  const entries = participants.map(({ role, username }) => `${role}:${username.replace(/[%,]/g, percentEncoded)}`)
  return textFrame('connections', entries.join(','))
}

function percentEncoded(character: string): string {
  return character === ',' ? '%2C' : '%25'
}

function textFrame(opcode: Opcode, text: string): Uint8Array<ArrayBuffer> {
  const payload = encodeUtf8(text)
  const bytes = new Uint8Array(1 + payload.length)
  bytes[0] = originalServerOpcodes[opcode]
  bytes.set(payload, 1)
  return bytes
}

function readInput({ bytes }: Payload): ClientFrame | BadFrame {
  return inputFault(bytes) ?? { type: 'input', inputSeq: 0, bytes }
}
