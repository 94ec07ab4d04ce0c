/** Core: the lease under which a node answers from memory; every accepted use reads the clocks itself. */
import type { Clock } from '../ports.ts'

/** Both clocks at one moment, in milliseconds. */
export type Instant = { readonly wallMs: number; readonly monotonicMs: number }

/** Reads both clocks. */
export function readClocks(clock: Clock): Instant {
  return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() }
}

/**
 * Returns the time between two moments as the larger of what the two clocks say: a suspended machine stops one of them,
 * a stepped clock moves the other.
 */
function elapsedMs(since: Instant, clock: Clock): number {
  return Math.max(clock.monotonicMs() - since.monotonicMs, Math.abs(clock.wallMs() - since.wallMs))
}

/** A right to answer from memory that began at `since` and lasts `lengthMs`. */
export type Lease = { readonly since: Instant; readonly lengthMs: number }

/** Tells whether a lease still holds, by clocks read now. */
export function holdsLease(lease: Lease, clock: Clock): boolean {
  return elapsedMs(lease.since, clock) < lease.lengthMs
}
