/** Bench: runs one flow of requests over its connections and times every answer. */
import { performance } from 'node:perf_hooks'
import { type Connection, openConnection } from './connection.ts'
import type { Flow, Plan } from './plan.ts'
import { type RequestSource, requestSourceOf, type ScriptedRequest } from './scripts.ts'
import { Tally } from './tally.ts'

/** A flow with open connections; nothing was sent yet. */
export type ReadyFlow = {
  /** Resolves when every request is answered. */
  readonly run: () => Promise<Flow>
  readonly close: () => void
}

/** Opens the connections of a flow. */
export async function openFlow(port: number, plan: Plan): Promise<ReadyFlow> {
  const runner = new FlowRunner(requestSourceOf(plan.script, plan.connections), plan)
  await runner.open(port)
  return { run: () => runner.run(), close: () => runner.close() }
}

/** A request without its answer; `since` is when it was sent, or when it was due. */
type Pending = { readonly next: ScriptedRequest; readonly since: number }

class FlowRunner {
  readonly #source: RequestSource
  readonly #plan: Plan
  readonly #tally = new Tally()
  readonly #pending: (Pending | null)[]
  #connections: readonly Connection[] = []
  /** Due times of requests that are not sent yet, and idle connections. */
  readonly #due: number[] = []
  readonly #free: number[] = []
  #isStopped = false
  #isExhausted = false
  #onIdle: () => void = () => undefined

  constructor(source: RequestSource, plan: Plan) {
    this.#source = source
    this.#plan = plan
    this.#pending = Array.from({ length: plan.connections }, () => null)
  }

  async open(port: number): Promise<void> {
    const opening = this.#pending.map((_, connection) =>
      openConnection(port, (status, text) => this.#receive(connection, status, text)),
    )
    this.#connections = await Promise.all(opening)
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }

  async run(): Promise<Flow> {
    const { durationMs, pace } = this.#plan
    const began = performance.now()
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    const timer = setTimeout(() => this.#stop(), durationMs)
    if (pace === null) for (const connection of this.#connections.keys()) this.#sendNext(connection, performance.now())
    else this.#startPace(1000 / pace)
    await idle
    clearTimeout(timer)
    const isCut = this.#isStopped && pace === null
    return this.#tally.report((isCut ? durationMs : performance.now() - began) / 1000)
  }

  /** Every due request is sent and timed, however late. Otherwise the figures would hide that the server fell behind. */
  #stop(): void {
    this.#isStopped = true
    if (this.#plan.pace === null) this.#tally.close()
    this.#endIfIdle()
  }

  #startPace(periodMs: number): void {
    const began = performance.now()
    this.#free.push(...this.#connections.keys())
    let made = 0
    const timer = setInterval(() => {
      if (this.#isStopped) return clearInterval(timer)
      for (; began + made * periodMs <= performance.now(); made += 1) this.#due.push(began + made * periodMs)
      this.#sendDue()
    }, 1)
  }

  #sendDue(): void {
    while (this.#due.length > 0 && this.#free.length > 0) {
      this.#sendNext(this.#free.shift() as number, this.#due.shift() as number)
    }
  }

  #sendNext(connection: number, since: number): void {
    const next = this.#source.next(connection)
    if (next === null) {
      this.#isExhausted = true
      return
    }
    this.#pending[connection] = { next, since }
    this.#connections[connection]?.send(next.request)
  }

  #receive(connection: number, status: number, text: string): void {
    const now = performance.now()
    const { next, since } = this.#pending[connection] as Pending
    this.#pending[connection] = null
    this.#tally.add(next, { status, milliseconds: now - since })
    this.#source.answered(connection, text)
    if (this.#plan.pace !== null) {
      this.#free.push(connection)
      this.#sendDue()
    } else if (!this.#isStopped) this.#sendNext(connection, performance.now())
    this.#endIfIdle()
  }

  #endIfIdle(): void {
    if (!this.#isStopped && !this.#isExhausted) return
    if (this.#due.length === 0 && this.#pending.every((one) => one === null)) this.#onIdle()
  }
}
