/** Core: supervises one PTY session; who may type now, what people are told, when it must end. Pure: every moment comes in. */
import { Refusal } from '../errors.ts'
import type { Instant } from '../revocation/lease.ts'
import {
  type Attachment,
  askPresence,
  countPersons,
  type Excluded,
  hasMissedQuestion,
  hasSlotLapsed,
  isGoneForGood,
  isIndependent,
  isWatching,
  newAttachment,
  resumeAttachment,
} from './attachments.ts'
import type { EndReason } from './ends.ts'
import { ImplementorSlot } from './implementor-slot.ts'
import { leaveMs, type ObserverCounts, ObserverWatch } from './observer-watch.ts'
import type { Purpose } from './server.ts'
import { SessionWindow } from './session-window.ts'
import {
  notImplementorBlock,
  observersBlock,
  observersWarning,
  overtimeBlock,
  pauseBlock,
  presenceBlock,
  presenceQuestion,
} from './supervision-sentences.ts'
import type { TerminalPolicy } from './terminal-policy.ts'
import { isReportOnly } from './terminal-reports.ts'

/** One attachment as supervision sees it. */
export type Participant = {
  /** Of the attachment; a resume keeps it. */
  readonly id: string
  readonly accountId: number
  /** The natural person behind the account; two accounts of one person never watch each other. */
  readonly person: string
  readonly role: 'implementor' | 'observer'
}

/** What a PTY session is supervised by. */
export type SupervisionSetup = {
  readonly policy: TerminalPolicy
  readonly purpose: Purpose
  /** Unix milliseconds; null: no window. */
  readonly windowEndsAtMs: number | null
  /** Persons who requested or approved the change: none of them counts as an observer, nor types where observers are needed. */
  readonly partiesOfChange: readonly string[]
}

/** Why input is held back. */
export type InputBlock =
  | 'observers-missing'
  | 'presence-missing'
  | 'paused-by-observer'
  | 'not-implementor'
  | 'no-new-commands'

/** What is to be done, in order. */
export type Effect =
  | {
      readonly kind: 'warn'
      readonly what: 'window' | 'idle' | 'headless' | 'observers'
      readonly secondsLeft: number
      readonly sentence: string
    }
  | { readonly kind: 'hold'; readonly why: InputBlock; readonly sentence: string }
  | { readonly kind: 'let-go' }
  | { readonly kind: 'ask-presence'; readonly attachmentId: string; readonly byMs: number; readonly sentence: string }
  | { readonly kind: 'slot-freed' }
  | { readonly kind: 'end'; readonly reason: EndReason }

/** What becomes of input. */
export type InputVerdict =
  | { readonly kind: 'pass'; readonly bytes: Uint8Array }
  | { readonly kind: 'drop'; readonly why: InputBlock }

const minuteMs = 60_000

/** The byte of Ctrl-C. */
const interrupt = 0x03

/** Why an attachment goes: the person left, the socket dropped and may come back, or access was taken away. */
export type DetachCause = 'left' | 'dropped' | 'revoked'

/**
 * The supervision of one PTY session. Every call takes the moment at which it happens and returns what is to be done, in
 * order: the freed slot, what becomes of input, warnings, questions. An end comes alone, and nothing comes after it.
 *
 * Windows are judged by the wall clock, which may jump ahead of the monotonic one and never falls behind it; all else by
 * the monotonic clock.
 */
export class Supervision {
  #setup: SupervisionSetup
  #now: Instant
  readonly #window: SessionWindow
  readonly #slot: ImplementorSlot
  readonly #watch: ObserverWatch
  readonly #attachments = new Map<string, Attachment>()
  /** Whether an observer has stopped input. */
  isPaused = false
  #isOver = false
  /** The reason that people were told of last. */
  #told: InputBlock | null = null
  /** Begins with nobody attached: the wait for an implementor runs from `now`. */
  constructor(setup: SupervisionSetup, now: Instant) {
    this.#setup = setup
    this.#now = now
    this.#window = new SessionWindow(setup, now)
    this.#slot = new ImplementorSlot(now.monotonicMs, setup.purpose)
    this.#watch = new ObserverWatch(now.monotonicMs)
  }

