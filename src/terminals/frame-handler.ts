/** Terminals: what attached people ask for beside reading; typing, sizes, pausing, ending. */
import type { Instant } from '../core/revocation/lease.ts'
import type { EndReason } from '../core/terminals/ends.ts'
import type { Effect, Supervision } from '../core/terminals/supervision.ts'
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
  /** What was sent longer ago and is not shown makes an observer count as not watching. */
  lagMs: 2_000,
  /** Between two words to somebody whose input is held back, for the same reason. */
  blockedMs: 1_000,
  /** What was typed meanwhile is acknowledged together: the echo goes first, and is not slowed by it. */
  inputAckMs: 5,
  /** CONTROLs of one attachment in a second: each may be an entry of the record, and an event of the trail. */
  controls: { count: 20, withinMs: 1_000 },
} as const

/** What is taken from somebody whose access is being looked at: it takes nothing but power away. */
const harmless: ReadonlySet<ControlRequest['action']> = new Set(['end', 'pause', 'visible'])

/** What a conversation acts on. */
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

/** Takes the frames of everybody attached to one PTY session. */
export class FrameHandler {
  readonly #parts: FrameHandlerParts
  #cancelInputAck: CancelTimer | null = null
  readonly #toAcknowledge = new Set<Attachment>()

  constructor(parts: FrameHandlerParts) {
    this.#parts = parts
  }

  /** Takes one frame. */
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

  /** Tells somebody why input is held back; not more than once a second for the same reason. */
  tellBlocked(attachment: Attachment, why: BlockReason): void {
    const nowMs = this.#parts.now().monotonicMs
    const { toldBlocked, facts } = attachment
    if (nowMs - (toldBlocked.get(why) ?? Number.NEGATIVE_INFINITY) < limits.blockedMs) return
    toldBlocked.set(why, nowMs)
    this.#parts.output.note({ kind: 'blocked', username: facts.username, why })
    this.#parts.attachments.sendEvent(attachment, { kind: 'blocked', why, sentence: blockSentences[why] })
  }

  /** Looks whether somebody has shown what was sent. */
  lookAtLag(attachment: Attachment): void {
    const isLagging = attachment.reader?.isLagging(limits.lagMs) ?? true
    this.#parts.apply(this.#parts.supervision.lagging(attachment.facts.id, isLagging, this.#parts.now()))
  }

  close(): void {
    this.#cancelInputAck?.()
  }

  #takeInput(attachment: Attachment, { inputSeq, bytes }: Extract<ClientFrame, { type: 'input' }>): void {
    // The original's wire numbers nothing: there, 0 stands for whatever comes next.
    if (inputSeq === 0 || inputSeq > attachment.inputSeq) {
      attachment.inputSeq = inputSeq
      // The program is to see the size that whoever types sees.
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
      this.tellBlocked(attachment, 'access-under-review')
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
      eventWriter.tell(attachment.facts, { act: action })
    }
    apply(effects)
  }

  /** Whoever gives the slot up goes on as an observer. */
  #release(attachment: Attachment): void {
    const { supervision, apply, eventWriter, output, attachments, now } = this.#parts
    const { id, accountId, person, username } = attachment.facts
    if (supervision.implementorId() !== id) return
    // First, so that it does not come back as an implementor who lost the slot.
    attachment.role = 'observer'
    apply(supervision.attach({ id, accountId, person, role: 'observer' }, now()))
    if (attachment.reader !== null) attachment.reader.isImplementor = false
    eventWriter.slotFreed(accountId)
    output.note({ kind: 'released', username })
    attachments.broadcast({ kind: 'joined', participant: attachment.view(), participants: attachments.views() })
  }
}
