/** Bench: runs one flow of requests over its connections and times every answer. */
import { performance } from 'node:perf_hooks'
import { type Connection, openConnection } from './connection.ts'
import type { Flow, Plan } from './plan.ts'
import { type Player, playerOf, type Step } from './scripts.ts'
import { Tally } from './tally.ts'

/** A flow whose connections are open; nothing was sent yet. */
export type ReadyFlow = {
  /** Resolves once everything that was sent is answered. */
  readonly run: () => Promise<Flow>
  readonly close: () => void
}

/** Opens the connections of a flow. */
export async function openFlow(port: number, plan: Plan): Promise<ReadyFlow> {
  const lanes = new Lanes(playerOf(plan.script, plan.connections), plan)
  await lanes.open(port)
  return { run: () => lanes.run(), close: () => lanes.close() }
}

/** A request under way; `since` is when it was sent, or when it was due. */
type Pending = { readonly step: Step; readonly since: number }

class Lanes {
  readonly #player: Player
  readonly #plan: Plan
  readonly #tally = new Tally()
  readonly #pending: (Pending | null)[]
  #connections: readonly Connection[] = []
  /** Moments at which requests became due that are not sent yet, and connections without a request under way. */
  readonly #due: number[] = []
  readonly #free: number[] = []
  #isStopped = false
  #isExhausted = false
  #onIdle: () => void = () => undefined

  constructor(player: Player, plan: Plan) {
    this.#player = player
    this.#plan = plan
    this.#pending = Array.from({ length: plan.connections }, () => null)
  }

  async open(port: number): Promise<void> {
    const opening = this.#pending.map((_, lane) =>
      openConnection(port, (status, text) => this.#receive(lane, status, text)),
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
    if (pace === null) for (const lane of this.#connections.keys()) this.#sendNext(lane, performance.now())
    else this.#startPace(1000 / pace)
    await idle
    clearTimeout(timer)
    const isCut = this.#isStopped && pace === null
    return this.#tally.report((isCut ? durationMs : performance.now() - began) / 1000)
  }

  /** Everything that became due is sent and timed, however late: leaving it out would hide that the server fell behind. */
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

  #sendNext(lane: number, since: number): void {
    const step = this.#player.next(lane)
    if (step === null) {
      this.#isExhausted = true
      return
    }
    this.#pending[lane] = { step, since }
    this.#connections[lane]?.send(step.request)
  }

  #receive(lane: number, status: number, text: string): void {
    const now = performance.now()
    const { step, since } = this.#pending[lane] as Pending
    this.#pending[lane] = null
    this.#tally.add(step, { status, milliseconds: now - since })
    this.#player.answered(lane, text)
    if (this.#plan.pace !== null) {
      this.#free.push(lane)
      this.#sendDue()
    } else if (!this.#isStopped) this.#sendNext(lane, performance.now())
    this.#endIfIdle()
  }

  #endIfIdle(): void {
    if (!this.#isStopped && !this.#isExhausted) return
    if (this.#due.length === 0 && this.#pending.every((one) => one === null)) this.#onIdle()
  }
}