  /**
   * Takes an attachment in, or back: an id that is known resumes, with what was asked of it, and may have changed its role.
   *
   * @throws IMPLEMENTOR_PRESENT when another attachment holds the slot; nobody was attached then.
   */
  attach({ id, person, role }: Participant, now: Instant): Effect[] {
    this.#move(now)
    const { holderId } = this.#slot
    if (role === 'implementor' && holderId !== null && holderId !== id) throw new Refusal('IMPLEMENTOR_PRESENT')
    const known = this.#attachments.get(id)
    const isBack = known?.role === 'implementor'
    if (known === undefined) this.#attachments.set(id, newAttachment({ id, person, role }, now.monotonicMs))
    else resumeAttachment(known, { person, role }, now.monotonicMs)
    if (role === 'implementor') this.#slot.take({ id, person, isBack }, now.monotonicMs)
    else this.#freeSlotOf(id)
    return this.#settle()
  }

  /** Lets an attachment go; an implementor that dropped keeps the slot for the rest of its lease. */
  detach(id: string, cause: DetachCause, now: Instant): Effect[] {
    this.#move(now)
    const attachment = this.#attachments.get(id)
    if (attachment !== undefined && cause === 'dropped') {
      attachment.droppedAtMs ??= now.monotonicMs
      if (this.#slot.holderId === id) this.#slot.noteGone(now.monotonicMs)
    } else if (attachment !== undefined) {
      this.#attachments.delete(id)
      this.#freeSlotOf(id)
    }
    return this.#settle()
  }

  /** Notes that the socket of an attachment answered a ping. */
  pong(id: string, now: Instant): void {
    this.#move(now)
    const attachment = this.#live(id)
    if (attachment !== undefined) attachment.pongAtMs = now.monotonicMs
  }

  /** Notes whether an attachment has yet to acknowledge what was sent more than 2 s ago. */
  lagging(id: string, isLagging: boolean, now: Instant): Effect[] {
    return this.#note(id, { isLagging }, now)
  }

  /** Notes whether the person at an attachment can see the terminal. */
  visible(id: string, isVisible: boolean, now: Instant): Effect[] {
    return this.#note(id, { isVisible }, now)
  }

  /** Notes that an observer confirms to be watching, asked or not. */
  present(id: string, now: Instant): Effect[] {
    return this.#note(id, { presentAtMs: now.monotonicMs, question: null }, now)
  }

  /** Stops input, for any observer; it stays stopped until one lets it go on, even when the one who stopped it is gone. */
  pause(id: string, now: Instant): Effect[] {
    this.#move(now)
    if (this.#live(id)?.role === 'observer') this.isPaused = true
    return this.#settle()
  }

  /** Lets input go on, for an observer who is neither the implementor's person nor a party to the change. */
  continue(id: string, now: Instant): Effect[] {
    this.#move(now)
    const attachment = this.#live(id)
    if (attachment !== undefined && isIndependent(attachment, this.#excluded())) this.isPaused = false
    return this.#settle()
  }

  /** Gives the implementor's slot up; its attachment stays, and types no more. */
  release(id: string, now: Instant): Effect[] {
    this.#move(now)
    this.#freeSlotOf(id)
    return this.#settle()
  }

  /** Returns the attachment that holds the slot, be its socket there or dropped. */
  implementorId(): string | null {
    return this.#slot.holderId
  }

  /** Tells whether another implementor may attach. */
  isSlotFree(): boolean {
    return this.#slot.holderId === null
  }

  /** Returns why the input of an implementor does not reach the server, at the last moment that was told; null: it does. */
  inputBlock(): InputBlock | null {
    if (this.#isOver) return null
    const { observers } = this.#setup.policy
    const watching = this.#countWatching()
    if (observers !== null && watching < observers.count) return 'observers-missing'
    if (observers !== null && this.#countConfirmed() < observers.count) return 'presence-missing'
    if (this.isPaused) return 'paused-by-observer'
    if (this.#window.state(this.#watch.aloneSinceMs) === 'open') return null
    if (this.#setup.policy.windowEnd.kind !== 'grace') return 'no-new-commands'
    return watching === 0 ? 'observers-missing' : null
  }

  /** Returns what people were told last of whether input passes, for somebody who was not there then. */
  inputState(): Extract<Effect, { readonly kind: 'hold' | 'let-go' }> {
    const why = this.#told
    return why === null ? { kind: 'let-go' } : { kind: 'hold', why, sentence: this.sentenceFor(why) }
  }

  /** Says a reason in a sentence for people, with the numbers of the last moment that was told. */
  sentenceFor(why: InputBlock): string {
    const { observers, windowEnd } = this.#setup.policy
    const needed = observers?.count ?? 1
    switch (why) {
      case 'observers-missing':
        return observersBlock({ now: this.#countWatching(), needed })
      case 'presence-missing':
        return presenceBlock({ now: this.#countConfirmed(), needed })
      case 'paused-by-observer':
        return pauseBlock
      case 'not-implementor':
        return notImplementorBlock
      case 'no-new-commands':
        return overtimeBlock(windowEnd.kind === 'hard' ? 0 : windowEnd.minutes)
    }
  }

  /** Says what becomes of input: judged at `now`, whether or not a tick has noticed what changed. Input that passes is activity. */
  input(id: string, bytes: Uint8Array, now: Instant): InputVerdict {
    this.#move(now)
    const isHolder = this.#slot.holderId === id && this.#live(id) !== undefined
    if (this.#isOver || !isHolder) return { kind: 'drop', why: 'not-implementor' }
    const state = this.#window.state(this.#watch.aloneSinceMs)
    const why = state === 'over' ? 'no-new-commands' : this.inputBlock()
    const passed =
      why === 'no-new-commands' && state === 'overtime' ? bytes.filter((byte) => byte === interrupt) : bytes
    if (why !== null && (passed === bytes || passed.length === 0)) return { kind: 'drop', why }
    if (!isReportOnly(passed)) this.#slot.idle.noteInput(now.monotonicMs)
    return { kind: 'pass', bytes: passed }
  }

  /** Ends the session for whoever is attached; returns how it ended, or null where the id is not attached or it is over. */
  endBy(id: string): EndReason | null {
    const attachment = this.#isOver ? undefined : this.#live(id)
    if (attachment === undefined) return null
    this.#isOver = true
    return attachment.role === 'implementor' ? 'ended-by-implementor' : 'ended-by-observer'
  }

  /** Goes on under other rules; observers that were not needed before are waited for like at the beginning. */
  reconfigure(setup: SupervisionSetup, now: Instant): Effect[] {
    this.#move(now)
    const before = this.#setup.policy.observers?.count ?? 0
    this.#setup = setup
    this.#window.change(setup)
    const { observers } = setup.policy
    if ((observers?.count ?? 0) > before) this.#watch.beginAnew()
    if (observers === null || observers.presenceMinutes === null) {
      for (const attachment of this.#attachments.values()) attachment.question = null
    }
    return this.#settle()
  }

  /** Looks at the clocks; to be called once a second, and after pongs. */
  tick(now: Instant): Effect[] {
    this.#move(now)
    return this.#settle()
  }

  /** Every call begins here: what lapsed until now has lapsed before anything else happens. */
  #move(now: Instant): void {
    this.#now = now
    this.#window.move(now)
    this.#forgetTheGone()
  }

  #note(id: string, heard: Partial<Attachment>, now: Instant): Effect[] {
    this.#move(now)
    const attachment = this.#live(id)
    if (attachment !== undefined) Object.assign(attachment, heard)
    return this.#settle()
  }

  #live(id: string): Attachment | undefined {
    const attachment = this.#attachments.get(id)
    return attachment?.droppedAtMs === null ? attachment : undefined
  }

  #freeSlotOf(id: string): void {
    if (this.#slot.holderId === id) this.#slot.free(this.#now.monotonicMs)
  }

  #excluded(): Excluded {
    return { implementor: this.#slot.person, parties: this.#setup.partiesOfChange }
  }

  /** Counts the different persons who watch. */
  #countWatching(fits: (attachment: Attachment) => boolean = () => true): number {
    const excluded = this.#excluded()
    const nowMs = this.#now.monotonicMs
    return countPersons(
      this.#attachments.values(),
      (one) => isIndependent(one, excluded) && isWatching(one, nowMs) && fits(one),
    )
  }

  /** Counts the different persons who watch and owe no confirmation. */
  #countConfirmed(): number {
    return this.#countWatching((one) => !hasMissedQuestion(one, this.#now.monotonicMs))
  }

  #settle(): Effect[] {
    if (this.#isOver) return []
    const change = this.#watch.note(this.#observerCounts(), this.#now.monotonicMs)
    const reason = this.#endReason()
    if (reason !== null) {
      this.#isOver = true
      return [{ kind: 'end', reason }]
    }
    return [
      ...(this.#slot.takeFreed() ? [{ kind: 'slot-freed' } as const] : []),
      ...this.#tellHold(),
      ...this.#warn(change === 'left'),
      ...this.#askObservers(),
    ]
  }

  #forgetTheGone(): void {
    const nowMs = this.#now.monotonicMs
    for (const attachment of this.#attachments.values()) {
      if (attachment.id === this.#slot.holderId && hasSlotLapsed(attachment, nowMs)) {
        attachment.droppedAtMs ??= nowMs
        this.#slot.free(nowMs)
      }
      if (isGoneForGood(attachment, nowMs)) this.#attachments.delete(attachment.id)
    }
  }

  #observerCounts(): ObserverCounts {
    const needed = this.#setup.policy.observers?.count ?? 0
    return { watching: this.#countWatching(), confirmed: this.#countConfirmed(), needed }
  }

  #endReason(): EndReason | null {
    const { policy } = this.#setup
    const nowMs = this.#now.monotonicMs
    if (this.#window.state(this.#watch.aloneSinceMs) === 'over') return 'window-over'
    const ofObservers = policy.observers?.onLeave === 'end' ? this.#watch.end(nowMs) : null
    return ofObservers ?? this.#slot.idle.end(policy, nowMs)
  }

  #tellHold(): Effect[] {
    const why = this.inputBlock()
    if (why === this.#told) return []
    this.#told = why
    return [this.inputState()]
  }

  #warn(hasLeft: boolean): Effect[] {
    const { policy } = this.#setup
    const effects: Effect[] = []
    const ofWindow = this.#window.warning()
    if (ofWindow !== null) effects.push({ kind: 'warn', what: 'window', ...ofWindow })
    if (hasLeft && policy.observers?.onLeave === 'end') {
      const secondsLeft = leaveMs / 1000
      const sentence = observersWarning(secondsLeft, { now: this.#countWatching(), needed: policy.observers.count })
      effects.push({ kind: 'warn', what: 'observers', secondsLeft, sentence })
    }
    const ofNobody = this.#slot.idle.warning(policy, this.#now.monotonicMs)
    if (ofNobody !== null) effects.push({ kind: 'warn', ...ofNobody })
    return effects
  }

  #askObservers(): Effect[] {
    const minutes = this.#setup.policy.observers?.presenceMinutes ?? null
    if (minutes === null) return []
    const excluded = this.#excluded()
    const effects: Effect[] = []
    for (const attachment of this.#attachments.values()) {
      const asked = isIndependent(attachment, excluded) ? askPresence(attachment, minutes * minuteMs, this.#now) : null
      if (asked === null) continue
      const sentence = presenceQuestion(asked.secondsLeft)
      effects.push({ kind: 'ask-presence', attachmentId: attachment.id, byMs: asked.byMs, sentence })
    }
    return effects
  }
}
