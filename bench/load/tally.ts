/** Bench: counts and times the answers of one flow, by kind of request. */
import type { Flow, Latencies } from './plan.ts'
import type { ScriptedRequest } from './scripts.ts'

/** An answer: its status and its time. */
export type Timed = { readonly status: number; readonly milliseconds: number }

/** The answers of one flow. Those after the end of the window are counted, because they cost CPU, but not timed. */
export class Tally {
  readonly #times = new Map<string, number[]>()
  readonly #statuses = new Map<number, number>()
  #timed = 0
  #unexpected = 0
  #isOpen = true

  /** Ends the window. */
  close(): void {
    this.#isOpen = false
  }

  add({ label, expected }: ScriptedRequest, { status, milliseconds }: Timed): void {
    if (status !== expected) this.#unexpected += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (!this.#isOpen) return
    this.#timed += 1
    const times = this.#times.get(label)
    if (times === undefined) this.#times.set(label, [milliseconds])
    else times.push(milliseconds)
  }

  /** Returns the outcome of the flow. @param seconds Length of the window. */
  report(seconds: number): Flow {
    return {
      answers: [...this.#statuses.values()].reduce((sum, count) => sum + count, 0),
      timed: this.#timed,
      seconds,
      statuses: Object.fromEntries(this.#statuses),
      unexpected: this.#unexpected,
      latencies: Object.fromEntries([...this.#times].map(([label, times]) => [label, latenciesOf(times)])),
    }
  }
}

/** Returns the latencies of times in milliseconds. */
export function latenciesOf(times: readonly number[]): Latencies {
  const sorted = Float64Array.from(times).sort()
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
