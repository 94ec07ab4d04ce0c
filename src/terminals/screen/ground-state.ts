/** Terminals: finds the places between two control sequences and two characters; agrees with xterm.js byte by byte. */

import { isAscii } from 'node:buffer'

/** States of the parser of ECMA-48 and DEC sequences; from `passedOver` on, the screen changes only after the end. */
const ground = 0
const escaped = 1
const escapeIntermediate = 2
const csiEntry = 3
const csiParameter = 4
const csiIntermediate = 5
const csiIgnored = 6
const passedOver = 7
const osc = 8
const dcsEntry = 9
const dcsParameter = 10
const dcsIgnored = 11
const dcsIntermediate = 12
const dcsData = 13
const states = 14

/** All characters from U+00A0 on are one class. */
const printable = 0xa0
const classes = printable + 1

/** The next state by state and class of character; a missing pair is an error, which ends the sequence. */
const transitions = buildTransitions()

function buildTransitions(): Uint8Array {
  const table = new Uint8Array(states * classes).fill(ground)
  const go = (from: readonly number[], [first, last]: readonly [number, number], to: number): void => {
    for (const state of from) table.fill(to, state * classes + first, state * classes + last + 1)
  }
  const csi = [csiEntry, csiParameter, csiIntermediate, csiIgnored]
  const dcs = [dcsEntry, dcsParameter, dcsIgnored, dcsIntermediate, dcsData]
  const sequences = [escaped, escapeIntermediate, ...csi, passedOver, osc, ...dcs]
  for (const state of sequences) {
    go([state], [0x00, 0x1f], state)
    go([state], [0x7f, 0x7f], state)
  }
  go([escaped, escapeIntermediate], [0x20, 0x2f], escapeIntermediate)
  go([escaped], [0x50, 0x50], dcsEntry)
  go([escaped], [0x5b, 0x5b], csiEntry)
  go([escaped], [0x5d, 0x5d], osc)
  for (const final of [0x58, 0x5e, 0x5f]) go([escaped], [final, final], passedOver)

  go([csiEntry, csiParameter, csiIntermediate], [0x20, 0x2f], csiIntermediate)
  go([csiEntry, csiParameter], [0x30, 0x3b], csiParameter)
  go([csiEntry], [0x3c, 0x3f], csiParameter)
  go([csiParameter], [0x3c, 0x3f], csiIgnored)
  go([csiIntermediate], [0x30, 0x3f], csiIgnored)
  go([csiIgnored], [0x20, 0x3f], csiIgnored)
  go([csiIgnored], [printable, printable], csiIgnored)

  go([dcsEntry, dcsParameter, dcsIntermediate], [0x20, 0x2f], dcsIntermediate)
  go([dcsEntry, dcsParameter], [0x30, 0x3b], dcsParameter)
  go([dcsEntry], [0x3c, 0x3f], dcsParameter)
  go([dcsParameter], [0x3c, 0x3f], dcsIgnored)
  go([dcsIntermediate], [0x30, 0x3f], dcsIgnored)
  go([dcsEntry, dcsParameter, dcsIntermediate], [0x40, 0x7e], dcsData)

  for (const state of [passedOver, osc, dcsIgnored, dcsData]) go([state], [0x20, 0x7f], state)
  for (const state of [osc, dcsIgnored, dcsData]) go([state], [printable, printable], state)
  go([osc], [0x07, 0x07], ground)

  const anywhere = [ground, ...sequences]
  for (const abort of [0x18, 0x1a]) go(anywhere, [abort, abort], ground)
  go(anywhere, [0x1b, 0x1b], escaped)
  go(anywhere, [0x90, 0x90], dcsEntry)
  go(anywhere, [0x9b, 0x9b], csiEntry)
  go(anywhere, [0x9d, 0x9d], osc)
  for (const string of [0x98, 0x9e, 0x9f]) go(anywhere, [string, string], passedOver)
  return table
}

/** Returns how many bytes follow a first byte of UTF-8 (RFC 3629 section 3); 0: it starts no character. */
function bytesToCome(byte: number): number {
  if (byte >= 0xc0 && byte < 0xe0) return 1
  if (byte >= 0xe0 && byte < 0xf0) return 2
  return byte >= 0xf0 && byte < 0xf8 ? 3 : 0
}

/** The smallest character of each length; a smaller one was encoded too long and is dropped. */
const smallest = [0, 0x80, 0x800, 0x10000] as const

const beginsSequence = 0x1b

/** Bytes of text from which it is checked by the block. */
const longText = 256

const blockBytes = 4 * 1024

/** Returns the end of the text that starts at an offset; ASCII control characters count as text. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = endOfShortText(bytes, from, Math.min(from + longText, bytes.length))
  if (at < from + longText) return at
  while (at + blockBytes <= bytes.length && isText(bytes.subarray(at, at + blockBytes))) at += blockBytes
  return endOfShortText(bytes, at, bytes.length)
}

function endOfShortText(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && (bytes[at] as number) < 0x80 && bytes[at] !== beginsSequence) at += 1
  return at
}

function isText(block: Uint8Array): boolean {
  return isAscii(block) && !block.includes(beginsSequence)
}

/** Follows output byte by byte. */
export class GroundState {
  #state = ground
  /** The character that has begun: bytes to come, bytes after its first, and its bits so far. */
  #missing = 0
  #following = 0
  #bits = 0

  /** True between two sequences and between two characters. */
  get isGround(): boolean {
    return this.#state === ground && this.#missing === 0
  }

  /** True inside a string that has no effect before its end, however long it grows: OSC, DCS, APC, PM, SOS. */
  get isInString(): boolean {
    return this.#state >= passedOver
  }

  /** Takes the next bytes, and returns after how many of them the last safe place was; 0: none. */
  scan(bytes: Uint8Array): number {
    let last = 0
    let at = 0
    while (at < bytes.length) {
      if (this.isGround) {
        at = endOfText(bytes, at)
        last = at
        if (at === bytes.length) break
      }
      const byte = bytes[at] as number
      if (this.#missing > 0 || byte >= 0x80) this.#takeUtf8(byte)
      else this.#state = transitions[this.#state * classes + byte] as number
      at += 1
      if (this.isGround) last = at
    }
    return last
  }

  #takeUtf8(byte: number): void {
    if (this.#missing > 0 && (byte & 0xc0) === 0x80) {
      this.#bits = (this.#bits << 6) | (byte & 0x3f)
      this.#missing -= 1
      if (this.#missing === 0) this.#takeCharacter(this.#bits)
      return
    }
    // A character that breaks off is dropped; the byte that breaks it counts.
    this.#following = bytesToCome(byte)
    this.#missing = this.#following
    this.#bits = byte & (0x3f >> this.#following)
    if (byte < 0x80) this.#state = transitions[this.#state * classes + byte] as number
  }

  #takeCharacter(character: number): void {
    const isSurrogate = character >= 0xd800 && character <= 0xdfff
    const isDropped = character < (smallest[this.#following] as number) || character > 0x10ffff || isSurrogate
    // The byte order mark is dropped too: otherwise it would end a sequence.
    if (isDropped || character === 0xfeff) return
    this.#state = transitions[this.#state * classes + Math.min(character, printable)] as number
  }
}
