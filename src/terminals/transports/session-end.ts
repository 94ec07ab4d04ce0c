/** Terminals: ends everything that runs in a terminal, once its leader has ended too; whatever ignores the hang-up is killed, whatever left the session lives on. */
import type { CancelTimer, Timers } from '../timers.ts'
import { sessionProcesses } from './session-processes.ts'

/** 300 ms between the hang-up and the kill: enough for an editor to save, short enough for "now". */
const graceMs = 300
/** 50 ms between looks at jobs that were hung up. */
const earlyLookMs = 50
/** 10 ms between looks at what was killed; the kernel needs a moment to take it down. */
const lookMs = 10
/** 100 looks; a process that a second after SIGKILL still is there hangs in the kernel, and nobody can end it. */
const mostLooks = 100

/** What the end of a session is made of. */
export type SessionEndParts = {
  /** Process id of the leader; session and process group have the same number. */
  readonly leader: number
  readonly timers: Timers
  /** Told when the leader lived until it was killed. */
  readonly onOutlived: () => void
}

/** The end of one session; begun at most once. */
export class SessionEnd {
  readonly #parts: SessionEndParts
  readonly #resolve: () => void
  /** Resolves once nobody of the session is left. */
  readonly done: Promise<void>
  #hasBegun = false
  #leaderLives = true
  #cancelKill: CancelTimer | null = null

  constructor(parts: SessionEndParts) {
    this.#parts = parts
    const { promise, resolve } = Promise.withResolvers<void>()
    this.done = promise
    this.#resolve = resolve
  }

  /** Hangs up at once, and kills after the grace. */
  begin(leaderLives: boolean): void {
    this.#hasBegun = true
    this.#leaderLives = leaderLives
    if (leaderLives) {
      hangUp(-this.#parts.leader)
    }
    this.#cancelKill = this.#parts.timers.after(graceMs, () => {
      this.#cancelKill = null
      if (this.#leaderLives) {
        signal(-this.#parts.leader, 'SIGKILL')
        this.#parts.onOutlived()
      }
      void this.#kill(mostLooks)
    })
    if (!leaderLives) void this.#lookEarly()
  }

  /** To be told when the leader has ended; from then on its number may be another's. Its jobs end with it. */
  leaderEnded(): void {
    this.#leaderLives = false
    if (this.#hasBegun) void this.#lookEarly()
    else this.begin(false)
  }

  /** Most sessions are empty as soon as their leader is gone, and most jobs heed the hang-up: then nobody waits for the grace. */
  async #lookEarly(isFirst = true): Promise<void> {
    const left = await sessionProcesses(this.#parts.leader)
    if (this.#cancelKill === null) return
    if (left.length === 0) {
      this.#cancelKill()
      this.#cancelKill = null
      this.#resolve()
      return
    }
    if (isFirst) for (const id of left) hangUp(id)
    this.#parts.timers.after(earlyLookMs, () => void this.#lookEarly(false))
  }

  async #kill(looks: number): Promise<void> {
    const left = await sessionProcesses(this.#parts.leader)
    for (const id of left) signal(id, 'SIGKILL')
    if (left.length === 0 || looks === 0) this.#resolve()
    else this.#parts.timers.after(lookMs, () => void this.#kill(looks - 1))
  }
}

function hangUp(id: number): void {
  signal(id, 'SIGHUP')
  signal(id, 'SIGTERM')
}

function signal(id: number, name: 'SIGHUP' | 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(id, name)
  } catch (error) {
    // Gone already, or a program that changed its user: then the closed terminal is all that can be done.
    if (!['ESRCH', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}
