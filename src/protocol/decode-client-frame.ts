/** Protocol: decodes the frames of clients. It never throws, and what it returns is within every limit. */
import { clampSize, largestU32, longestInput, readSize, readU64 } from './frame-numbers.ts'
import {
  atLeast,
  type BadFrame,
  bad,
  exactly,
  json,
  numberTooLarge,
  type PayloadReader,
  readFrame,
} from './frame-payload.ts'
import { integer, misshapen, object, oneOf, ownMember, type Reading, text, truth, variants } from './members.ts'
import {
  type ClientFrame,
  type ControlRequest,
  clientFrameTypes,
  type Hello,
  type TerminalSize,
} from './terminal-frames.ts'

/** Most bytes of JSON in a HELLO: six numbers, and room for new members. */
const longestHello = 1024

/** Most bytes of JSON in a CONTROL: a message of 500 characters, each written as an escape. */
const longestControl = 4096

/** 1 to 500 visible characters, at least one of them no space; of the invisible ones, the joiners that scripts need. */
const messageText = /^(?=.*\S)[^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\u200c\u200d]]{1,500}$/v

const anyInteger = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

const helloShape = object<Pick<Hello, 'v' | 'cols' | 'rows'>>({
  v: (value) => (value === 1 ? 1 : misshapen),
  cols: sizeMember,
  rows: sizeMember,
})

const resumeShape = object<NonNullable<Hello['resume']>>({
  seq: integer(0, Number.MAX_SAFE_INTEGER),
  inputSeq: integer(0, largestU32),
})

const controlShapes: Readonly<Record<ControlRequest['action'], Reading<ControlRequest>>> = {
  present: object({ action: oneOf('present') }),
  visible: object({ action: oneOf('visible'), visible: truth }),
  end: object({ action: oneOf('end') }),
  message: object({ action: oneOf('message'), text: text(messageText) }),
  release: object({ action: oneOf('release') }),
  pause: object({ action: oneOf('pause') }),
  continue: object({ action: oneOf('continue') }),
  'confirm-paste': object({ action: oneOf('confirm-paste'), confirmed: truth }),
}

/** Returns a RESIZE with its sizes clamped to 2 to 1000; its payload is the same in both wire formats. */
export const readResize: PayloadReader<ClientFrame> = exactly(4, ({ view }) => {
  const { cols, rows }: TerminalSize = readSize(view, 0)
  return { type: 'resize', cols: clampSize(cols), rows: clampSize(rows) }
})

const readers: ReadonlyMap<number, PayloadReader<ClientFrame>> = new Map<number, PayloadReader<ClientFrame>>([
  [clientFrameTypes.hello, json(longestHello, readHello, (hello) => ({ type: 'hello', hello }))],
  [clientFrameTypes.input, atLeast(4, readInput)],
  [clientFrameTypes.resize, readResize],
  [clientFrameTypes.ack, exactly(8, ({ view }) => withU64(view, (seq) => ({ type: 'ack', seq })))],
  [clientFrameTypes.ping, exactly(8, ({ view }) => withU64(view, (clientTs) => ({ type: 'ping', clientTs })))],
  [clientFrameTypes.resync, exactly(0, () => ({ type: 'resync' }))],
  [
    clientFrameTypes.control,
    json(longestControl, variants('action', controlShapes), (control) => ({ type: 'control', control })),
  ],
  [clientFrameTypes.bye, exactly(0, () => ({ type: 'bye' }))],
])

/** Returns the frame of a client, or why the bytes are none. Its `bytes` are a view of those given. */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame | BadFrame {
  return readFrame(bytes, readers)
}

/** Returns why input is rejected; null: it is not. */
export function inputFault(bytes: Uint8Array): BadFrame | null {
  return bytes.length > longestInput ? bad('An input is longer than 64 KiB.') : null
}

function readHello(value: unknown): Hello | typeof misshapen {
  const hello = helloShape(value)
  if (hello === misshapen) return misshapen
  const given = ownMember(value as object, 'resume')
  if (given === undefined) return hello
  const resume = resumeShape(given)
  return resume === misshapen ? misshapen : { ...hello, resume }
}

function sizeMember(value: unknown): number | typeof misshapen {
  const whole = anyInteger(value)
  return whole === misshapen ? misshapen : clampSize(whole)
}

function readInput({ bytes, view }: { readonly bytes: Uint8Array; readonly view: DataView }): ClientFrame | BadFrame {
  const inputSeq = view.getUint32(0)
  if (inputSeq === 0) return bad('Inputs are numbered from 1.')
  const input = bytes.subarray(4)
  return inputFault(input) ?? { type: 'input', inputSeq, bytes: input }
}

function withU64(view: DataView, make: (value: number) => ClientFrame): ClientFrame | BadFrame {
  const value = readU64(view, 0)
  return value === null ? numberTooLarge : make(value)
}
