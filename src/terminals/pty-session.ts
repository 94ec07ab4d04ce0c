/** Terminals: one running terminal with its attachments, its output and input, its rules, and its one end. */
import { isRefusal } from '../core/errors.ts'
import { type Instant, readClocks } from '../core/revocation/lease.ts'
import { type EndReason, endReasons } from '../core/terminals/ends.ts'
import { Supervision } from '../core/terminals/supervision.ts'
import type { Effect } from '../core/terminals/supervision-effects.ts'
import type { ClientFrame, TerminalSize } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import { AttachmentList } from './attachment-list.ts'
import {
  type AttachedClient,
  broadcastEffect,
  broadcastNotice,
  type Recipients,
  sendInputState,
} from './broadcast-effect.ts'
import { closeWith } from './close-with.ts'
import { finishSession } from './finish-session.ts'
import { Followers, type Following } from './followers.ts'
import { FrameHandler } from './frame-handler.ts'
import type { CheckedLine } from './gateway-parts.ts'
import { InputPath } from './input-path.ts'
import { OutputPath } from './output-path.ts'
import { type PtySessionFacts, type PtySessionParts, type SessionRules, welcomeFrame } from './pty-session-parts.ts'
import { Reader, type ReaderStart } from './reader.ts'
import type { Sink } from './sink.ts'
import { SizePath } from './size-path.ts'
import { tooSlow } from './too-slow.ts'
import type { Terminal, TerminalListener } from './transports/transport.ts'
import { watchRecord } from './watch-record.ts'

/** Milliseconds in which an attachment may resume after its socket dropped. */
const resumeMs = 60_000

/** Milliseconds between two writes that say that a session is in use. */
const usedMs = 60_000

/** 16 MiB: a client that missed more gets a snapshot of the screen, which is faster. */
const longestResumeBytes = 16 * 1024 * 1024

/** What a client that resumes needs: the offset of the next byte, and the size of its window. */
type ComingBack = { readonly from: number; readonly size: TerminalSize }

/** One running terminal. */
export class PtySession {
  readonly attachments: AttachmentList = new AttachmentList()
  readonly #parts: PtySessionParts
  #rules: SessionRules
  #owner: Attachment
  readonly #supervision: Supervision
  readonly #output: OutputPath
  readonly #sizes: SizePath
  readonly #input: InputPath
  readonly #frameHandler: FrameHandler
  readonly #followers: Followers
  #terminal: Terminal | null = null
  #ending: Promise<void> | null = null
  #isStopped = false
  #endReason: EndReason | null = null

