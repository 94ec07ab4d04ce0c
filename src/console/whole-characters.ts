/** Console: passes output on in whole UTF-8 characters; xterm.js 6 loses some characters that are cut between two writes. */

/** Holds back the start of a character until the rest comes; at most three bytes, and nothing is lost or changed. */
export class WholeCharacters {
  #held: Uint8Array = new Uint8Array(0)

  /** Returns what may be shown now: what was held back, and everything except an unfinished character at the end. */
  take(bytes: Uint8Array): Uint8Array {
    const all = this.#held.length === 0 ? bytes : joined(this.#held, bytes)
    const end = all.length - unfinishedBytes(all)
    this.#held = all.slice(end)
    return all.subarray(0, end)
  }

  /** Forgets what is held back. */
  reset(): void {
    this.#held = new Uint8Array(0)
  }
}

/** Returns the length of an unfinished character at the end (RFC 3629 section 3). */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    return back < lengthOf(byte) ? back : 0
  }
  return 0
}

function lengthOf(first: number): number {
  if (first >= 0xf0) return 4
  return first >= 0xe0 ? 3 : 2
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length)
  all.set(one)
  all.set(other, one.length)
  return all
}
