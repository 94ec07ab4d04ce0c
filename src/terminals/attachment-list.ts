/** Terminals: all attachments of one PTY session, and the events that go to all of them. */
import type { Release } from '../core/revocation/live-resources.ts'
import { isReportOnly } from '../core/terminals/terminal-reports.ts'
import type { ParticipantView, TerminalEvent } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'

/** The attachments of one PTY session, in the order in which they joined. */
export class AttachmentList {
  readonly #attachments = new Map<string, Attachment>()
  readonly #releases = new Map<Attachment, Release>()
  /** Whether the clients were warned that no input comes. */
  #isIdleTold = false

  get size(): number {
    return this.#attachments.size
  }

  add(attachment: Attachment): void {
    this.#attachments.set(attachment.facts.id, attachment)
  }

  /**
   * Keeps the function that removes an attachment from the live resources; it runs at once if the attachment is gone
   * already.
   */
  keep(attachment: Attachment, release: Release): void {
    if (this.find(attachment.facts.id) === attachment) this.#releases.set(attachment, release)
    else release()
  }

  /** Returns whether the attachment was in the list. */
  remove(attachment: Attachment): boolean {
    this.#releases.get(attachment)?.()
    this.#releases.delete(attachment)
    return this.#attachments.delete(attachment.facts.id)
  }

  /** Removes all attachments, because the session has ended. */
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

  /** The attachments that have a socket, as other clients see them. */
  views(): readonly ParticipantView[] {
    return [...this.all()].filter(({ sink }) => sink !== null).map((attachment) => attachment.view())
  }

  /** Sends an event to every attachment. */
  broadcast(event: TerminalEvent): void {
    if (event.kind === 'warning' && event.what === 'idle') this.#isIdleTold = true
    for (const attachment of this.all()) this.sendEvent(attachment, event)
  }

  /** If the clients were warned that no input comes, sends them the event that input came. */
  noteInput(bytes: Uint8Array): void {
    if (!this.#isIdleTold || isReportOnly(bytes)) return
    this.#isIdleTold = false
    this.broadcast({ kind: 'active' })
  }

  /** Sends every attachment who joined or left, and the list of participants. */
  broadcastParticipants(kind: 'joined' | 'left', attachment: Attachment): void {
    this.broadcast({ kind, participant: attachment.view(), participants: this.views() })
  }

  /** Sends an event to one attachment, if it is connected. */
  sendEvent(attachment: Attachment | undefined, event: TerminalEvent): void {
    attachment?.sink?.send({ type: 'event', event })
  }
}
