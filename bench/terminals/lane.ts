/** Bench: measures that are the same of a terminal behind the gateway and of a plain PTY. */
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Latencies } from '../load/plan.ts'
import { latenciesOf } from '../load/tally.ts'
import type { Moved } from './messages.ts'

/** One terminal; whoever measures it sets who is told of its output. */
export type Lane = { readonly write: (text: string) => void; onOutput: (bytes: number) => void }

/** Milliseconds without output after which a terminal counts as silent. */
const silentMs = 300

/** Resolves once all lanes have put out so many bytes more; timed from the first byte. */
export async function transfer(
  lanes: readonly Lane[],
  bytes: number,
  begin: () => void,
): Promise<Omit<Moved, 'skipped'>> {
  let since: number | null = null
  let cpu = process.cpuUsage()
  const all = lanes.map((lane) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let moved = 0
    lane.onOutput = (count) => {
      if (since === null) {
        since = performance.now()
        cpu = process.cpuUsage()
      }
      moved += count
      if (moved >= bytes) resolve()
    }
    return promise
  })
  begin()
  await Promise.all(all)
  const seconds = (performance.now() - (since ?? 0)) / 1000
  const { user, system } = process.cpuUsage(cpu)
  for (const lane of lanes) lane.onOutput = () => undefined
  return { bytes: bytes * lanes.length, seconds, cpuSeconds: (user + system) / 1e6 }
}

/** Types keys 10 to 20 ms apart into a terminal that echoes each as one byte; times each from its sending to its echo. */
export function typeKeys(lane: Lane, count: number): Promise<Latencies> {
  const { promise, resolve } = Promise.withResolvers<Latencies>()
  const sentAt: number[] = []
  const times: number[] = []
  lane.onOutput = (bytes) => {
    const now = performance.now()
    for (const since of sentAt.splice(0, bytes)) times.push(now - since)
    if (times.length < count) return
    lane.onOutput = () => undefined
    resolve(latenciesOf(times))
  }
  const typeNext = (left: number): void => {
    sentAt.push(performance.now())
    lane.write('x')
    if (left > 1) setTimeout(() => typeNext(left - 1), 10 + Math.random() * 10)
  }
  typeNext(count)
  return promise
}

/** Resolves once a terminal has put out nothing for a while. */
export async function silence(lane: Lane): Promise<void> {
  let lastAt = performance.now()
  lane.onOutput = () => {
    lastAt = performance.now()
  }
  while (performance.now() - lastAt < silentMs) await delay(silentMs / 4)
  lane.onOutput = () => undefined
}

/** Lets a shell echo nothing and prompt for nothing, so that only commands put something out. */
export async function quieten(lane: Lane): Promise<void> {
  await silence(lane)
  lane.write("stty -echo; bind 'set enable-bracketed-paste off' 2>/dev/null; PS1=''; PROMPT_COMMAND=''\r")
  await silence(lane)
}
