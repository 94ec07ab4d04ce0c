/** Client: the position in a terminal's output. Every byte is delivered once, in order, and a gap is noticed. */

/** The result of arrived output. */
export type Arrival =
  | { readonly kind: 'fresh'; readonly seq: number; readonly bytes: Uint8Array }
  /** All of it was known before. */
  | { readonly kind: 'old' }
  /** Bytes before it are missing. */
  | { readonly kind: 'gap' }

/** The offset up to which output was delivered. */
export class OutputPosition {
  #next: number

  constructor(seq: number) {
    this.#next = seq
  }

  /** Offset of the next missing byte. */
  get next(): number {
    return this.#next
  }

  /** Continues from an offset: a snapshot shows everything before it. */
  restart(seq: number): void {
    this.#next = seq
  }

  /** Takes output at an offset and returns the part of it that is new. */
  take(seq: number, bytes: Uint8Array): Arrival {
    const from = this.#next
    if (seq > from) return { kind: 'gap' }
    const end = seq + bytes.length
    if (end <= from) return { kind: 'old' }
    this.#next = end
    return { kind: 'fresh', seq: from, bytes: bytes.subarray(from - seq) }
  }
}
