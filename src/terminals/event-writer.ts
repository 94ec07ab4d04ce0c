/** Terminals: writes the events of a PTY session and its attachments to the store. A failed write is logged; only callers that asked to wait notice it. */
import { auditEvent, type RequestFacts } from '../core/audit/act.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Store } from '../core/store.ts'
import type { EndReason } from '../core/terminals/ends.ts'
import type { AttachmentFacts } from './attachment.ts'
import type { Timers } from './timers.ts'

/** Milliseconds between two attempts to write an end, and the number of attempts: an hour in all. */
const again = { ms: 1_000, times: 3_600 } as const

/** What the writer needs. */
export type EventWriterPorts = {
  readonly store: Pick<Store, 'execute'>
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
}

/** Writes the events of one PTY session. */
export class EventWriter {
  readonly #ports: EventWriterPorts
  readonly #ptySessionId: string
  #last: Promise<void> = Promise.resolve()

  constructor(ports: EventWriterPorts, ptySessionId: string) {
    this.#ports = ports
    this.#ptySessionId = ptySessionId
  }

  /** Writes that an attachment ended. */
  detached(attachment: AttachmentFacts, how: { readonly cause: string; readonly freesSlot: boolean }): void {
    const nowMs = this.#ports.clock.wallMs()
    const audit = this.#event('pty-detach', attachment, { cause: how.cause })
    this.#write(() =>
      this.#ports.store.execute('detachPtyAttachment', { attachmentId: attachment.id, ...how, nowMs, audit }),
    )
  }

  /** Writes that the implementor's slot is free, although its attachment may still resume. */
  slotFreed(accountId: number): void {
    const input = { ptySessionId: this.#ptySessionId, accountId }
    this.#write(() => this.#ports.store.execute('freePtySlot', input))
  }

  /** Takes a free slot back. Returns false if another attachment has it. */
  async retakeSlot(accountId: number): Promise<boolean> {
    await this.#last
    const input = { ptySessionId: this.#ptySessionId, accountId }
    const { kind } = await this.#ports.store.execute('retakePtySlot', input)
    return kind === 'taken'
  }

  /**
   * Writes the end, with the user who caused it. Resolves when it is written, or when the write failed; then it is
   * tried again later, because nothing else would close the session in the store.
   */
  async closed(
    reason: EndReason,
    facts: { readonly exitCode: number | null; readonly by: AttachmentFacts | null },
  ): Promise<void> {
    const nowMs = this.#ports.clock.wallMs()
    const detail = { reason, ...(facts.exitCode === null ? {} : { exit_code: facts.exitCode }) }
    const audit = this.#event('pty-end', facts.by, detail)
    const input = { id: this.#ptySessionId, reason, exitCode: facts.exitCode, nowMs, audit }
    const write = (): Promise<unknown> => this.#ports.store.execute('closePtySession', input)
    this.#write(write, () => this.#writeLater(write, again.times))
    await this.#last
  }

  /** Writes an event that changes no row. */
  write(attachment: AttachmentFacts | null, detail: Readonly<Record<string, string | number>>): void {
    this.#write(this.#eventOf(attachment, detail))
  }

  /**
   * Writes an event that changes no row, and resolves when it is stored. Rejects if it cannot be stored; this is logged
   * too.
   */
  writeNow(attachment: AttachmentFacts | null, detail: Readonly<Record<string, string | number>>): Promise<unknown> {
    const written = this.#last.then(this.#eventOf(attachment, detail))
    this.#write(() => written)
    return written
  }

  /** Writes that the session of an attachment was used. */
  used(attachment: AttachmentFacts): void {
    const lastSeenAt = Math.floor(this.#ports.clock.wallMs() / 1000)
    this.#write(() =>
      this.#ports.store.execute('touchSessions', { uses: [{ row: attachment.sessionRow, lastSeenAt }] }),
    )
  }

  /** The event has the time of this call, whenever it is written. */
  #eventOf(
    attachment: AttachmentFacts | null,
    detail: Readonly<Record<string, string | number>>,
  ): () => Promise<unknown> {
    const events = [this.#event('pty-session', attachment, detail)]
    return () => this.#ports.store.execute('appendAudit', { events })
  }

  #writeLater(write: () => Promise<unknown>, times: number): void {
    if (times === 0) return
    this.#ports.timers.after(again.ms, () => void write().catch(() => this.#writeLater(write, times - 1)))
  }

  #write(execute: () => Promise<unknown>, onFailed: () => void = () => undefined): void {
    this.#last = this.#last.then(execute).then(
      () => undefined,
      (cause: unknown) => {
        onFailed()
        this.#ports.log.error(
          { err: cause, ptySession: this.#ptySessionId },
          'what became of a terminal was not written',
        )
      },
    )
  }

  #event(
    action: 'pty-detach' | 'pty-end' | 'pty-session',
    who: AttachmentFacts | null,
    detail: Readonly<Record<string, string | number>>,
  ): ReturnType<typeof auditEvent> {
    const request: RequestFacts = {
      by: 'server',
      ip: who?.ip ?? null,
      requestId: null,
      activity: null,
      commandLine: null,
    }
    const account = who === null ? null : { id: who.accountId, username: who.username }
    const subject = `pty_session:${this.#ptySessionId}`
    return auditEvent(request, { account, atMs: this.#ports.clock.wallMs() }, { action, subject, detail })
  }
}
