/** Core: how far the window of a change has run, and what is said of it; a wall clock that steps back lengthens nothing. Pure. */
import type { Instant } from '../revocation/lease.ts'
import { Countdown } from './countdown.ts'
import { overtimeWarning, windowWarning } from './supervision-sentences.ts'
import type { WindowEnd } from './terminal-policy.ts'

const minuteMs = 60_000

/** How long nobody may be watching in the grace after a window, in milliseconds. */
const aloneMs = 5_000

/** When a window ends, and how. */
export type WindowSetup = {
  /** Unix milliseconds; null: no window. */
  readonly windowEndsAtMs: number | null
  readonly policy: { readonly windowEnd: WindowEnd }
}

/** The window of one PTY session. */
export class SessionWindow {
  /** The wall time that the window is held against: it may jump ahead of the monotonic clock and never falls behind it. */
  #wallMs: number
  #monotonicMs: number
  #setup: WindowSetup
  readonly #before = new Countdown([1_800, 600, 300, 60])
  /** The first distance is longer than any overtime: it tells that the overtime begins. */
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

  /** Holds the session against another window; warnings of one that moved are given anew. */
  change(setup: WindowSetup): void {
    if (setup.windowEndsAtMs !== this.#setup.windowEndsAtMs) {
      this.#before.restart()
      this.#after.restart()
    }
    this.#setup = setup
  }

  /** @param aloneSinceMs Monotonic milliseconds since nobody watches; null: somebody does. */
  state(aloneSinceMs: number | null): 'open' | 'overtime' | 'over' {
    const leftMs = this.#leftMs()
    if (leftMs === null || leftMs > 0) return 'open'
    if (leftMs + this.#overtimeMs() <= 0) return 'over'
    const isAlone = aloneSinceMs !== null && this.#monotonicMs - aloneSinceMs >= aloneMs
    return this.#setup.policy.windowEnd.kind === 'grace' && isAlone ? 'over' : 'overtime'
  }

  /** Returns what is to be said now of the end that comes, or null. */
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
