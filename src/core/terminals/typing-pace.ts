/** Core: keeps input slow enough for observers: one line at a time, and pastes of several lines only after a confirmation. Pure. */

/** Most bytes that are sent at once. */
const inFlightLimit = 1_024

/** Milliseconds without output after which the next line is sent: most programs have answered a key by then. */
const quietMs = 50

/** Most bytes of a paste of several lines; a larger one cannot be followed by eye. */
const pasteLimit = 4_096

/** Most bytes that wait; the caller pauses the socket before. */
const pendingLimit = 65_536

const carriageReturn = 0x0d
const lineFeed = 0x0a
const interrupt = 0x03

/** The result of offering input. */
export type PaceVerdict = {
  /** Bytes to send now; null: none. */
  readonly send: Uint8Array | null
  /**
   * `pace`, `paste-unconfirmed`: the rest waits. `paste-too-large`: nothing was taken, because a paste of several lines
   * is over 4 KiB, or more than 64 KiB would wait. null: nothing waits.
   */
  readonly held: 'pace' | 'paste-unconfirmed' | 'paste-too-large' | null
}

type Piece = { readonly bytes: Uint8Array; isConfirmed: boolean }

/** The pace of one implementor under four eyes. Monotonic milliseconds. */
export class TypingPace {
  readonly #waiting: Piece[] = []
  #pendingBytes = 0
  #inFlightBytes = 0
  #isLineInFlight = false
  #sentAtMs = 0
  #seenAtMs = 0

  /** Bytes that wait, confirmed or not. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** The paste that waits for its confirmation, or null. */
  get unconfirmedPaste(): { readonly lines: number; readonly bytes: number } | null {
    const [first] = this.#waiting
    if (first === undefined || first.isConfirmed) return null
    return { lines: countLines(first.bytes), bytes: first.bytes.length }
  }

  /** Takes input. Ctrl-C alone is never held, and drops what waits, as a terminal's own interrupt does. */
  offer(bytes: Uint8Array, nowMs: number): PaceVerdict {
    if (bytes.length === 1 && bytes[0] === interrupt) {
      this.#waiting.length = 0
      this.#pendingBytes = 0
      this.#noteSent(bytes, nowMs)
      return { send: bytes, held: null }
    }
    const isPaste = countLines(bytes) > 1
    const isTooLarge = isPaste && bytes.length > pasteLimit
    if (isTooLarge || this.#pendingBytes + bytes.length > pendingLimit) return { send: null, held: 'paste-too-large' }
    if (bytes.length > 0) this.#waiting.push({ bytes, isConfirmed: !isPaste })
    this.#pendingBytes += bytes.length
    const send = this.due(nowMs)
    if (this.#pendingBytes === 0) return { send, held: null }
    return { send, held: this.unconfirmedPaste === null ? 'pace' : 'paste-unconfirmed' }
  }

  /** Notes output: what was sent can be seen. */
  outputSeen(nowMs: number): void {
    this.#seenAtMs = nowMs
    this.#inFlightBytes = 0
    this.#isLineInFlight = false
  }

  /** Returns the bytes to send now, and counts them as sent; null: none. */
  due(nowMs: number): Uint8Array | null {
    if (nowMs - this.#sentAtMs >= quietMs) this.outputSeen(nowMs)
    const parts: Uint8Array[] = []
    while (!this.#isLineInFlight && this.#inFlightBytes < inFlightLimit) {
      const part = this.#takePart()
      if (part === null) break
      this.#noteSent(part, nowMs)
      parts.push(part)
    }
    return parts.length === 0 ? null : joined(parts)
  }

  /** Returns when to call `due` again if no output comes first; null: nothing waits, or only for a confirmation. */
  nextAtMs(): number | null {
    const [first] = this.#waiting
    if (first === undefined || !first.isConfirmed) return null
    const isBlocked = this.#isLineInFlight || this.#inFlightBytes >= inFlightLimit
    return isBlocked ? this.#sentAtMs + quietMs : this.#seenAtMs
  }

  /** Confirms or drops the first waiting paste; then `due` returns what to send. */
  confirmPaste(isWanted: boolean, nowMs: number): void {
    const [first] = this.#waiting
    if (first === undefined || first.isConfirmed) return
    this.#seenAtMs = nowMs
    if (isWanted) {
      first.isConfirmed = true
      return
    }
    this.#waiting.shift()
    this.#pendingBytes -= first.bytes.length
  }

  /** Takes the rest of a line, or as much as fits, from the waiting bytes. */
  #takePart(): Uint8Array | null {
    const [first] = this.#waiting
    if (first === undefined || !first.isConfirmed) return null
    const length = Math.min(lineLength(first.bytes), inFlightLimit - this.#inFlightBytes)
    const part = first.bytes.subarray(0, length)
    this.#waiting.shift()
    if (length < first.bytes.length) this.#waiting.unshift({ bytes: first.bytes.subarray(length), isConfirmed: true })
    this.#pendingBytes -= length
    return part
  }

  #noteSent(part: Uint8Array, nowMs: number): void {
    this.#sentAtMs = nowMs
    this.#inFlightBytes += part.length
    this.#isLineInFlight ||= isLineEnd(part.at(-1))
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === carriageReturn || byte === lineFeed
}

/** Returns the length of the first line with its end; CR LF is one end. */
function lineLength(bytes: Uint8Array): number {
  const end = bytes.findIndex(isLineEnd)
  if (end === -1) return bytes.length
  return end + (bytes[end] === carriageReturn && bytes[end + 1] === lineFeed ? 2 : 1)
}

function countLines(bytes: Uint8Array): number {
  let lines = 0
  for (let rest = bytes; rest.length > 0; rest = rest.subarray(lineLength(rest))) lines += 1
  return lines
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
