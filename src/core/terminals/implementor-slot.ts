/** Core: the one slot of an implementor, how long it has stood empty, and how long its holder has not typed. Pure; times are monotonic milliseconds. */
import { Countdown } from './countdown.ts'
import type { Purpose } from './server.ts'
import { headlessWarning, idleWarning } from './supervision-sentences.ts'

/** How long a session lasts without an implementor, and without typing. */
export type IdleLimits = { readonly headlessSeconds: number; readonly idleSeconds: number }

/** What is to be said of the end that comes. */
export type NobodyWarning = {
  readonly what: 'headless' | 'idle'
  readonly secondsLeft: number
  readonly sentence: string
}

/** The slot of one PTY session. */
export class ImplementorSlot {
  #holderId: string | null = null
  #person: string | null = null
  #isFreed = false
  /** Since when nobody implements; null while somebody does. */
  #goneSinceMs: number | null
  #activeAtMs: number
  /** Whether the idle time runs on while nobody implements; else it stands still. */
  readonly #idlesUnattended: boolean
  readonly #headless = new Countdown([60, 30])
  readonly #idle = new Countdown([30, 20, 10])

  constructor(nowMs: number, purpose: Purpose) {
    this.#idlesUnattended = purpose === 'health_check'
    this.#goneSinceMs = nowMs
    this.#activeAtMs = nowMs
  }

  /** The attachment that holds the slot, be its socket there or dropped. */
  get holderId(): string | null {
    return this.#holderId
  }

  /** Whoever implements, or did last. */
  get person(): string | null {
    return this.#person
  }

  /**
   * Gives the slot to an attachment.
   *
   * @param who `isBack`: it implemented before; the idle time runs on. Else it begins anew.
   */
  take(who: { readonly id: string; readonly person: string; readonly isBack: boolean }, nowMs: number): void {
    if (!who.isBack) this.noteActivity(nowMs)
    else if (this.#goneSinceMs !== null && !this.#idlesUnattended) this.#activeAtMs += nowMs - this.#goneSinceMs
    this.#holderId = who.id
    this.#person = who.person
    this.#goneSinceMs = null
    this.#isFreed = false
    this.#headless.restart()
  }

  /** Notes that the holder's socket is gone while the slot is held for it. */
  noteGone(nowMs: number): void {
    this.#goneSinceMs ??= nowMs
  }

  free(nowMs: number): void {
    this.#holderId = null
    this.#isFreed = true
    this.noteGone(nowMs)
  }

  /** Tells, once, that the slot was freed. */
  takeFreed(): boolean {
    const isFreed = this.#isFreed
    this.#isFreed = false
    return isFreed
  }

  noteActivity(nowMs: number): void {
    this.#activeAtMs = nowMs
    this.#idle.restart()
  }

  /** Returns which patience is at its end, or null. */
  end(idleLimits: IdleLimits, nowMs: number): 'headless' | 'idle' | null {
    const { what, leftMs } = this.#nearest(idleLimits, nowMs)
    return leftMs > 0 ? null : what
  }

  /** Returns what is to be said now, or null. */
  warning(idleLimits: IdleLimits, nowMs: number): NobodyWarning | null {
    const { what, leftMs } = this.#nearest(idleLimits, nowMs)
    const secondsLeft = (what === 'idle' ? this.#idle : this.#headless).reach(leftMs)
    if (secondsLeft === null) return null
    return { what, secondsLeft, sentence: what === 'idle' ? idleWarning(secondsLeft) : headlessWarning(secondsLeft) }
  }

  /** Of the two ends that may come the one that comes first. */
  #nearest(idleLimits: IdleLimits, nowMs: number): { readonly what: 'headless' | 'idle'; readonly leftMs: number } {
    const idle = { what: 'idle', leftMs: idleLimits.idleSeconds * 1000 - (nowMs - this.#activeAtMs) } as const
    if (this.#goneSinceMs === null) return idle
    const headless = {
      what: 'headless',
      leftMs: idleLimits.headlessSeconds * 1000 - (nowMs - this.#goneSinceMs),
    } as const
    return this.#idlesUnattended && idle.leftMs < headless.leftMs ? idle : headless
  }
}
