/** Core: the two limits that end an unused terminal: idle (no input) and headless (no implementor). Pure; monotonic milliseconds. */
import { Countdown } from './countdown.ts'
import type { Purpose } from './server.ts'
import { headlessWarning, idleWarning } from './supervision-sentences.ts'

/**
 * The limits of one terminal. The options `terminals.idleMinutes`, `terminals.healthCheckIdleMinutes` and
 * `terminals.headlessMinutes` set them, unless a policy has other values.
 */
export type IdleLimits = {
  /** Longest time without an implementor. */
  readonly headlessSeconds: number
  /** Longest time without input. */
  readonly idleSeconds: number
}

/** A warning before one of the two ends. */
export type IdleWarning = {
  readonly what: 'headless' | 'idle'
  readonly secondsLeft: number
  readonly sentence: string
}

/** How long a terminal has had no input and no implementor. */
export class IdleClock {
  /** When the implementor left; null while there is one. */
  #goneSinceMs: number | null
  #activeAtMs: number
  /** Whether the idle time runs on without an implementor; otherwise it stands still. */
  readonly #idlesUnattended: boolean
  readonly #headless = new Countdown([60, 30])
  readonly #idle = new Countdown([30, 20, 10])

  /** A terminal starts without an implementor. */
  constructor(nowMs: number, purpose: Purpose) {
    this.#idlesUnattended = purpose === 'health_check'
    this.#goneSinceMs = nowMs
    this.#activeAtMs = nowMs
  }

  /** @param isBack The implementor resumed: the idle time continues. A new implementor starts it again. */
  implementorCame(isBack: boolean, nowMs: number): void {
    if (!isBack) this.noteInput(nowMs)
    else if (this.#goneSinceMs !== null && !this.#idlesUnattended) this.#activeAtMs += nowMs - this.#goneSinceMs
    this.#goneSinceMs = null
    this.#headless.restart()
  }

  implementorLeft(nowMs: number): void {
    this.#goneSinceMs ??= nowMs
  }

  noteInput(nowMs: number): void {
    this.#activeAtMs = nowMs
    this.#idle.restart()
  }

  /** Returns the limit that is reached, or null. */
  end(limits: IdleLimits, nowMs: number): 'headless' | 'idle' | null {
    const { what, leftMs } = this.#nearest(limits, nowMs)
    return leftMs > 0 ? null : what
  }

  /** Returns the warning that is due, or null. */
  warning(limits: IdleLimits, nowMs: number): IdleWarning | null {
    const { what, leftMs } = this.#nearest(limits, nowMs)
    const secondsLeft = (what === 'idle' ? this.#idle : this.#headless).reach(leftMs)
    if (secondsLeft === null) return null
    return { what, secondsLeft, sentence: what === 'idle' ? idleWarning(secondsLeft) : headlessWarning(secondsLeft) }
  }

  #nearest(limits: IdleLimits, nowMs: number): { readonly what: 'headless' | 'idle'; readonly leftMs: number } {
    const idle = { what: 'idle', leftMs: limits.idleSeconds * 1000 - (nowMs - this.#activeAtMs) } as const
    if (this.#goneSinceMs === null) return idle
    const headlessLeftMs = limits.headlessSeconds * 1000 - (nowMs - this.#goneSinceMs)
    return this.#idlesUnattended && idle.leftMs < headlessLeftMs ? idle : { what: 'headless', leftMs: headlessLeftMs }
  }
}
