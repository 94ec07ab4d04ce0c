/** Core: how far the window of a change request has run. A wall clock that steps back does not make it longer. Pure. */
import type { Instant } from '../revocation/lease.ts'
import { Countdown } from './countdown.ts'
import { overtimeWarning, windowWarning } from './supervision-sentences.ts'
import type { WindowEnd } from './terminal-policy.ts'

const minuteMs = 60_000

/** Milliseconds that the grace after a window continues without an observer. */
const aloneMs = 5_000

/** When a window ends, and how. */
export type WindowSetup = {
  /** Unix milliseconds; null: no window. */
  readonly windowEndsAtMs: number | null
  readonly policy: { readonly windowEnd: WindowEnd }
}

/** The window of one PTY session. */
export class SessionWindow {
  /**
   * The wall time that the window is compared with: it may jump ahead of the monotonic clock, and never falls behind
   * it.
   */
  #wallMs: number
  #monotonicMs: number
  #setup: WindowSetup
  readonly #before = new Countdown([1_800, 600, 300, 60])
  /** The first distance is longer than any overtime, so that its start gives a warning. */
  readonly #after = new Countdown([100_000, 1_800, 600, 300, 60])

  constructor(setup: WindowSetup, now: Instant) {
    this.#setup = setup
    this.#wallMs = now.wallMs
    this.#monotonicMs = now.monotonicMs
  }

  move(now: Instant): void {
    this.#wallMs = Math.max(now.wallMs, this.#wallMs + now.monotonicMs - this.#monotonicMs)
    this.#monotonicMs = now.monotonicMs
  }

  /** Applies another window. If it moved, its warnings are given again. */
  change(setup: WindowSetup): void {
    if (setup.windowEndsAtMs !== this.#setup.windowEndsAtMs) {
      this.#before.restart()
      this.#after.restart()
    }
    this.#setup = setup
  }

  /** @param aloneSinceMs Monotonic milliseconds since when no observer watches; null: one does. */
  state(aloneSinceMs: number | null): 'open' | 'overtime' | 'over' {
    const leftMs = this.#leftMs()
    if (leftMs === null || leftMs > 0) return 'open'
    if (leftMs + this.#overtimeMs() <= 0) return 'over'
    const isAlone = aloneSinceMs !== null && this.#monotonicMs - aloneSinceMs >= aloneMs
    return this.#setup.policy.windowEnd.kind === 'grace' && isAlone ? 'over' : 'overtime'
  }

  /** Returns the warning that is due, or null. */
  warning(): { readonly secondsLeft: number; readonly sentence: string } | null {
    const leftMs = this.#leftMs()
    if (leftMs === null) return null
    const isOpen = leftMs > 0
    const secondsLeft = isOpen ? this.#before.reach(leftMs) : this.#after.reach(leftMs + this.#overtimeMs())
    if (secondsLeft === null) return null
    const sentence = isOpen ? windowWarning(secondsLeft, this.#setup.policy.windowEnd) : overtimeWarning(secondsLeft)
    return { secondsLeft, sentence }
  }

  #leftMs(): number | null {
    const { windowEndsAtMs } = this.#setup
    return windowEndsAtMs === null ? null : windowEndsAtMs - this.#wallMs
  }

  #overtimeMs(): number {
    const { windowEnd } = this.#setup.policy
    return windowEnd.kind === 'hard' ? 0 : windowEnd.minutes * minuteMs
  }
}
