/** Cli: separates a terminal's escape sequences, which are its answers and function keys, from typed text. Pure. */

const escapeByte = 0x1b
const bell = 0x07
const [bracket, letterO, letterM] = [0x5b, 0x4f, 0x4d]
/** The second bytes of strings: DCS, SOS, OSC, PM, APC. */
const stringStarts: readonly number[] = [0x50, 0x58, 0x5d, 0x5e, 0x5f]

/** 100 ms: the bytes of a sequence come together; a later byte was typed by a person. */
const togetherMs = 100

/** Bytes of a mouse report after `ESC [ M`. */
const mouseBytes = 3

type State = 'text' | 'escape' | 'control' | 'single' | 'string' | 'string-end' | 'mouse'

/**
 * Follows the input of a terminal, byte by byte.
 *
 * @see xterm control sequences, "C1 (8-Bit) Control Characters"
 */
export class EscapeSequences {
  #state: State = 'text'
  #lastMs = Number.NEGATIVE_INFINITY
  #isFirst = false
  #mouseLeft = 0

  /** Returns whether a byte belongs to a sequence. */
  includes(byte: number, nowMs: number): boolean {
    if (nowMs - this.#lastMs > togetherMs) this.#state = 'text'
    this.#lastMs = nowMs
    const before = this.#state
    // Within a string an escape may begin its end.
    if (byte === escapeByte) this.#state = before === 'string' ? 'string-end' : 'escape'
    else if (before !== 'text') this.#state = this.#next(before, byte)
    const isBroken = before !== 'mouse' && byte < 0x20 && byte !== escapeByte && byte !== bell
    if (isBroken) this.#state = 'text'
    return byte === escapeByte || (before !== 'text' && !isBroken)
  }

  #next(state: Exclude<State, 'text'>, byte: number): State {
    switch (state) {
      case 'escape':
        return this.#begin(byte)
      case 'control': {
        const isMouse = this.#isFirst && byte === letterM
        this.#isFirst = false
        this.#mouseLeft = mouseBytes
        if (isMouse) return 'mouse'
        return byte >= 0x40 && byte <= 0x7e ? 'text' : 'control'
      }
      case 'mouse':
        this.#mouseLeft -= 1
        return this.#mouseLeft === 0 ? 'text' : 'mouse'
      case 'string':
        return byte === bell ? 'text' : 'string'
      case 'string-end':
      case 'single':
        return 'text'
    }
  }

  #begin(byte: number): State {
    this.#isFirst = true
    if (byte === bracket) return 'control'
    if (byte === letterO) return 'single'
    return stringStarts.includes(byte) ? 'string' : 'text'
  }
}
