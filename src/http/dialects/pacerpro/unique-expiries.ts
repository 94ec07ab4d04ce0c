/** pacerpro: gives every second away once per epoch, so that no two tokens are alike; forgets the longest unused epoch. */

/** Epochs that are remembered; a forgotten one costs its next token a few more looks into the store. */
const mostEpochs = 10_000

/** Remembers the latest second that was given away for each epoch. */
export class UniqueExpiries {
  readonly #latest = new Map<string, number>()

  /** Returns `wanted` (Unix seconds), or where it was given away, the second after the latest one; `skip` seconds later still. */
  take(epoch: string, wanted: number, skip: number): number {
    const latest = this.#latest.get(epoch)
    const second = Math.max(wanted, (latest ?? 0) + 1) + skip
    this.#latest.delete(epoch)
    this.#latest.set(epoch, second)
    if (this.#latest.size > mostEpochs) this.#latest.delete(this.#latest.keys().next().value as string)
    return second
  }
}
