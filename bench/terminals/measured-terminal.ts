/** Bench: measurements that are the same for a terminal behind the gateway and for a plain PTY. */
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Latencies } from '../load/plan.ts'
import { latenciesOf } from '../load/tally.ts'
import type { Moved } from './messages.ts'

/** A terminal under measurement. The measurement sets the listener of its output. */
export type MeasuredTerminal = { readonly write: (text: string) => void; onOutput: (bytes: number) => void }

/** Milliseconds without output after which a terminal counts as silent. */
const silentMs = 300

/** Resolves when every terminal has put out `bytes` more bytes; timed from the first byte. */
export async function transfer(
  terminals: readonly MeasuredTerminal[],
  bytes: number,
  begin: () => void,
): Promise<Omit<Moved, 'skipped'>> {
  let since: number | null = null
  let cpu = process.cpuUsage()
  const all = terminals.map((terminal) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let moved = 0
    terminal.onOutput = (count) => {
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
  for (const terminal of terminals) terminal.onOutput = () => undefined
  return { bytes: bytes * terminals.length, seconds, cpuSeconds: (user + system) / 1e6 }
}

/** Types keys 10 to 20 ms apart into a terminal that echoes each as one byte, and times each key until its echo. */
export function typeKeys(terminal: MeasuredTerminal, count: number): Promise<Latencies> {
  const { promise, resolve } = Promise.withResolvers<Latencies>()
  const sentAt: number[] = []
  const times: number[] = []
  terminal.onOutput = (bytes) => {
    const now = performance.now()
    for (const since of sentAt.splice(0, bytes)) times.push(now - since)
    if (times.length < count) return
    terminal.onOutput = () => undefined
    resolve(latenciesOf(times))
  }
  const typeNext = (left: number): void => {
    sentAt.push(performance.now())
    terminal.write('x')
    if (left > 1) setTimeout(() => typeNext(left - 1), 10 + Math.random() * 10)
  }
  typeNext(count)
  return promise
}

/** Resolves when a terminal had no output for 300 ms. */
export async function silence(terminal: MeasuredTerminal): Promise<void> {
  let lastAt = performance.now()
  terminal.onOutput = () => {
    lastAt = performance.now()
  }
  while (performance.now() - lastAt < silentMs) await delay(silentMs / 4)
  terminal.onOutput = () => undefined
}

/** Switches off the shell's echo and prompt, so that only commands have output. */
export async function quieten(terminal: MeasuredTerminal): Promise<void> {
  await silence(terminal)
  terminal.write("stty -echo; bind 'set enable-bracketed-paste off' 2>/dev/null; PS1=''; PROMPT_COMMAND=''\r")
  await silence(terminal)
}
