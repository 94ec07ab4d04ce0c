/** Platform: the two clocks of the process. Every call reads the clock. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '../core/ports.ts'

/** Returns the clocks of this process: the system's wall clock, and one that counts from the process's start. */
export function systemClock(): Clock {
  return { wallMs: () => Date.now(), monotonicMs: () => performance.now() }
}
