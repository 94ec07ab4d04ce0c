/** Protocol: UTF-8 (RFC 3629) without a runtime's types; malformed bytes are never repaired. */

/** 8,192 units at once: far below the limit of a call's arguments. */
const unitsAtOnce = 8192

/** Returns the UTF-8 bytes of a text; a lone surrogate becomes U+FFFD, as with TextEncoder. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(3 * text.length)
  let length = 0
  for (const character of text) length = putCodePoint(bytes, length, character.codePointAt(0) ?? 0)
  return bytes.slice(0, length)
}

/** The first bits of a character with no, one, two and three following bytes. */
const leadBits = [0, 0xc0, 0xe0, 0xf0]

function putCodePoint(bytes: Uint8Array, at: number, given: number): number {
  const codePoint = given >= 0xd800 && given <= 0xdfff ? 0xfffd : given
  if (codePoint < 0x80) {
    bytes[at] = codePoint
    return at + 1
  }
  const following = codePoint < 0x800 ? 1 : codePoint < 0x10000 ? 2 : 3
  bytes[at] = (leadBits[following] ?? 0) | (codePoint >> (6 * following))
  for (let index = 1; index <= following; index += 1) {
    bytes[at + index] = 0x80 | ((codePoint >> (6 * (following - index))) & 0x3f)
  }
  return at + 1 + following
}

/** Returns the text of UTF-8 bytes; null: they are malformed, overlong, a surrogate or beyond U+10FFFF. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let text = ''
  let units: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const following = followingOf(bytes[at] ?? 0)
    const codePoint = following === null ? null : takeCodePoint(bytes, at, following)
    if (following === null || codePoint === null) return null
    if (codePoint < 0x10000) units.push(codePoint)
    else units.push(0xd7c0 + (codePoint >> 10), 0xdc00 | (codePoint & 0x3ff))
    at += 1 + following
    if (units.length >= unitsAtOnce) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return text + String.fromCharCode(...units)
}

function followingOf(first: number): number | null {
  if (first < 0x80) return 0
  if (first < 0xc2) return null
  if (first < 0xe0) return 1
  if (first < 0xf0) return 2
  return first < 0xf5 ? 3 : null
}

/** The least code point that needs one, two and three following bytes. */
const leastCodePoints = [0, 0x80, 0x800, 0x10000]

function takeCodePoint(bytes: Uint8Array, at: number, following: number): number | null {
  const first = bytes[at] ?? 0
  if (following === 0) return first
  let codePoint = first & (0x3f >> following)
  for (let index = 1; index <= following; index += 1) {
    const next = bytes[at + index] ?? 0
    if ((next & 0xc0) !== 0x80) return null
    codePoint = (codePoint << 6) | (next & 0x3f)
  }
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff
  const isTaken = codePoint >= (leastCodePoints[following] ?? 0) && codePoint <= 0x10ffff && !isSurrogate
  return isTaken ? codePoint : null
}
