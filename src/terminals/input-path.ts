/** Terminals: the way of what is typed; supervised, paced where somebody has to watch, recorded where policy says so, handed to the terminal. */

import type { Instant } from '../core/revocation/lease.ts'
import type { Supervision } from '../core/terminals/supervision.ts'
import { isReportOnly } from '../core/terminals/terminal-reports.ts'
import { TypingPace } from '../core/terminals/typing-pace.ts'
import type { BlockReason } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { Sink } from './sink.ts'
import type { CancelTimer, Timers } from './timers.ts'
import type { Terminal } from './transports/transport.ts'

/** 64 KiB: what may wait for a program that does not read; then whoever types has to wait. */
const longestWaitBytes = 64 * 1024

/** What an input path is made of. */
export type InputPathParts = {
  readonly supervision: Supervision
  /** Whether somebody has to watch at this moment; else nothing is held back for watchers. */
  readonly isWatched: () => boolean
  /** Why nothing of an attachment may pass at this moment, whatever supervision says; null: it may. */
  readonly whyNot: (attachment: Attachment) => BlockReason | null
  readonly timers: Timers
  readonly now: () => Instant
  /** Records what passes, where policy asks for it. */
  readonly record: (bytes: Uint8Array) => void
  readonly onBlocked: (attachment: Attachment, why: BlockReason) => void
}

/** What is typed into one terminal. */
export class InputPath {
  readonly #parts: InputPathParts
  #terminal: Terminal | null = null
  #early: Uint8Array[] = []
  #earlyBytes = 0
  /** What the attachment below has typed and is held back for watchers; null: nothing ever was. */
  #pace: TypingPace | null = null
  #typist: Attachment | null = null
  readonly #slowed = new Set<Sink>()
  #paceTimer: CancelTimer | null = null
  /** Whether the answer to a paste is waited for. */
  #isAsking = false
  #isClosed = false

  constructor(parts: InputPathParts) {
    this.#parts = parts
  }

  /** Hands over what was typed while the terminal was being opened. */
  opened(terminal: Terminal): void {
    this.#terminal = terminal
    const early = this.#early
    this.#early = []
    this.#earlyBytes = 0
    for (const bytes of early) this.#write(bytes)
  }

  /** Takes input of an attachment; what may not pass is dropped, and told. */
  take(attachment: Attachment, bytes: Uint8Array): void {
    const { supervision, now, onBlocked, whyNot } = this.#parts
    if (this.#isClosed) return
    const why = whyNot(attachment)
    const at = now()
    const verdict = why === null ? supervision.input(attachment.facts.id, bytes, at) : ({ kind: 'drop', why } as const)
    if (verdict.kind === 'drop') {
      // A terminal that answered by itself is nobody who has to know.
      if (!isReportOnly(bytes)) onBlocked(attachment, verdict.why)
      return
    }
    const pace = this.#paceOf(attachment)
    if (pace === null) {
      this.#pass(attachment, verdict.bytes)
      return
    }
    const { send, held } = pace.offer(verdict.bytes, at.monotonicMs)
    if (send !== null) this.#pass(attachment, send)
    this.#isAsking = held === 'paste-unconfirmed'
    if (held === 'pace') this.#waitForPace()
    else if (held !== null) onBlocked(attachment, held)
  }

  /** Says that the terminal put something out: whoever watches has something to see. */
  outputSeen(): void {
    if (this.#pace === null) return
    this.#pace.outputSeen(this.#parts.now().monotonicMs)
    if (this.#typist !== null && this.#pace.pendingBytes > 0) this.#sendDue(this.#typist)
  }

  /** Lets a paste of several lines go, or throws it away; whoever did not type it has no say. */
  confirmPaste(attachment: Attachment, isWanted: boolean): void {
    if (this.#pace === null || attachment !== this.#typist) return
    this.#pace.confirmPaste(isWanted, this.#parts.now().monotonicMs)
    this.#isAsking = false
    this.#sendDue(attachment)
  }

  /** Throws away what an attachment typed and is not yet handed to the terminal. */
  discard(attachment: Attachment): void {
    if (attachment === this.#typist) this.#forget()
  }

  /** Throws away what waits, and takes nothing any more. */
  close(): void {
    this.#isClosed = true
    this.#forget()
    this.#paceTimer?.()
  }

  #forget(): void {
    this.#pace = null
    this.#early = []
    this.#earlyBytes = 0
  }

  /** The pace of whoever types: what somebody else left behind is thrown away. */
  #paceOf(attachment: Attachment): TypingPace | null {
    if (attachment !== this.#typist) {
      this.#typist = attachment
      this.#forget()
    }
    if (this.#parts.isWatched()) this.#pace ??= new TypingPace()
    else if (this.#pace?.pendingBytes === 0) this.#pace = null
    return this.#pace
  }

  #waitForPace(): void {
    const { timers, now } = this.#parts
    const nextAtMs = this.#pace?.nextAtMs() ?? null
    if (nextAtMs === null || this.#paceTimer !== null) return
    this.#paceTimer = timers.after(Math.max(0, nextAtMs - now().monotonicMs), () => {
      this.#paceTimer = null
      if (this.#typist !== null) this.#sendDue(this.#typist)
    })
  }

  /** What was held back is judged again: the one who watched may be gone. */
  #sendDue(attachment: Attachment): void {
    const { supervision, now, onBlocked, whyNot } = this.#parts
    const at = now()
    const due = this.#pace?.due(at.monotonicMs) ?? null
    if (due !== null) {
      const why = whyNot(attachment)
      const verdict = why === null ? supervision.input(attachment.facts.id, due, at) : ({ kind: 'drop', why } as const)
      if (verdict.kind === 'drop') onBlocked(attachment, verdict.why)
      else this.#pass(attachment, verdict.bytes)
    }
    // The next paste that waited behind what was sent.
    if (!this.#isAsking && this.#pace !== null && this.#pace.unconfirmedPaste !== null) {
      this.#isAsking = true
      onBlocked(attachment, 'paste-unconfirmed')
    }
    this.#waitForPace()
  }

  #pass(attachment: Attachment, bytes: Uint8Array): void {
    this.#parts.record(bytes)
    if (this.#terminal === null) {
      this.#keepEarly(attachment, bytes)
      return
    }
    const { sink } = attachment
    if (this.#write(bytes) <= longestWaitBytes || sink === null || this.#slowed.has(sink)) return
    this.#slowed.add(sink)
    sink.pauseInput()
    void this.#terminal.drained().then(() => {
      this.#slowed.delete(sink)
      sink.resumeInput()
    })
  }

  #write(bytes: Uint8Array): number {
    return this.#terminal?.write(bytes) ?? 0
  }

  #keepEarly(attachment: Attachment, bytes: Uint8Array): void {
    if (this.#earlyBytes + bytes.length > longestWaitBytes) {
      this.#parts.onBlocked(attachment, 'paste-too-large')
      return
    }
    this.#early.push(bytes)
    this.#earlyBytes += bytes.length
  }
}