  constructor(parts: PtySessionParts) {
    this.#parts = parts
    this.#rules = parts.rules
    this.#owner = parts.owner
    this.#supervision = new Supervision(parts.rules.setup, this.#now())
    this.#output = new OutputPath({
      recorder: parts.recorder,
      screen: parts.screen,
      size: parts.size,
      timers: parts.timers,
      nowMs: () => parts.clock.monotonicMs(),
      hold: (isHeld) => (isHeld ? this.#terminal?.pause() : this.#terminal?.resume()),
      ...watchRecord(parts, {
        warn: (sentence) => broadcastNotice(sentence, this.#recipients()),
        end: (reason) => void this.end(reason),
      }),
    })
    this.#sizes = new SizePath({ output: this.#output, timers: parts.timers, size: parts.size })
    this.#input = new InputPath({
      supervision: this.#supervision,
      isWatched: () => this.#rules.setup.policy.observers !== null,
      timers: parts.timers,
      now: () => this.#now(),
      whyNot: ({ isUnderReview }) =>
        parts.isLeaseHeld() ? (isUnderReview ? 'access-under-review' : null) : 'node-without-lease',
      record: (bytes) => {
        this.attachments.noteInput(bytes)
        if (this.#rules.setup.policy.recordInput) this.#output.noteInput(bytes)
      },
      onBlocked: (attachment, why) => this.#frameHandler.sendBlocked(attachment, why),
    })
    this.#frameHandler = new FrameHandler({
      attachments: this.attachments,
      supervision: this.#supervision,
      output: this.#output,
      input: this.#input,
      eventWriter: parts.eventWriter,
      timers: parts.timers,
      now: () => this.#now(),
      apply: (effects) => this.#apply(effects),
      sizes: this.#sizes,
      leave: (attachment) => this.leave(attachment),
      end: (reason, by) => void this.end(reason, by),
    })
    this.#followers = new Followers((sink, onStuck) =>
      this.#newReader(sink, { from: null, isImplementor: false, isHeld: false }, onStuck),
    )
  }

  get facts(): PtySessionFacts {
    return this.#parts.facts
  }

  /** The owner: the implementor, or the last one, attached or not. */
  get owner(): Attachment {
    return this.#owner
  }

  get rules(): SessionRules {
    return this.#rules
  }

  /** Why it ends; null while it runs. */
  get endReason(): EndReason | null {
    return this.#endReason
  }

  /** Opens the terminal. If this fails, the session ends. */
  async open(open: (listener: TerminalListener, size: TerminalSize) => Promise<Terminal>): Promise<void> {
    const listener: TerminalListener = {
      isBorrowing: true,
      onOutput: (bytes) => {
        this.#output.take(bytes)
        this.#input.outputSeen()
      },
      onNotice: (sentence) => broadcastNotice(sentence, this.#recipients()),
    }
    if (this.#isOver()) return
    try {
      const { size } = this.#sizes
      this.#begin(await open(listener, size), size)
    } catch (cause) {
      this.#parts.log.warn({ err: cause, ptySession: this.facts.id }, 'a terminal could not be opened')
      await this.end(isRefusal(cause, 'NO_GATEWAY') ? 'gateway-busy' : 'internal')
    }
  }

  #begin(terminal: Terminal, size: TerminalSize): void {
    this.#terminal = terminal
    void terminal.exited.then(({ failure }) => {
      if (failure !== null && !this.#isOver())
        this.#parts.log.warn({ failure, ptySession: this.facts.id }, 'a terminal failed')
      // The caller of `stop` gives the reason.
      if (!this.#isStopped) void this.end(failure?.kind ?? 'shell-exit')
    })
    if (this.#isOver()) return void terminal.end()
    this.#sizes.opened(terminal, size)
    this.#input.opened(terminal)
  }

  /**
   * Attaches a client; `size` is null if its wire has none.
   * @throws IMPLEMENTOR_PRESENT, and changes nothing.
   */
  admit(attachment: Attachment, sink: Sink, size: TerminalSize | null): void {
    const effects = this.#attach(attachment)
    this.attachments.add(attachment)
    this.#connect(attachment, sink, this.attachments.size === 1 && this.#output.deliveredSeq === 0 ? 0 : null)
    this.#apply(effects, { attachment, isBack: false })
    this.attachments.broadcastParticipants('joined', attachment)
    this.#output.note({ kind: 'joined', username: attachment.facts.username, role: attachment.role })
    this.#fit(attachment, size)
  }

  /** Attaches a client that resumes. @throws as `admit` does. */
  readmit(attachment: Attachment, sink: Sink, { from, size }: ComingBack): void {
    const effects = this.#attach(attachment)
    attachment.sink?.close(4409, 'This terminal was resumed elsewhere.')
    attachment.disconnect()
    attachment.hasLostSlot = false
    const missed = this.#output.deliveredSeq - from
    this.#connect(attachment, sink, missed >= 0 && missed <= longestResumeBytes ? from : null)
    this.#apply(effects, { attachment, isBack: true })
    this.attachments.broadcastParticipants('joined', attachment)
    this.#fit(attachment, size)
  }

  take(attachment: Attachment, frame: ClientFrame): void {
    if (this.heard(attachment)) this.#frameHandler.take(attachment, frame)
  }

  /** Notes that the client sent something. Returns false if it came too late: then the socket is cut. */
  heard(attachment: Attachment): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    if (attachment.isSilent(nowMs)) {
      this.#cut(attachment)
      return false
    }
    attachment.heardAtMs = nowMs
    this.#supervision.pong(attachment.facts.id, this.#now())
    return true
  }

  /** The socket dropped; the attachment may resume for a while. */
  dropped(attachment: Attachment): void {
    if (attachment.sink === null) return
    attachment.disconnect()
    if (!attachment.isResumable) {
      this.#remove(attachment, 'dropped')
      return
    }
    attachment.droppedAtMs = this.#parts.clock.monotonicMs()
    this.#apply(this.#supervision.detach(attachment.facts.id, 'dropped', this.#now()))
    this.attachments.broadcastParticipants('left', attachment)
  }

  leave(attachment: Attachment): void {
    attachment.sink?.close(1000, 'Left.')
    attachment.disconnect()
    this.#remove(attachment, 'left')
  }

  /** Ends one attachment whose access was revoked. If it is the implementor, the session ends. */
  evict(attachment: Attachment, reason: 'revoked' | 'access-changed' | 'access-denied'): void {
    // It gets no more output, even if its terminal takes time to end.
    attachment.isUnderReview = true
    if (this.#supervision.implementorId() === attachment.facts.id) {
      void this.end(reason)
      return
    }
    closeWith(attachment, reason)
    attachment.disconnect()
    this.#remove(attachment, 'revoked')
  }

  /** Writes a command line of a health check, and its result. */
  async noteCommand({ line, outcome, facts, by }: CheckedLine): Promise<void> {
    const event = { kind: 'command', line, outcome, ...facts }
    if (outcome !== 'run') this.#output.note(event)
    await this.#parts.eventWriter.writeNow(by, { command: line, outcome, ...facts })
    if (outcome === 'run' && !this.#isOver()) this.#output.note(event)
  }

  reconfigure(rules: SessionRules): void {
    this.#rules = rules
    this.#apply(this.#supervision.reconfigure(rules.setup, this.#now()))
  }

  /** Handles what only time changes; called about once a second. */
  tick(): void {
    const nowMs = this.#parts.clock.monotonicMs()
    for (const attachment of this.attachments.all()) this.#tickOne(attachment, nowMs)
    for (const reader of [...this.#followers.readers()]) reader.tick()
    this.#output.weigh()
    this.#apply(this.#supervision.tick(this.#now()))
  }

  ping(): void {
    for (const attachment of this.attachments.all()) attachment.sink?.ping()
  }

  /** Ends the session; the first reason wins. Resolves when the terminal is gone and the recording is sealed. */
  end(reason: EndReason, by: Attachment | null = null): Promise<void> {
    this.#ending ??= this.#finish(reason, by)
      .catch((cause: unknown) => this.#parts.log.error({ err: cause, ptySession: this.facts.id }, 'an end failed'))
      .finally(this.#parts.onClosed)
    return this.#ending
  }

  /** Takes no more input and ends the terminal at once. The caller then calls `end` with the reason. */
  stop(): void {
    this.#isStopped = true
    this.#input.close()
    void this.#terminal?.end()
  }

  /** Drops the input of an attachment that the terminal did not get yet. */
  discardInput(attachment: Attachment): void {
    this.#input.discard(attachment)
  }

  /** Sends the output to a sink without an attachment, until the session ends or `leave` is called. */
  follow(sink: Sink): Following {
    return this.#followers.add(sink)
  }

  isSlotFree(): boolean {
    return this.#supervision.isSlotFree()
  }

  #tickOne(attachment: Attachment, nowMs: number): void {
    const { sink, reader } = attachment
    if (sink === null) {
      if (nowMs - (attachment.droppedAtMs ?? nowMs) >= resumeMs) this.#remove(attachment, 'dropped')
      return
    }
    // A paused socket is not read, so its silence means nothing.
    if (sink.isInputPaused) this.heard(attachment)
    if (attachment.isSilent(nowMs)) {
      this.#cut(attachment)
      return
    }
    reader?.tick()
    this.#frameHandler.lookAtLag(attachment)
    if (nowMs - attachment.usedAtMs < usedMs) return
    attachment.usedAtMs = nowMs
    this.#parts.eventWriter.used(attachment.facts)
  }

  #cut(attachment: Attachment): void {
    attachment.sink?.cut()
    this.dropped(attachment)
  }

  #connect(attachment: Attachment, sink: Sink, from: number | null): void {
    const { newSecret, clock, facts } = this.#parts
    const { secret, digest } = newSecret()
    attachment.connect(sink, digest, clock.monotonicMs())
    const size = from === null ? this.#output.size : this.#output.sizes.before(from)
    const seq = from ?? this.#output.deliveredSeq
    const participants = this.attachments.views()
    sink.send(welcomeFrame(attachment, { facts, setup: this.#rules.setup, participants, seq, size, resume: secret }))
    const { role, isUnderReview } = attachment
    const start = { from, isImplementor: role === 'implementor', isHeld: isUnderReview }
    attachment.reader = this.#newReader(sink, start, () => {
      sink.close(tooSlow.code, tooSlow.sentence)
      this.dropped(attachment)
    })
  }

  #attach(attachment: Attachment): Effect[] {
    const { facts, role } = attachment
    const { id, accountId, person } = facts
    const effects = this.#supervision.attach({ id, accountId, person, role }, this.#now())
    if (role === 'implementor') this.#owner = attachment
    return effects
  }

  /** The terminal gets the size of the implementor's window. */
  #fit({ role }: Attachment, size: TerminalSize | null): void {
    if (size !== null && role === 'implementor') this.#sizes.set(size)
  }

  #isOver(): boolean {
    return this.#isStopped || this.#endReason !== null
  }

  #newReader(sink: Sink, start: ReaderStart, onStuck: () => void): Reader {
    const { timers, clock, log, facts } = this.#parts
    const onFailed = (cause: unknown): void => {
      log.error({ err: cause, ptySession: facts.id }, 'output could not be sent on')
      sink.close(endReasons.internal.closeCode, endReasons.internal.sentence)
    }
    const nowMs = (): number => clock.monotonicMs()
    return new Reader({ path: this.#output, sink, timers, nowMs, onStuck, onFailed }, start)
  }

  #remove(attachment: Attachment, cause: 'left' | 'dropped' | 'revoked'): void {
    if (!this.attachments.remove(attachment)) return
    const freesSlot = this.#supervision.implementorId() === attachment.facts.id
    this.#parts.eventWriter.detached(attachment.facts, { cause, freesSlot })
    this.#apply(this.#supervision.detach(attachment.facts.id, cause === 'dropped' ? 'left' : cause, this.#now()))
    // An attachment whose socket had dropped was reported as gone already.
    if (attachment.droppedAtMs === null) this.attachments.broadcastParticipants('left', attachment)
    this.#output.note({ kind: 'left', username: attachment.facts.username, role: attachment.role, cause })
  }

  #apply(effects: readonly Effect[], attachedClient?: AttachedClient): void {
    for (const effect of effects) if (this.#endReason === null) this.#applyOne(effect)
    if (attachedClient !== undefined)
      sendInputState(attachedClient, effects, { attachments: this.attachments, supervision: this.#supervision })
  }

  #applyOne(effect: Effect): void {
    if (effect.kind === 'end') void this.end(effect.reason)
    else broadcastEffect(effect, this.#recipients())
  }

  #recipients(): Recipients {
    return { attachments: this.attachments, output: this.#output, eventWriter: this.#parts.eventWriter }
  }

  #finish(reason: EndReason, by: Attachment | null): Promise<void> {
    this.#endReason = reason
    this.#input.close()
    this.#frameHandler.close()
    this.#sizes.close()
    const [parts, terminal, output, followers] = [this.#parts, this.#terminal, this.#output, this.#followers]
    return finishSession({ parts, terminal, output, attachments: this.attachments, followers }, reason, by)
  }

  implementor(): Attachment | null {
    const id = this.#supervision.implementorId()
    return id === null ? null : (this.attachments.find(id) ?? null)
  }

  #now(): Instant {
    return readClocks(this.#parts.clock)
  }
}
