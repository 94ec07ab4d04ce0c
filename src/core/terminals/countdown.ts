/** Core: gives each warning before an end once, at set distances from it. Pure. */

/** The warnings before one end. */
export class Countdown {
  readonly #distances: readonly number[]
  #announced = 0

  /** @param distances Seconds before the end, the farthest first. */
  constructor(distances: readonly number[]) {
    this.#distances = distances
  }

  /**
   * Returns the seconds that are left, rounded up, if a distance was reached that had no warning yet; otherwise null.
   * If several distances were skipped, there is one warning with the time that is really left.
   */
  reach(leftMs: number): number | null {
    const before = this.#announced
    while (this.#announced < this.#distances.length && leftMs <= (this.#distances[this.#announced] as number) * 1000) {
      this.#announced += 1
    }
    return this.#announced === before || leftMs <= 0 ? null : Math.ceil(leftMs / 1000)
  }

  /** Starts again: the end has moved away. */
  restart(): void {
    this.#announced = 0
  }
}
