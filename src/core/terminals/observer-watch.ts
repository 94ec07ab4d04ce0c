/** Core: since when too few observers watch or have confirmed. Pure; monotonic milliseconds. */

/** Milliseconds with too few observers before the session ends; loading a page again is faster. */
export const leaveMs = 5_000

/** Milliseconds with too few confirmations before the session ends: as long as an observer has to answer. */
const missedMs = 60_000

/** The number of different persons who watch, of those who have confirmed, and of those who are needed (0: none). */
export type ObserverCounts = { readonly watching: number; readonly confirmed: number; readonly needed: number }

/** The observers of one PTY session over time. */
export class ObserverWatch {
  /** Whether enough were there at once. Only from then on can one be missing. */
  #hadEnough = false
  #shortSinceMs: number | null = null
  #missedSinceMs: number | null = null
  #aloneSinceMs: number | null

  constructor(nowMs: number) {
    this.#aloneSinceMs = nowMs
  }

  /** Since when no observer watches; null: one does. */
  get aloneSinceMs(): number | null {
    return this.#aloneSinceMs
  }

  /** Waits for observers as at the start. */
  restart(): void {
    this.#hadEnough = false
  }

  /** Notes the numbers; returns whether too few are left from this moment on. */
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

  /** Returns what has lasted too long, if the policy ends the session then; otherwise null. */
  end(nowMs: number): 'observers-missing' | 'presence-missing' | null {
    if (this.#shortSinceMs !== null && nowMs - this.#shortSinceMs >= leaveMs) return 'observers-missing'
    if (this.#missedSinceMs !== null && nowMs - this.#missedSinceMs >= missedMs) return 'presence-missing'
    return null
  }
}
