/** pacerpro: gives each token of one epoch an expiry of its own, so that no two tokens are equal. */

/** Maximum number of epochs in memory. The next token of a dropped epoch needs a few more reads of the store. */
const mostEpochs = 10_000

/** Keeps the latest expiry of each epoch, and drops the epoch that was unused for longest. */
export class UniqueExpiries {
  readonly #latest = new Map<string, number>()

  /** Returns `wanted` (Unix seconds), or the second after the latest expiry if that is later; plus `skip` seconds. */
  take(epoch: string, wanted: number, skip: number): number {
    const latest = this.#latest.get(epoch)
    const second = Math.max(wanted, (latest ?? 0) + 1) + skip
    this.#latest.delete(epoch)
    this.#latest.set(epoch, second)
    if (this.#latest.size > mostEpochs) this.#latest.delete(this.#latest.keys().next().value as string)
    return second
  }
}
