/** Terminals: writes down what becomes of a PTY session and its attachments; what cannot be written is logged, and holds up only who asked to wait. */
import { auditEvent, type RequestFacts } from '../core/audit/act.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Store } from '../core/store.ts'
import type { EndReason } from '../core/terminals/ends.ts'
import type { AttachmentFacts } from './attachment.ts'
import type { Timers } from './timers.ts'

/** Milliseconds between two attempts to write an end, and how often: an hour. */
const again = { ms: 1_000, times: 3_600 } as const

/** What a journal writes with. */
export type EventWriterPorts = {
  readonly store: Pick<Store, 'execute'>
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
}

/** The journal of one PTY session. */
export class EventWriter {
  readonly #ports: EventWriterPorts
  readonly #ptySessionId: string
  #last: Promise<void> = Promise.resolve()

  constructor(ports: EventWriterPorts, ptySessionId: string) {
    this.#ports = ports
    this.#ptySessionId = ptySessionId
  }

  /** An attachment is over. */
  detached(attachment: AttachmentFacts, how: { readonly cause: string; readonly freesSlot: boolean }): void {
    const nowMs = this.#ports.clock.wallMs()
    const audit = this.#event('pty-detach', attachment, { cause: how.cause })
    this.#write(() =>
      this.#ports.store.execute('detachPtyAttachment', { attachmentId: attachment.id, ...how, nowMs, audit }),
    )
  }

  /** The implementor's slot is free, though its attachment may come back. */
  slotFreed(accountId: number): void {
    const input = { ptySessionId: this.#ptySessionId, accountId }
    this.#write(() => this.#ports.store.execute('freePtySlot', input))
  }

  /** Takes a free slot back; false: another has it. */
  async retakeSlot(accountId: number): Promise<boolean> {
    await this.#last
    const input = { ptySessionId: this.#ptySessionId, accountId }
    const { kind } = await this.#ports.store.execute('retakePtySlot', input)
    return kind === 'taken'
  }

  /**
   * Writes the end, with who made it where a person did; resolves once it is written, or could not be. Then it is tried
   * again later: nothing else would ever close what the store takes to be running.
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

  /** Writes an event that changes nothing. */
  tell(attachment: AttachmentFacts | null, detail: Readonly<Record<string, string | number>>): void {
    this.#write(this.#telling(attachment, detail))
  }

  /** Writes such an event for somebody who waits until it is written; rejects where it cannot be, which is logged too. */
  told(attachment: AttachmentFacts | null, detail: Readonly<Record<string, string | number>>): Promise<unknown> {
    const written = this.#last.then(this.#telling(attachment, detail))
    this.#write(() => written)
    return written
  }

  /** Writes that the session of an attachment is in use. */
  used(attachment: AttachmentFacts): void {
    const lastSeenAt = Math.floor(this.#ports.clock.wallMs() / 1000)
    this.#write(() =>
      this.#ports.store.execute('touchSessions', { uses: [{ row: attachment.sessionRow, lastSeenAt }] }),
    )
  }

  /** The event is of this moment, whenever its turn comes. */
  #telling(
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
