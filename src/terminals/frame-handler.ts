/** Terminals: handles the frames of attached clients: input, sizes, pauses, ends. */
import type { Instant } from '../core/revocation/lease.ts'
import type { EndReason } from '../core/terminals/ends.ts'
import type { Supervision } from '../core/terminals/supervision.ts'
import type { Effect } from '../core/terminals/supervision-effects.ts'
import type { BlockReason, ClientFrame, ControlRequest } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { AttachmentList } from './attachment-list.ts'
import { blockSentences } from './block-sentences.ts'
import type { EventWriter } from './event-writer.ts'
import type { InputPath } from './input-path.ts'
import type { OutputPath } from './output-path.ts'
import type { SizePath } from './size-path.ts'
import type { CancelTimer, Timers } from './timers.ts'

/** Milliseconds. */
const limits = {
  /** An observer counts as not watching if it has not shown output that was sent longer ago. */
  lagMs: 2_000,
  /** Between two messages to one client about the same reason for blocked input. */
  blockedMs: 1_000,
  /** Input is acknowledged together after this time, so that the echo goes first. */
  inputAckMs: 5,
  /** Most CONTROL frames of one attachment in a second. Each may write a recording entry and an audit event. */
  controls: { count: 20, withinMs: 1_000 },
} as const

/** CONTROL actions that are taken even while access is being judged again: they only take rights away. */
const harmless: ReadonlySet<ControlRequest['action']> = new Set(['end', 'pause', 'visible'])

/** What the handler acts on. */
export type FrameHandlerParts = {
  readonly attachments: AttachmentList
  readonly supervision: Supervision
  readonly output: OutputPath
  readonly input: InputPath
  readonly eventWriter: EventWriter
  readonly timers: Timers
  readonly now: () => Instant
  readonly apply: (effects: readonly Effect[]) => void
  readonly sizes: SizePath
  readonly leave: (attachment: Attachment) => void
  readonly end: (reason: EndReason, by: Attachment) => void
}

/** Handles the frames of all attachments of one PTY session. */
export class FrameHandler {
  readonly #parts: FrameHandlerParts
  #cancelInputAck: CancelTimer | null = null
  readonly #toAcknowledge = new Set<Attachment>()

  constructor(parts: FrameHandlerParts) {
    this.#parts = parts
  }

  take(attachment: Attachment, frame: ClientFrame): void {
    switch (frame.type) {
      case 'input':
        this.#takeInput(attachment, frame)
        break
      case 'resize':
        if (attachment.role === 'implementor') this.#parts.sizes.take({ cols: frame.cols, rows: frame.rows })
        break
      case 'ack':
        attachment.reader?.shown(frame.seq)
        break
      case 'ping':
        attachment.sink?.send({ type: 'pong', clientTs: frame.clientTs })
        break
      case 'resync':
        attachment.reader?.resync()
        break
      case 'control':
        this.#admitControl(attachment, frame.control)
        break
      case 'bye':
        this.#parts.leave(attachment)
    }
  }

  /** Sends a client why its input is blocked, at most once a second for the same reason. */
  sendBlocked(attachment: Attachment, why: BlockReason): void {
    const nowMs = this.#parts.now().monotonicMs
    const { toldBlocked, facts } = attachment
    if (nowMs - (toldBlocked.get(why) ?? Number.NEGATIVE_INFINITY) < limits.blockedMs) return
    toldBlocked.set(why, nowMs)
    this.#parts.output.note({ kind: 'blocked', username: facts.username, why })
    this.#parts.attachments.sendEvent(attachment, { kind: 'blocked', why, sentence: blockSentences[why] })
  }

  /** Checks whether an observer has shown the output that was sent. */
  lookAtLag(attachment: Attachment): void {
    const isLagging = attachment.reader?.isLagging(limits.lagMs) ?? true
    this.#parts.apply(this.#parts.supervision.lagging(attachment.facts.id, isLagging, this.#parts.now()))
  }

  close(): void {
    this.#cancelInputAck?.()
  }

