/** Terminals: decodes the bytes of a terminal into keys. Pure; any bytes, cut anywhere, give keys and nothing else. */

/** The effect of a key in the line editor; `answer` is an automatic answer of a terminal emulator. */
export type KeyName =
  | 'line-end'
  | 'interrupt'
  | 'end-of-input'
  | 'backspace'
  | 'delete'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'older'
  | 'newer'
  | 'erase-line'
  | 'erase-word'
  | 'complete'
  | 'repaint'
  | 'paste-begin'
  | 'paste-end'
  | 'answer'
  | 'unknown'

/** One key: a printable ASCII character, or an action. */
export type Key = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'press'; readonly name: KeyName }

/** The decoder's place within a sequence. */
export type Decoder = {
  readonly mode: 'ground' | 'escape' | 'control' | 'single-shift' | 'string'
  /** Parameter and intermediate bytes of a control sequence so far. */
  readonly parameters: string
  /** The last byte was CR: LF after it is the same line end. */
  readonly isAfterReturn: boolean
}

/** The decoder between keys. */
export const ground: Decoder = { mode: 'ground', parameters: '', isAfterReturn: false }

/** Most bytes of parameters of a control sequence; a longer one is ignored. */
const parameterLength = 32

/** Control characters; all others are dropped. */
const controls: ReadonlyMap<number, KeyName> = new Map([
  [0x01, 'home'],
  [0x02, 'left'],
  [0x03, 'interrupt'],
  [0x04, 'end-of-input'],
  [0x05, 'end'],
  [0x06, 'right'],
  [0x08, 'backspace'],
  [0x09, 'complete'],
  [0x0a, 'line-end'],
  [0x0c, 'repaint'],
  [0x0d, 'line-end'],
  [0x0e, 'newer'],
  [0x10, 'older'],
  [0x15, 'erase-line'],
  [0x17, 'erase-word'],
  [0x7f, 'backspace'],
])

/** Control sequences (ECMA-48 section 5.4) and single shifts by what follows their introducer. */
const sequences: ReadonlyMap<string, KeyName> = new Map([
  ['A', 'older'],
  ['B', 'newer'],
  ['C', 'right'],
  ['D', 'left'],
  ['H', 'home'],
  ['F', 'end'],
  ['1~', 'home'],
  ['7~', 'home'],
  ['4~', 'end'],
  ['8~', 'end'],
  ['3~', 'delete'],
  ['200~', 'paste-begin'],
  ['201~', 'paste-end'],
])

/** Automatic answers of terminals: device attributes, positions, states, sizes, focus, mouse. */
const answers = /^(?:[?>=]?[\d;]*c|\??[\d;]+[Rn]|\??[\d;]+\$y|[\d;]+t|[IO]|<[\d;]+[Mm])$/

/** Returns the keys that the bytes complete, and the new state of the decoder. */
export function decodeKeys(
  decoder: Decoder,
  bytes: Uint8Array,
): { readonly decoder: Decoder; readonly keys: readonly Key[] } {
  const keys: Key[] = []
  let now = decoder
  for (const byte of bytes) {
    const step = take(now, byte)
    now = step.next
    if (step.key !== null) keys.push(step.key)
  }
  return { decoder: now, keys }
}

type Step = { readonly next: Decoder; readonly key: Key | null }

function take(decoder: Decoder, byte: number): Step {
  // A control character ends any sequence, so that no sequence can block the editor.
  if (byte === 0x1b) return within('escape')
  if (decoder.mode === 'string' && (byte === 0x07 || byte >= 0x20))
    return byte === 0x07 ? pressed('answer') : { next: decoder, key: null }
  if (decoder.mode === 'ground' || byte < 0x20 || byte === 0x7f) return takeGround(decoder, byte)
  if (byte >= 0x80) return pressed('unknown')
  if (decoder.mode === 'escape') return takeEscape(byte)
  const text = decoder.parameters + String.fromCharCode(byte)
  if (decoder.mode === 'single-shift') return pressed(sequences.get(text) ?? 'unknown')
  if (byte >= 0x40) return pressed(sequences.get(text) ?? (answers.test(text) ? 'answer' : 'unknown'))
  return within('control', text.slice(0, parameterLength))
}

function takeGround({ isAfterReturn }: Decoder, byte: number): Step {
  if (byte === 0x0a && isAfterReturn) return { next: ground, key: null }
  if (byte === 0x0d) return { next: { ...ground, isAfterReturn: true }, key: { kind: 'press', name: 'line-end' } }
  if (byte >= 0x20 && byte < 0x7f) return { next: ground, key: { kind: 'text', text: String.fromCharCode(byte) } }
  return pressed(controls.get(byte) ?? 'unknown')
}

function takeEscape(byte: number): Step {
  const introducer = String.fromCharCode(byte)
  if (introducer === '[') return within('control')
  if (introducer === 'O') return within('single-shift')
  if (']PX^_'.includes(introducer)) return within('string')
  // The end of a string of the terminal; anything else that follows is a key with Alt.
  return pressed(introducer === '\\' ? 'answer' : 'unknown')
}

function within(mode: Decoder['mode'], parameters = ''): Step {
  return { next: { mode, parameters, isAfterReturn: false }, key: null }
}

function pressed(name: KeyName): Step {
  return { next: ground, key: { kind: 'press', name } }
}
