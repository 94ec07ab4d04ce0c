/** Terminals: finds lines that a screen need not parse, because they scroll out before a client can see them. */
import { isAscii } from 'node:buffer'
import type { Terminal } from '@xterm/headless'
import { internalsOf, parserGround } from './xterm-internals.ts'

/** Fewer bytes are not worth the search. */
const leastBytes = 8 * 1024

const blockBytes = 4 * 1024

const bytesOf = {
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  shiftOut: 0x0e,
  shiftIn: 0x0f,
  escape: 0x1b,
  zero: 0x30,
  semicolon: 0x3b,
  eraseInLine: 0x4b,
  bracket: 0x5b,
  style: 0x6d,
  /** First byte of a two-byte character; those below U+00A0 are control characters. */
  leadsControl: 0xc2,
} as const

/** Bytes of text, and of control characters that change nothing but the cursor's place: tab, line feed, carriage return. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number((byte >= 0x20 && byte !== 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d),
)

/** Lines that need not be parsed; they start and end before the carriage return of a line's end. */
export type PassedOver = {
  readonly from: number
  readonly to: number
  /** The sequences among them that leave the same style. */
  readonly pens: Uint8Array
}

/**
 * Returns the last lines that leave nothing but a style after a number of further lines, which do follow; null: there
 * are none worth skipping. Lines are text with colours; the output neither starts nor ends inside a character.
 */
export function findPassedOver(output: Uint8Array, linesAfter: number): PassedOver | null {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.length)
  let lines = 0
  for (let at = bytes.length - 1; at >= leastBytes; at -= 1) {
    if (!isPlainAt(bytes, at)) lines = 0
    else if (bytes[at] === bytesOf.carriageReturn && bytes[at + 1] === bytesOf.lineFeed) lines += 1
    if (lines < linesAfter) continue
    const from = bytes.indexOf('\r\n', beginOfHarmless(bytes, at))
    if (at - from >= leastBytes) return { from, to: at, pens: pensOf(bytes, from, at) }
    at = from
    lines = 0
  }
  return null
}

/** Returns whether a terminal is in a state in which only the last lines count after enough have scrolled through. */
export function canPassOver(terminal: Terminal): boolean {
  const { _inputHandler: handler, buffers } = internalsOf(terminal)
  const { active, normal } = buffers
  const scrollsWhole = active.scrollTop === 0 && active.scrollBottom === terminal.rows - 1
  const isLinked = handler._curAttrData.extended.urlId !== 0
  return handler._parser.currentState === parserGround && active === normal && scrollsWhole && !isLinked
}

/** A control character of two bytes is no text, although its bytes could be parts of a character. */
function isPlainAt(bytes: Buffer, at: number): boolean {
  const byte = bytes[at] as number
  if (byte === bytesOf.escape) return endOfColour(bytes, at) > at
  if (byte < 0x80 || byte >= 0xa0) return plain[byte] === 1
  return bytes[at - 1] !== bytesOf.leadsControl
}

/** Returns the end of the sequence that starts there, if it chooses a style or erases in its line (SGR, EL); else its start. */
function endOfColour(bytes: Buffer, from: number): number {
  if (bytes[from + 1] !== bytesOf.bracket) return from
  let at = from + 2
  while ((bytes[at] ?? 0) >= bytesOf.zero && (bytes[at] ?? 0) <= bytesOf.semicolon) at += 1
  return bytes[at] === bytesOf.style || bytes[at] === bytesOf.eraseInLine ? at + 1 : from
}

/** Returns the starts of the blocks that leave nothing but a style, and end at an offset. */
function beginOfHarmless(bytes: Buffer, to: number): number {
  let from = to
  while (from > 0 && isHarmless(bytes, Math.max(0, from - blockBytes), from)) from = Math.max(0, from - blockBytes)
  return from
}

function isHarmless(bytes: Buffer, from: number, to: number): boolean {
  const block = bytes.subarray(from, to)
  if (block.includes(bytesOf.shiftOut) || block.includes(bytesOf.shiftIn)) return false
  for (const at of escapesIn(bytes, from, to)) if (endOfColour(bytes, at) === at) return false
  if (isAscii(block)) return true
  for (let at = from; at < to; at += 1) if ((bytes[at] as number) >= 0x80 && !isPlainAt(bytes, at)) return false
  return true
}

/** Returns the sequences between two offsets that choose a style, from the last one on that starts from the default. */
function pensOf(bytes: Buffer, from: number, to: number): Uint8Array {
  let pens: Buffer[] = []
  for (const at of escapesIn(bytes, from, to)) {
    const sequence = bytes.subarray(at, endOfColour(bytes, at))
    if (sequence.at(-1) !== bytesOf.style) continue
    const isReset = sequence.length === 3 || (sequence.length === 4 && sequence[2] === bytesOf.zero)
    if (isReset) pens = []
    pens.push(sequence)
  }
  return Buffer.concat(pens)
}

function* escapesIn(bytes: Buffer, from: number, to: number): Generator<number> {
  for (let at = bytes.indexOf(bytesOf.escape, from); at !== -1 && at < to; ) {
    yield at
    at = bytes.indexOf(bytesOf.escape, at + 1)
  }
}
