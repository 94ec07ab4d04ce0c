/** Bench: how busy the rest of the machine is; what others do while a round runs is the noise in its figures. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** A moment: when it was, and how long all cores together had been busy until then, in seconds. */
export type Moment = { readonly at: number; readonly busySeconds: number }

/** Ticks a second in which Linux counts (proc_stat(5), USER_HZ). */
const ticksPerSecond = 100

/** Reads the counters of the machine; where there are none, nothing counts as busy. */
export function readMachine(): Moment {
  return { at: performance.now() / 1000, busySeconds: process.platform === 'linux' ? busyTicks() / ticksPerSecond : 0 }
}

/** Returns the share of all cores that others used since a moment, given what the bench used itself. */
export function shareOfOthers(since: Moment, ownSeconds: number): number {
  const now = readMachine()
  const available = (now.at - since.at) * availableParallelism()
  return Math.max(0, (now.busySeconds - since.busySeconds - ownSeconds) / available)
}

/** Others' share of the machine below which it counts as left alone. */
export const quietShare = 0.1

/** Waits until others leave the machine alone for a second, or as long as the patience lasts. */
export async function awaitQuiet(patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs
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
