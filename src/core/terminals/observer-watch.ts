/** Core: since when too few observers watch, or confirm. Pure; times are monotonic milliseconds. */

/** How long too few observers may be left before the session ends, in milliseconds: loading a page again is faster. */
export const leaveMs = 5_000

/** How long a missed confirmation may be made up for before the session ends, in milliseconds: as long as the answer had. */
const missedMs = 60_000

/** How many different persons watch, how many of them owe no confirmation, and how many are needed (0: none). */
export type ObserverCounts = { readonly watching: number; readonly confirmed: number; readonly needed: number }

/** What became of the observers of one PTY session. */
export class ObserverWatch {
  /** Whether enough were there at once: only from then on can one be missed. */
  #hadEnough = false
  #shortSinceMs: number | null = null
  #missedSinceMs: number | null = null
  #aloneSinceMs: number | null

  constructor(nowMs: number) {
    this.#aloneSinceMs = nowMs
  }

  /** Since when nobody watches; null: somebody does. */
  get aloneSinceMs(): number | null {
    return this.#aloneSinceMs
  }

  /** Waits for observers as at the beginning. */
  beginAnew(): void {
    this.#hadEnough = false
  }

  /** Notes how many there are; tells whether that is the moment from which too few are left. */
  note({ watching, confirmed, needed }: ObserverCounts, nowMs: number): 'left' | 'as-before' {
    const wasShort = this.#shortSinceMs !== null
    if (watching >= needed) this.#hadEnough = needed > 0
    const isShort = watching < needed && this.#hadEnough
    const hasMissed = watching >= needed && confirmed < needed
    this.#aloneSinceMs = watching > 0 ? null : (this.#aloneSinceMs ?? nowMs)
    this.#shortSinceMs = isShort ? (this.#shortSinceMs ?? nowMs) : null
    this.#missedSinceMs = hasMissed ? (this.#missedSinceMs ?? nowMs) : null
    return isShort && !wasShort ? 'left' : 'as-before'
  }

  /** Returns what lasted too long where leaving ends the session, or null. */
  end(nowMs: number): 'observers-missing' | 'presence-missing' | null {
    if (this.#shortSinceMs !== null && nowMs - this.#shortSinceMs >= leaveMs) return 'observers-missing'
    if (this.#missedSinceMs !== null && nowMs - this.#missedSinceMs >= missedMs) return 'presence-missing'
    return null
  }
}
