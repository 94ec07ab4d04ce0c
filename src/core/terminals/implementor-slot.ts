/** Core: the one slot of the implementor. Pure; times are monotonic milliseconds. */
import { IdleClock } from './idle-limits.ts'
import type { Purpose } from './server.ts'

/** The slot of one PTY session. */
export class ImplementorSlot {
  readonly idle: IdleClock
  #holderId: string | null = null
  #person: string | null = null
  #isFreed = false

  constructor(nowMs: number, purpose: Purpose) {
    this.idle = new IdleClock(nowMs, purpose)
  }

  /** The attachment that holds the slot, with or without a socket. */
  get holderId(): string | null {
    return this.#holderId
  }

  /** The person who implements, or did last. */
  get person(): string | null {
    return this.#person
  }

  /** Gives the slot to an attachment. @param who `isBack`: it held the slot before. */
  take(who: { readonly id: string; readonly person: string; readonly isBack: boolean }, nowMs: number): void {
    this.idle.implementorCame(who.isBack, nowMs)
    this.#holderId = who.id
    this.#person = who.person
    this.#isFreed = false
  }

  /** Notes that the holder's socket dropped; the slot is kept for it. */
  noteGone(nowMs: number): void {
    this.idle.implementorLeft(nowMs)
  }

  free(nowMs: number): void {
    this.#holderId = null
    this.#isFreed = true
    this.noteGone(nowMs)
  }

  /** Returns true once after the slot was freed. */
  takeFreed(): boolean {
    const isFreed = this.#isFreed
    this.#isFreed = false
    return isFreed
  }
}
