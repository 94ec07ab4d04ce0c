/** Client: how far the output of a terminal has come; every byte is given on once, in order, and none is left out unseen. */

/** What becomes of output that arrived. */
export type Arrival =
  | { readonly kind: 'fresh'; readonly seq: number; readonly bytes: Uint8Array }
  /** All of it was there before. */
  | { readonly kind: 'old' }
  /** Bytes before it are missing. */
  | { readonly kind: 'gap' }

/** The place in a terminal's output up to which everything was given on. */
export class OutputPosition {
  #next: number

  constructor(seq: number) {
    this.#next = seq
  }

  /** Offset of the next byte that is lacking. */
  get next(): number {
    return this.#next
  }

  /** Goes on from a place: a snapshot shows all that was before it. */
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
