/** Core: supervises one PTY session: who may type, which events clients get, when it ends. Pure: every moment is a parameter. */
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
import type { DetachCause, Effect, InputBlock, InputVerdict } from './supervision-effects.ts'
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
  /** The id of the attachment; a resume keeps it. */
  readonly id: string
  readonly accountId: number
  /** The natural person behind the account. Two accounts of one person never watch each other. */
  readonly person: string
  readonly role: 'implementor' | 'observer'
}

/** The rules of the supervision. */
export type SupervisionSetup = {
  readonly policy: TerminalPolicy
  readonly purpose: Purpose
  /** Unix milliseconds; null: no window. */
  readonly windowEndsAtMs: number | null
  /**
   * Persons who requested or approved the change. They do not count as observers, and may not type if observers are
   * needed.
   */
  readonly partiesOfChange: readonly string[]
}

const minuteMs = 60_000

/** The byte of Ctrl-C. */
const interrupt = 0x03

/**
 * The supervision of one PTY session. Every call gets the present moment and returns what to do, in order: a freed
 * slot, a change of blocked input, warnings, questions. An end comes alone, and nothing follows it.
 *
 * Windows are judged by the wall clock, which may jump ahead of the monotonic one and never falls behind it. Everything
 * else is judged by the monotonic clock.
 */
export class Supervision {
  #setup: SupervisionSetup
  #now: Instant
  readonly #window: SessionWindow
  readonly #slot: ImplementorSlot
  readonly #watch: ObserverWatch
  readonly #attachments = new Map<string, Attachment>()
  /** Whether an observer has paused the input. */
  isPaused = false
  #isOver = false
  /** The reason in the last event that clients got. */
  #announced: InputBlock | null = null
  /** Starts without an attachment: the headless limit runs from `now`. */
  constructor(setup: SupervisionSetup, now: Instant) {
    this.#setup = setup
    this.#now = now
    this.#window = new SessionWindow(setup, now)
    this.#slot = new ImplementorSlot(now.monotonicMs, setup.purpose)
    this.#watch = new ObserverWatch(now.monotonicMs)
  }

  /**
   * Adds an attachment. A known id resumes with its open question, and may have another role.
   *
   * @throws IMPLEMENTOR_PRESENT if another attachment holds the slot; then nothing changes.
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

  /** Removes an attachment. An implementor that dropped keeps the slot for the rest of its time. */
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

  /** Notes a pong of an attachment. */
  pong(id: string, now: Instant): void {
    this.#move(now)
    const attachment = this.#live(id)
    if (attachment !== undefined) attachment.pongAtMs = now.monotonicMs
  }

  /** Notes whether an attachment has not acknowledged output that was sent more than 2 s ago. */
  lagging(id: string, isLagging: boolean, now: Instant): Effect[] {
    return this.#note(id, { isLagging }, now)
  }

  /** Notes whether the user at an attachment can see the terminal. */
  visible(id: string, isVisible: boolean, now: Instant): Effect[] {
    return this.#note(id, { isVisible }, now)
  }

  /** Notes that an observer confirms to be watching, asked or not. */
  present(id: string, now: Instant): Effect[] {
    return this.#note(id, { presentAtMs: now.monotonicMs, question: null }, now)
  }

  /** Pauses the input; any observer may. It stays paused if that observer leaves. */
  pause(id: string, now: Instant): Effect[] {
    this.#move(now)
    if (this.#live(id)?.role === 'observer') this.isPaused = true
    return this.#settle()
  }

  /** Resumes the input, for an observer who is neither the implementor's person nor a party to the change. */
  continue(id: string, now: Instant): Effect[] {
    this.#move(now)
    const attachment = this.#live(id)
    if (attachment !== undefined && isIndependent(attachment, this.#excluded())) this.isPaused = false
    return this.#settle()
  }

  /** Frees the implementor's slot; its attachment stays and can no longer type. */
  release(id: string, now: Instant): Effect[] {
    this.#move(now)
    this.#freeSlotOf(id)
    return this.#settle()
  }

  /** Returns the attachment that holds the slot, with or without a socket. */
  implementorId(): string | null {
    return this.#slot.holderId
  }

  /** Returns whether another implementor may attach. */
  isSlotFree(): boolean {
    return this.#slot.holderId === null
  }

  /** Returns why the implementor's input is blocked, as of the last call; null: it is not. */
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

  /** Returns the last event about blocked input, for a client that just joined. */
  inputState(): Extract<Effect, { readonly kind: 'block' | 'unblock' }> {
    const why = this.#announced
    return why === null ? { kind: 'unblock' } : { kind: 'block', why, sentence: this.sentenceFor(why) }
  }

  /** Returns the sentence for a reason, with the numbers as of the last call. */
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

  /**
   * Returns the verdict on input. It is judged at `now`, whether or not a tick has noticed a change. Input that passes
   * counts as activity.
   */
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

  /**
   * Ends the session for an attachment; returns the reason, or null if the id is not attached or the session is over.
   */
  endBy(id: string): EndReason | null {
    const attachment = this.#isOver ? undefined : this.#live(id)
    if (attachment === undefined) return null
    this.#isOver = true
    return attachment.role === 'implementor' ? 'ended-by-implementor' : 'ended-by-observer'
  }

  /** Applies other rules. New observers are waited for as at the start. */
  reconfigure(setup: SupervisionSetup, now: Instant): Effect[] {
    this.#move(now)
    const before = this.#setup.policy.observers?.count ?? 0
    this.#setup = setup
    this.#window.change(setup)
    const { observers } = setup.policy
    if ((observers?.count ?? 0) > before) this.#watch.restart()
    if (observers === null || observers.presenceMinutes === null) {
      for (const attachment of this.#attachments.values()) attachment.question = null
    }
    return this.#settle()
  }

  /** Handles what only time changes; call it once a second, and after pongs. */
  tick(now: Instant): Effect[] {
    this.#move(now)
    return this.#settle()
  }

  /** Every call starts here, so that whatever has lapsed by now is handled first. */
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

  /** Counts the different persons who watch and have confirmed. */
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
    if (why === this.#announced) return []
    this.#announced = why
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
