/** Terminals: bounds the terminals that are being opened at once, because each fork blocks the event loop for milliseconds. */
import { Refusal } from '../../core/errors.ts'
import type { CancelTimer, Timers } from '../timers.ts'

type Waiting = { readonly start: () => void; readonly cancel: CancelTimer }

/** Lets spawns through in order; all transports of the process share one bound. */
export class SpawnBound {
  readonly #timers: Timers
  readonly #limit: number
  readonly #waitMs: number
  #inFlight = 0
  readonly #waiting: Waiting[] = []

  /** Eight at once and a wait of 10 s are our choice: a login over ssh takes well under a second. */
  constructor(timers: Timers, limits: { readonly inFlight: number; readonly waitMs: number } = defaultLimits) {
    this.#timers = timers
    this.#limit = limits.inFlight
    this.#waitMs = limits.waitMs
  }

  /**
   * Runs `spawn` when there is room, and frees the room when it is settled.
   *
   * @throws Refusal NO_GATEWAY if there was no room within the longest wait.
   */
  async run<Opened>(spawn: () => Promise<Opened>): Promise<Opened> {
    if (this.#inFlight < this.#limit) this.#inFlight += 1
    else await this.#turn()
    try {
      return await spawn()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#inFlight -= 1
      else next.start()
    }
  }

  /** A freed place goes to the next in line, so that a newcomer cannot take it. */
  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.after(this.#waitMs, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(new Refusal('NO_GATEWAY'))
      })
      const waiting = {
        cancel,
        start: () => {
          cancel()
          resolve()
        },
      }
      this.#waiting.push(waiting)
    })
  }
}

const defaultLimits = { inFlight: 8, waitMs: 10_000 }
