/** Core: the time of the throttle. It never goes back or jumps, whatever the wall clock does. */
import type { Clock } from '../ports.ts'
import type { Store } from '../store.ts'

/**
 * Starts at the wall clock, or at the stored time if that is later, and then follows the monotonic clock. Only
 * differences have a meaning: it may be far from the wall clock.
 */
export class ThrottleTime {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #beginMs: number
  readonly #beganAt: number

  /** @param latestMs The time that an earlier process stored; 0: none. */
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

/** Continues the time of the throttle from the last process. */
export async function openThrottleTime(ports: {
  readonly clock: Clock
  readonly store: Pick<Store, 'throttleTime'>
}): Promise<ThrottleTime> {
  return new ThrottleTime(ports.clock, await ports.store.throttleTime())
}

/** Stores the time of the throttle, so that a block continues after a restart. */
export async function keepThrottleTime(ports: {
  readonly throttleTime: ThrottleTime
  readonly store: Pick<Store, 'execute'>
}): Promise<void> {
  await ports.store.execute('keepThrottleTime', { nowMs: ports.throttleTime.nowMs() })
}
