/** Bench: counts and times the answers of one flow, by kind of request. */
import type { Flow, Latencies } from './plan.ts'
import type { Step } from './scripts.ts'

/** An answer: its status, and how long it took. */
export type Timed = { readonly status: number; readonly milliseconds: number }

/** The answers of one flow. Those after the window's end are counted, because they cost the server, but not timed. */
export class Tally {
  readonly #times = new Map<string, number[]>()
  readonly #statuses = new Map<number, number>()
  #timed = 0
  #surprises = 0
  #isOpen = true

  /** Ends the window. */
  close(): void {
    this.#isOpen = false
  }

  add({ label, expected }: Step, { status, milliseconds }: Timed): void {
    if (status !== expected) this.#surprises += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (!this.#isOpen) return
    this.#timed += 1
    const times = this.#times.get(label)
    if (times === undefined) this.#times.set(label, [milliseconds])
    else times.push(milliseconds)
  }

  /** Returns what became of the flow. @param seconds Length of the window. */
  report(seconds: number): Flow {
    return {
      answers: [...this.#statuses.values()].reduce((sum, count) => sum + count, 0),
      timed: this.#timed,
      seconds,
      statuses: Object.fromEntries(this.#statuses),
      surprises: this.#surprises,
      latencies: Object.fromEntries([...this.#times].map(([label, times]) => [label, latenciesOf(times)])),
    }
  }
}

/** Returns the latencies of what took so many milliseconds each. */
export function latenciesOf(times: readonly number[]): Latencies {
  const sorted = Float64Array.from(times).sort()
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
