/** Terminals: finds lines that a screen need not parse, because they scroll out of it before anybody can see them. */
import { isAscii } from 'node:buffer'
import type { Terminal } from '@xterm/headless'
import { internalsOf, parserGround } from './xterm-internals.ts'

/** Fewer bytes are not worth a look. */
const leastBytes = 8 * 1024

const blockBytes = 4 * 1024

const lineFeed = 0x0a
const carriageReturn = 0x0d
/** First byte of a two-byte character; those below U+00A0 are control characters. */
const leadsControl = 0xc2

/** What text must not hold to leave nothing behind but text: the beginning of sequences, and shifts between character sets. */
const lasting = [0x1b, 0x0e, 0x0f] as const

/** Bytes of text, and of control characters that change nothing but the cursor's place: tab, line feed, carriage return. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number((byte >= 0x20 && byte !== 0x7f) || byte === 0x09 || byte === lineFeed || byte === carriageReturn),
)

/** A stretch of bytes; it begins and ends before the carriage return of a line's end. */
export type Stretch = { readonly from: number; readonly to: number }

/**
 * Returns the last stretch of lines that leave nothing behind once so many plain lines follow, and they do; null where there
 * is none that is worth it. Neither end of the output is in the middle of a character.
 */
export function findPassedOver(output: Uint8Array, linesAfter: number): Stretch | null {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.length)
  let lines = 0
  for (let at = bytes.length - 1; at >= leastBytes; at -= 1) {
    if (!isPlainAt(bytes, at)) lines = 0
    else if (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed) lines += 1
    if (lines < linesAfter) continue
    const from = bytes.indexOf('\r\n', beginOfHarmless(bytes, at))
    if (at - from >= leastBytes) return { from, to: at }
    at = from
    lines = 0
  }
  return null
}

/** Tells whether a terminal is one that plain lines change only by their last ones, once enough have scrolled it through. */
export function isPassable(terminal: Terminal): boolean {
  const { _inputHandler: handler, buffers } = internalsOf(terminal)
  const { active, normal } = buffers
  const scrollsWhole = active.scrollTop === 0 && active.scrollBottom === terminal.rows - 1
  const isLinked = handler._curAttrData.extended.urlId !== 0
  return handler._parser.currentState === parserGround && active === normal && scrollsWhole && !isLinked
}

/** A control character of two bytes is no text, though each of its bytes could be one of a character. */
function isPlainAt(bytes: Buffer, at: number): boolean {
  const byte = bytes[at] as number
  if (byte < 0x80 || byte >= 0xa0) return plain[byte] === 1
  return bytes[at - 1] !== leadsControl
}

/** Returns where the blocks begin that leave nothing behind and end at an offset. */
function beginOfHarmless(bytes: Buffer, to: number): number {
  let from = to
  while (from > 0 && isHarmless(bytes, Math.max(0, from - blockBytes), from)) from = Math.max(0, from - blockBytes)
  return from
}

function isHarmless(bytes: Buffer, from: number, to: number): boolean {
  const block = bytes.subarray(from, to)
  if (lasting.some((byte) => block.includes(byte))) return false
  if (isAscii(block)) return true
  for (let at = from; at < to; at += 1) if ((bytes[at] as number) >= 0x80 && !isPlainAt(bytes, at)) return false
  return true
}
