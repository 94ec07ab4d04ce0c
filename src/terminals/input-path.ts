/** Terminals: the path of input. It is supervised, paced if an observer must watch, recorded if the policy says so, and given to the terminal. */

import type { Instant } from '../core/revocation/lease.ts'
import type { Supervision } from '../core/terminals/supervision.ts'
import { isReportOnly } from '../core/terminals/terminal-reports.ts'
import { TypingPace } from '../core/terminals/typing-pace.ts'
import type { BlockReason } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { Sink } from './sink.ts'
import type { CancelTimer, Timers } from './timers.ts'
import type { Terminal } from './transports/transport.ts'

/** 64 KiB: input that may wait for a program that does not read. Beyond it, the socket is not read. */
const longestWaitBytes = 64 * 1024

export type InputPathParts = {
  readonly supervision: Supervision
  /** Returns whether an observer must watch at this moment. If not, input is not paced. */
  readonly isWatched: () => boolean
  /** Returns why the input of an attachment is blocked at this moment besides supervision; null: it is not. */
  readonly whyNot: (attachment: Attachment) => BlockReason | null
  readonly timers: Timers
  readonly now: () => Instant
  /** Records input that passes, if the policy asks for it. */
  readonly record: (bytes: Uint8Array) => void
  readonly onBlocked: (attachment: Attachment, why: BlockReason) => void
}

/** The input of one terminal. */
export class InputPath {
  readonly #parts: InputPathParts
  #terminal: Terminal | null = null
  #early: Uint8Array[] = []
  #earlyBytes = 0
  /** Paced input of the attachment below; null: nothing was paced. */
  #pace: TypingPace | null = null
  #typist: Attachment | null = null
  readonly #slowed = new Set<Sink>()
  #paceTimer: CancelTimer | null = null
  /** Whether a paste waits for its confirmation. */
  #isAsking = false
  #isClosed = false

  constructor(parts: InputPathParts) {
    this.#parts = parts
  }

  /** Passes on the input from before the terminal was open. */
  opened(terminal: Terminal): void {
    this.#terminal = terminal
    const early = this.#early
    this.#early = []
    this.#earlyBytes = 0
    for (const bytes of early) this.#write(bytes)
  }

  /** Takes the input of an attachment. If it is blocked, it is dropped and the client gets an event. */
  take(attachment: Attachment, bytes: Uint8Array): void {
    const { supervision, now, onBlocked, whyNot } = this.#parts
    if (this.#isClosed) return
    const why = whyNot(attachment)
    const at = now()
    const verdict = why === null ? supervision.input(attachment.facts.id, bytes, at) : ({ kind: 'drop', why } as const)
    if (verdict.kind === 'drop') {
      // An automatic answer of a terminal emulator needs no event.
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

  /** Notes that the terminal has put out something for observers to see. */
  outputSeen(): void {
    if (this.#pace === null) return
    this.#pace.outputSeen(this.#parts.now().monotonicMs)
    if (this.#typist !== null && this.#pace.pendingBytes > 0) this.#sendDue(this.#typist)
  }

  /** Passes a paste of several lines, or drops it. Only the attachment that pasted may confirm. */
  confirmPaste(attachment: Attachment, isWanted: boolean): void {
    if (this.#pace === null || attachment !== this.#typist) return
    this.#pace.confirmPaste(isWanted, this.#parts.now().monotonicMs)
    this.#isAsking = false
    this.#sendDue(attachment)
  }

  /** Drops the input of an attachment that the terminal did not get yet. */
  discard(attachment: Attachment): void {
    if (attachment === this.#typist) this.#forget()
  }

  /** Drops waiting input, and takes no more. */
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

  /** Returns the pace of the implementor; input that another attachment left waiting is dropped. */
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

  /** Paced input is judged again: the observer may be gone. */
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
    // The next paste, which waited behind the current one.
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
