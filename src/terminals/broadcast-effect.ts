/** Terminals: tells everybody attached, the record and the store what supervision decided; an end is the session's to make. */
import type { Effect, Supervision } from '../core/terminals/supervision.ts'
import type { TerminalEvent } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { AttachmentList } from './attachment-list.ts'
import type { EventWriter } from './event-writer.ts'
import type { OutputPath } from './output-path.ts'

/** What leaves the session as it is. */
export type BroadcastEffect = Exclude<Effect, { readonly kind: 'end' }>

/** Who is told. */
export type Recipients = {
  readonly attachments: AttachmentList
  readonly output: Pick<OutputPath, 'note'>
  readonly eventWriter: Pick<EventWriter, 'slotFreed'>
}

/** Somebody who just came; `isBack` on another socket. */
export type AttachedClient = { readonly attachment: Attachment; readonly isBack: boolean }

/** Tells one. */
export function broadcastEffect(effect: BroadcastEffect, { attachments, output, eventWriter }: Recipients): void {
  switch (effect.kind) {
    case 'slot-freed':
      freeSlot(attachments, eventWriter)
      break
    case 'hold':
      output.note({ kind: 'held', why: effect.why })
      attachments.broadcast(holdEvent(effect))
      break
    case 'let-go':
      output.note({ kind: 'let-go' })
      attachments.broadcast(holdEvent(effect))
      break
    case 'warn':
      attachments.broadcast({ ...effect, kind: 'warning' })
      break
    case 'ask-presence': {
      const { sentence, byMs } = effect
      attachments.sendEvent(attachments.find(effect.attachmentId), { kind: 'presence', sentence, byMs })
    }
  }
}

function freeSlot(attachments: AttachmentList, eventWriter: Pick<EventWriter, 'slotFreed'>): void {
  for (const attachment of attachments.all()) {
    if (attachment.role !== 'implementor' || attachment.hasLostSlot) continue
    attachment.hasLostSlot = true
    eventWriter.slotFreed(attachment.facts.accountId)
  }
}

/** Tells a sentence that needs no answer. */
export function broadcastNotice(
  sentence: string,
  { attachments, output }: Pick<Recipients, 'attachments' | 'output'>,
): void {
  output.note({ kind: 'notice', sentence })
  attachments.broadcast({ kind: 'notice', sentence })
}

/** Tells somebody who just came whether input passes, where not everybody was told now; whoever is new knows that it does. */
export function sendInputState(
  { attachment, isBack }: AttachedClient,
  effects: readonly Effect[],
  { attachments, supervision }: { readonly attachments: AttachmentList; readonly supervision: Supervision },
): void {
  const inputState = supervision.inputState()
  const isKnown = effects.some(({ kind }) => kind === inputState.kind) || (inputState.kind === 'let-go' && !isBack)
  if (!isKnown) attachments.sendEvent(attachment, holdEvent(inputState))
}

function holdEvent(effect: ReturnType<Supervision['inputState']>): TerminalEvent {
  if (effect.kind === 'let-go') return { kind: 'unblocked' }
  return { kind: 'blocked', why: effect.why, sentence: effect.sentence }
}