  #takeInput(attachment: Attachment, { inputSeq, bytes }: Extract<ClientFrame, { type: 'input' }>): void {
    // The original's wire has no numbers: there, 0 means the next input.
    if (inputSeq === 0 || inputSeq > attachment.inputSeq) {
      attachment.inputSeq = inputSeq
      // The program gets the size of the new implementor's window.
      if (attachment.role === 'implementor') this.#parts.sizes.settle()
      this.#parts.input.take(attachment, bytes)
    }
    this.#toAcknowledge.add(attachment)
    this.#cancelInputAck ??= this.#parts.timers.after(limits.inputAckMs, () => this.#acknowledgeInput())
  }

  #acknowledgeInput(): void {
    this.#cancelInputAck = null
    for (const { sink, inputSeq } of this.#toAcknowledge) sink?.send({ type: 'inputAck', inputSeq })
    this.#toAcknowledge.clear()
  }

  #admitControl(attachment: Attachment, control: ControlRequest): void {
    if (control.action !== 'end' && this.#isTooFast(attachment)) {
      const sentence = 'Too many requests in one second.'
      attachment.sink?.send({ type: 'error', error: { code: 'too-fast', message: sentence, retry: 'resume' } })
      attachment.sink?.close(4400, sentence)
    } else if (attachment.isUnderReview && !harmless.has(control.action)) {
      this.sendBlocked(attachment, 'access-under-review')
    } else this.#takeControl(attachment, control)
  }

  #isTooFast(attachment: Attachment): boolean {
    const { count, withinMs } = limits.controls
    const nowMs = this.#parts.now().monotonicMs
    if (nowMs - attachment.controls.sinceMs >= withinMs) attachment.controls = { sinceMs: nowMs, count: 0 }
    attachment.controls.count += 1
    return attachment.controls.count > count
  }

  #takeControl(attachment: Attachment, control: ControlRequest): void {
    const { supervision, output, attachments, input, apply, end, now } = this.#parts
    const { id, username } = attachment.facts
    switch (control.action) {
      case 'present':
        if (attachment.role !== 'observer') break
        output.note({ kind: 'present', username })
        apply(supervision.present(id, now()))
        break
      case 'visible':
        apply(supervision.visible(id, control.visible, now()))
        break
      case 'pause':
      case 'continue':
        this.#stopOrGoOn(attachment, control.action)
        break
      case 'message':
        output.note({ kind: 'message', username, text: control.text })
        attachments.broadcast({ kind: 'message', from: attachment.view(), text: control.text })
        break
      case 'release':
        this.#release(attachment)
        break
      case 'confirm-paste':
        // The next paste is asked about again, however soon it comes.
        attachment.toldBlocked.delete('paste-unconfirmed')
        input.confirmPaste(attachment, control.confirmed)
        break
      case 'end': {
        const reason = supervision.endBy(id)
        if (reason !== null) end(reason, attachment)
      }
    }
  }

  #stopOrGoOn(attachment: Attachment, action: 'pause' | 'continue'): void {
    const { supervision, output, attachments, eventWriter, apply, now } = this.#parts
    if (attachment.role !== 'observer') return
    const effects = supervision[action](attachment.facts.id, now())
    if (action === 'continue' && supervision.isPaused) {
      const sentence = 'Only an observer who is another person, and no party to the change, can let input go on.'
      attachments.sendEvent(attachment, { kind: 'notice', sentence })
    } else {
      output.note({ kind: action, username: attachment.facts.username })
      eventWriter.write(attachment.facts, { act: action })
    }
    apply(effects)
  }

  /** An implementor that gives the slot up becomes an observer. */
  #release(attachment: Attachment): void {
    const { supervision, apply, eventWriter, output, attachments, now } = this.#parts
    const { id, accountId, person, username } = attachment.facts
    if (supervision.implementorId() !== id) return
    // This comes first, so that the attachment does not resume as an implementor that lost the slot.
    attachment.role = 'observer'
    apply(supervision.attach({ id, accountId, person, role: 'observer' }, now()))
    if (attachment.reader !== null) attachment.reader.isImplementor = false
    eventWriter.slotFreed(accountId)
    output.note({ kind: 'released', username })
    attachments.broadcast({ kind: 'joined', participant: attachment.view(), participants: attachments.views() })
  }
}
