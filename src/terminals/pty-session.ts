/** Terminals: one running terminal; its people, its output and input, its rules, and one end, whatever comes first. */
import { isRefusal } from '../core/errors.ts'
import { type Instant, readClocks } from '../core/revocation/lease.ts'
import { type EndReason, endReasons } from '../core/terminals/ends.ts'
import { type Effect, Supervision } from '../core/terminals/supervision.ts'
import type { ClientFrame, TerminalSize } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import { AttachmentList } from './attachment-list.ts'
import { type AttachedClient, broadcastEffect, broadcastNotice, sendInputState } from './broadcast-effect.ts'
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

/** Milliseconds. */
const limits = {
  /** An attachment whose socket dropped may come back for so long. */
  resumeMs: 60_000,
  /** A session that is attached is written as used so often. */
  usedMs: 60_000,
} as const

/** 16 MiB: whoever missed more than a browser shows in a second or two is better served with the screen. */
const longestResumeBytes = 16 * 1024 * 1024

/** Where somebody who comes back goes on: the next byte that is lacking, and the size of the window. */
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
        tell: (sentence) => broadcastNotice(sentence, { attachments: this.attachments, output: this.#output }),
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
      onBlocked: (attachment, why) => this.#frameHandler.tellBlocked(attachment, why),
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

  /** Whose it is: whoever implements, else whoever did last, attached or not. */
  get owner(): Attachment {
    return this.#owner
  }

  /** What it is held to now. */
  get rules(): SessionRules {
    return this.#rules
  }

  /** Why it is over or about to be; null while it is not. */
  get endReason(): EndReason | null {
    return this.#endReason
  }

  /** Opens the terminal; a failure to do so is its end. */
  async open(open: (listener: TerminalListener, size: TerminalSize) => Promise<Terminal>): Promise<void> {
    const listener: TerminalListener = {
      isBorrowing: true,
      onOutput: (bytes) => {
        this.#output.take(bytes)
        this.#input.outputSeen()
      },
      onNotice: (sentence) => broadcastNotice(sentence, { attachments: this.attachments, output: this.#output }),
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
      // Whoever stopped it says why it is over.
      if (!this.#isStopped) void this.end(failure?.kind ?? 'shell-exit')
    })
    if (this.#isOver()) return void terminal.end()
    this.#sizes.opened(terminal, size)
    this.#input.opened(terminal)
  }

  /** Lets an attachment in that may; `size`: null if its wire tells none. @throws IMPLEMENTOR_PRESENT, and nothing is changed. */
  admit(attachment: Attachment, sink: Sink, size: TerminalSize | null): void {
    const effects = this.#attach(attachment)
    this.attachments.add(attachment)
    this.#connect(attachment, sink, this.attachments.size === 1 && this.#output.deliveredSeq === 0 ? 0 : null)
    this.#apply(effects, { attachment, isBack: false })
    this.attachments.tellOf('joined', attachment)
    this.#output.note({ kind: 'joined', username: attachment.facts.username, role: attachment.role })
    this.#fit(attachment, size)
  }

  /** Brings an attachment back. @throws as `admit` does. */
  readmit(attachment: Attachment, sink: Sink, { from, size }: ComingBack): void {
    const effects = this.#attach(attachment)
    attachment.sink?.close(4409, 'This terminal was resumed elsewhere.')
    attachment.disconnect()
    attachment.hasLostSlot = false
    const missed = this.#output.deliveredSeq - from
    this.#connect(attachment, sink, missed >= 0 && missed <= longestResumeBytes ? from : null)
    this.#apply(effects, { attachment, isBack: true })
    this.attachments.tellOf('joined', attachment)
    this.#fit(attachment, size)
  }

  /** Takes one frame of an attachment. */
  take(attachment: Attachment, frame: ClientFrame): void {
    if (this.heard(attachment)) this.#frameHandler.take(attachment, frame)
  }

  /** The other end answered a ping, or said something else; false: too late, and its socket is cut. */
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

  /** The socket went without a word; it may come back for a while. */
  dropped(attachment: Attachment): void {
    if (attachment.sink === null) return
    attachment.disconnect()
    if (!attachment.isResumable) {
      this.#remove(attachment, 'dropped')
      return
    }
    attachment.droppedAtMs = this.#parts.clock.monotonicMs()
    this.#apply(this.#supervision.detach(attachment.facts.id, 'dropped', this.#now()))
    this.attachments.tellOf('left', attachment)
  }

  /** The person left. */
  leave(attachment: Attachment): void {
    attachment.sink?.close(1000, 'Left.')
    attachment.disconnect()
    this.#remove(attachment, 'left')
  }

  /** Ends one attachment whose access was taken back; the session goes with its implementor. */
  evict(attachment: Attachment, reason: 'revoked' | 'access-changed' | 'access-denied'): void {
    // It sees nothing more, however long its terminal takes to end.
    attachment.isUnderReview = true
    if (this.#supervision.implementorId() === attachment.facts.id) {
      void this.end(reason)
      return
    }
    closeWith(attachment, reason)
    attachment.disconnect()
    this.#remove(attachment, 'revoked')
  }

  /** Notes a command line of a health check, and how it ended. */
  async noteCommand({ line, outcome, facts, by }: CheckedLine): Promise<void> {
    const event = { kind: 'command', line, outcome, ...facts }
    if (outcome !== 'run') this.#output.note(event)
    await this.#parts.eventWriter.told(by, { command: line, outcome, ...facts })
    if (outcome === 'run' && !this.#isOver()) this.#output.note(event)
  }

  /** Holds the session against rules that changed. */
  reconfigure(rules: SessionRules): void {
    this.#rules = rules
    this.#apply(this.#supervision.reconfigure(rules.setup, this.#now()))
  }

  /** Looks at what only time changes; about once a second. */
  tick(): void {
    const nowMs = this.#parts.clock.monotonicMs()
    for (const attachment of this.attachments.all()) this.#tickOne(attachment, nowMs)
    for (const reader of [...this.#followers.readers()]) reader.tick()
    this.#output.weigh()
    this.#apply(this.#supervision.tick(this.#now()))
  }

  /** Asks every other end whether it is still there. */
  ping(): void {
    for (const attachment of this.attachments.all()) attachment.sink?.ping()
  }

  /** Ends the session; the first reason stays. Resolves once the terminal is gone and the record is sealed. */
  end(reason: EndReason, by: Attachment | null = null): Promise<void> {
    this.#ending ??= this.#finish(reason, by)
      .catch((cause: unknown) => this.#parts.log.error({ err: cause, ptySession: this.facts.id }, 'an end failed'))
      .finally(this.#parts.onClosed)
    return this.#ending
  }

  /** Takes no more input and ends the terminal at once; the caller goes on to tell the reason by `end`. */
  stop(): void {
    this.#isStopped = true
    this.#input.close()
    void this.#terminal?.end()
  }

  /** Throws away what an attachment typed and is not yet handed to the terminal. */
  discardInput(attachment: Attachment): void {
    this.#input.discard(attachment)
  }

  /** Sends its output to somebody who is no attachment, until the session ends or `leave` is called. */
  follow(sink: Sink): Following {
    return this.#followers.add(sink)
  }

  /** Tells whether nobody holds the implementor's slot. */
  isSlotFree(): boolean {
    return this.#supervision.isSlotFree()
  }

  #tickOne(attachment: Attachment, nowMs: number): void {
    const { sink, reader } = attachment
    if (sink === null) {
      if (nowMs - (attachment.droppedAtMs ?? nowMs) >= limits.resumeMs) this.#remove(attachment, 'dropped')
      return
    }
    // Nothing can be heard of what is not read.
    if (sink.isInputPaused) this.heard(attachment)
    if (attachment.isSilent(nowMs)) {
      this.#cut(attachment)
      return
    }
    reader?.tick()
    this.#frameHandler.lookAtLag(attachment)
    if (nowMs - attachment.usedAtMs < limits.usedMs) return
    attachment.usedAtMs = nowMs
    this.#parts.eventWriter.used(attachment.facts)
  }

  #cut(attachment: Attachment): void {
    attachment.sink?.cut()
    this.dropped(attachment)
  }

  #connect(attachment: Attachment, sink: Sink, from: number | null): void {
    const { newSecret, clock, facts } = this.#parts
    attachment.sink = sink
    attachment.droppedAtMs = null
    attachment.heardAtMs = clock.monotonicMs()
    const { secret, digest } = newSecret()
    attachment.isResumable = sink.acknowledges
    attachment.resumeDigest = sink.acknowledges ? digest : null
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

  /** Before anything else is changed, because it may refuse. */
  #attach(attachment: Attachment): Effect[] {
    const { facts, role } = attachment
    const { id, accountId, person } = facts
    const effects = this.#supervision.attach({ id, accountId, person, role }, this.#now())
    if (role === 'implementor') this.#owner = attachment
    return effects
  }

  /** The terminal has the size of whoever types. */
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
    // Whose socket had dropped is not there already.
    if (attachment.droppedAtMs === null) this.attachments.tellOf('left', attachment)
    this.#output.note({ kind: 'left', username: attachment.facts.username, role: attachment.role, cause })
  }

  #apply(effects: readonly Effect[], attachedClient?: AttachedClient): void {
    for (const effect of effects) if (this.#endReason === null) this.#applyOne(effect)
    if (attachedClient !== undefined)
      sendInputState(attachedClient, effects, { attachments: this.attachments, supervision: this.#supervision })
  }

  #applyOne(effect: Effect): void {
    if (effect.kind === 'end') void this.end(effect.reason)
    else
      broadcastEffect(effect, {
        attachments: this.attachments,
        output: this.#output,
        eventWriter: this.#parts.eventWriter,
      })
  }

  #finish(reason: EndReason, by: Attachment | null): Promise<void> {
    this.#endReason = reason
    this.#input.close()
    this.#frameHandler.close()
    this.#sizes.close()
    const [parts, terminal, output, followers] = [this.#parts, this.#terminal, this.#output, this.#followers]
    return finishSession({ parts, terminal, output, attachments: this.attachments, followers }, reason, by)
  }

  /** Whoever types now. */
  implementor(): Attachment | null {
    const id = this.#supervision.implementorId()
    return id === null ? null : (this.attachments.find(id) ?? null)
  }

  #now(): Instant {
    return readClocks(this.#parts.clock)
  }
}
