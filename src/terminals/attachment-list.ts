/** Terminals: everybody attached to one PTY session, and what is told to all of them. */
import type { Release } from '../core/revocation/live-resources.ts'
import { isReportOnly } from '../core/terminals/terminal-reports.ts'
import type { ParticipantView, TerminalEvent } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'

/** The attachments of one PTY session, in the order in which they came. */
export class AttachmentList {
  readonly #attachments = new Map<string, Attachment>()
  readonly #releases = new Map<Attachment, Release>()
  /** Whether everybody believes that nobody types. */
  #isIdleTold = false

  get size(): number {
    return this.#attachments.size
  }

  add(attachment: Attachment): void {
    this.#attachments.set(attachment.facts.id, attachment)
  }

  /** Keeps what lets go of an attachment until it is removed, which it may be already. */
  keep(attachment: Attachment, release: Release): void {
    if (this.find(attachment.facts.id) === attachment) this.#releases.set(attachment, release)
    else release()
  }

  /** Returns whether it was there. */
  remove(attachment: Attachment): boolean {
    this.#releases.get(attachment)?.()
    this.#releases.delete(attachment)
    return this.#attachments.delete(attachment.facts.id)
  }

  /** Lets go of everybody, because the session is over. */
  release(): void {
    for (const release of this.#releases.values()) release()
    this.#releases.clear()
  }

  find(id: string): Attachment | undefined {
    return this.#attachments.get(id)
  }

  all(): IterableIterator<Attachment> {
    return this.#attachments.values()
  }

  /** Those who have a socket, as others see them. */
  views(): readonly ParticipantView[] {
    return [...this.all()].filter(({ sink }) => sink !== null).map((attachment) => attachment.view())
  }

  /** Tells everybody of an event. */
  broadcast(event: TerminalEvent): void {
    if (event.kind === 'warning' && event.what === 'idle') this.#isIdleTold = true
    for (const attachment of this.all()) this.sendEvent(attachment, event)
  }

  /** Tells everybody, where they were warned that nobody types, that somebody does. */
  noteInput(bytes: Uint8Array): void {
    if (!this.#isIdleTold || isReportOnly(bytes)) return
    this.#isIdleTold = false
    this.broadcast({ kind: 'active' })
  }

  /** Tells everybody that somebody came or went, and who is there now. */
  tellOf(kind: 'joined' | 'left', attachment: Attachment): void {
    this.broadcast({ kind, participant: attachment.view(), participants: this.views() })
  }

  /** Tells one of an event, where it is there. */
  sendEvent(attachment: Attachment | undefined, event: TerminalEvent): void {
    attachment?.sink?.send({ type: 'event', event })
  }
}
