/** Bench: how busy the rest of the machine is. Other processes are the noise in the figures of a round. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** A moment and the busy time of all cores until then, in seconds. */
export type Moment = { readonly at: number; readonly busySeconds: number }

/** Ticks per second of Linux's counters (proc_stat(5), USER_HZ). */
const ticksPerSecond = 100

/** Reads the counters of the machine; without counters nothing counts as busy. */
export function readMachine(): Moment {
  return { at: performance.now() / 1000, busySeconds: process.platform === 'linux' ? busyTicks() / ticksPerSecond : 0 }
}

/** Returns the share of all cores that others used since a moment. @param ownSeconds CPU of the bench itself. */
export function shareOfOthers(since: Moment, ownSeconds: number): number {
  const now = readMachine()
  const available = (now.at - since.at) * availableParallelism()
  return Math.max(0, (now.busySeconds - since.busySeconds - ownSeconds) / available)
}

/** Largest share of others on a quiet machine. */
export const quietShare = 0.1

/** Waits until the machine was quiet for a second, at most `maxWaitMs`. */
export async function awaitQuiet(maxWaitMs: number): Promise<void> {
  const end = performance.now() + maxWaitMs
  while (performance.now() < end) {
    const since = readMachine()
    await setTimeout(1_000)
    if (shareOfOthers(since, 0) <= quietShare) return
  }
}

/** The first line of the file: user, nice, system, idle, iowait, irq, softirq, steal. */
function busyTicks(): number {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number)
  return user + nice + system + irq + softirq + steal
}
