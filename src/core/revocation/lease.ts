/** Core: the lease under which a node answers from memory. Every accept reads the clocks itself. */
import type { Clock } from '../ports.ts'

/** Both clocks at one moment, in milliseconds. */
export type Instant = { readonly wallMs: number; readonly monotonicMs: number }

/** Reads both clocks. */
export function readClocks(clock: Clock): Instant {
  return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() }
}

/**
 * Returns the time between two moments by the clock that says more: a suspended machine stops one, a step moves the
 * other.
 */
function elapsedMs(since: Instant, clock: Clock): number {
  return Math.max(clock.monotonicMs() - since.monotonicMs, Math.abs(clock.wallMs() - since.wallMs))
}

/** The right to answer from memory for `lengthMs` from `since` on. */
export type Lease = { readonly since: Instant; readonly lengthMs: number }

/** Returns whether a lease holds right now. */
export function holdsLease(lease: Lease, clock: Clock): boolean {
  return elapsedMs(lease.since, clock) < lease.lengthMs
}
