/** Terminals: an index of output in a growing recording; a few bytes of memory for each 64 KiB of output. */

/** Least output between two marks. */
const grain = 64 * 1024

/** Finds the entry to start reading at. */
export class OutputIndex {
  readonly #seqs: number[] = []
  readonly #offsets: number[] = []

  /** Notes an entry of output: its offset in the output and in the file. Called in order. */
  note(seq: number, offset: number): void {
    const last = this.#seqs.at(-1)
    if (last !== undefined && seq - last < grain) return
    this.#seqs.push(seq)
    this.#offsets.push(offset)
  }

  /** Returns the file offset of an entry that is not after the output at `seq`; null: there is none. */
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
