/** Core: the time of the throttle; it never goes back and never jumps, whatever the wall clock does. */
import type { Clock } from '../ports.ts'
import type { Store } from '../store.ts'

/**
 * Begins at the wall clock, or at the latest time that the store knows where that is later, and then follows the monotonic
 * clock. Only differences of it mean something: it may be far from the wall clock.
 */
export class ThrottleTime {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #beginMs: number
  readonly #beganAt: number

  /** @param latestMs the latest time that another process has kept; 0: none has. */
  constructor(clock: Clock, latestMs: number) {
    this.#clock = clock
    this.#beginMs = Math.max(clock.wallMs(), latestMs)
    this.#beganAt = clock.monotonicMs()
  }

  /** Whole milliseconds. */
  nowMs(): number {
    return this.#beginMs + Math.floor(this.#clock.monotonicMs() - this.#beganAt)
  }
}

/** Goes on with the time of the throttle where the last process left it. */
export async function openThrottleTime(ports: {
  readonly clock: Clock
  readonly store: Pick<Store, 'throttleTime'>
}): Promise<ThrottleTime> {
  return new ThrottleTime(ports.clock, await ports.store.throttleTime())
}

/** Keeps the time of the throttle, so that a block goes on from here after a restart and does not begin anew. */
export async function keepThrottleTime(ports: {
  readonly throttleTime: ThrottleTime
  readonly store: Pick<Store, 'execute'>
}): Promise<void> {
  await ports.store.execute('keepThrottleTime', { nowMs: ports.throttleTime.nowMs() })
}
