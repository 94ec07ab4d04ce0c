/**
 * Terminals: ends everything in a terminal after its leader has ended. Programs that ignore the hang-up are killed;
 * programs that left the session keep running.
 */
import type { CancelTimer, Timers } from '../timers.ts'
import { sessionProcesses } from './session-processes.ts'

/** 300 ms between the hang-up and the kill: enough for an editor to save. */
const graceMs = 300
/** 50 ms between checks of jobs that were hung up. */
const earlyLookMs = 50
/** 10 ms between checks of killed processes; the kernel needs a moment. */
const lookMs = 10
/** 100 checks; a process that is still there a second after SIGKILL hangs in the kernel. */
const mostLooks = 100

/** The parts of a session's end. */
export type SessionEndParts = {
  /** Process id of the leader; its session and process group have the same number. */
  readonly leader: number
  readonly timers: Timers
  /** Called if the leader lived until it was killed. */
  readonly onOutlived: () => void
}

/** The end of one session; it starts at most once. */
export class SessionEnd {
  readonly #parts: SessionEndParts
  readonly #resolve: () => void
  /** Resolves when no process of the session is left. */
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

  /** Call it when the leader has ended; from then on its number may be reused. Its jobs end with it. */
  leaderEnded(): void {
    this.#leaderLives = false
    if (this.#hasBegun) void this.#lookEarly()
    else this.begin(false)
  }

  /**
   * Most sessions are empty when their leader is gone, and most jobs obey the hang-up: then there is no wait for the
   * grace.
   */
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
    // Gone already, or a program that changed its user: then closing the terminal is all that can be done.
    if (!['ESRCH', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}
