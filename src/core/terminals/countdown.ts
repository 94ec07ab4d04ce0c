/** Core: tells of an end that comes nearer, at set distances from it, and at each of them at most once. Pure. */

/** A row of warnings before one end. */
export class Countdown {
  readonly #distances: readonly number[]
  #told = 0

  /** @param distances Seconds before the end, the farthest first. */
  constructor(distances: readonly number[]) {
    this.#distances = distances
  }

  /**
   * Returns the whole seconds that are left, rounded up, when a distance was reached that was not told of yet, else null.
   * Distances that were jumped over are told of together, as the one moment that it is now.
   */
  reach(leftMs: number): number | null {
    const before = this.#told
    while (this.#told < this.#distances.length && leftMs <= (this.#distances[this.#told] as number) * 1000) {
      this.#told += 1
    }
    return this.#told === before || leftMs <= 0 ? null : Math.ceil(leftMs / 1000)
  }

  /** Begins anew: the end has moved away. */
  restart(): void {
    this.#told = 0
  }
}
