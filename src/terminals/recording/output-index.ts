/** Terminals: where output lies in a record that is being written; a few bytes of memory for each 64 KiB of output. */

/** Output between two marks, at least. */
const grain = 64 * 1024

/** Finds the entry at which to begin to read. */
export class OutputIndex {
  readonly #seqs: number[] = []
  readonly #offsets: number[] = []

  /** Notes an entry of output: the offset in the output and in the file at which it begins. Called in order. */
  note(seq: number, offset: number): void {
    const last = this.#seqs.at(-1)
    if (last !== undefined && seq - last < grain) return
    this.#seqs.push(seq)
    this.#offsets.push(offset)
  }

  /** Returns where in the file an entry begins that is not after the output at `seq`; null where there is none. */
  find(seq: number): number | null {
    let [low, high] = [0, this.#seqs.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#seqs[middle] as number) <= seq) low = middle + 1
      else high = middle
    }
    return this.#offsets[low - 1] ?? null
  }
}
