/** Terminals: sends what supervision decided to all clients, to the recording and to the store. Ending is left to the session. */
import type { Supervision } from '../core/terminals/supervision.ts'
import type { Effect } from '../core/terminals/supervision-effects.ts'
import type { TerminalEvent } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { AttachmentList } from './attachment-list.ts'
import type { EventWriter } from './event-writer.ts'
import type { OutputPath } from './output-path.ts'

/** An effect that does not end the session. */
export type BroadcastEffect = Exclude<Effect, { readonly kind: 'end' }>

/** The recipients of effects. */
export type Recipients = {
  readonly attachments: AttachmentList
  readonly output: Pick<OutputPath, 'note'>
  readonly eventWriter: Pick<EventWriter, 'slotFreed'>
}

/** An attachment that just joined; `isBack`: it resumed. */
export type AttachedClient = { readonly attachment: Attachment; readonly isBack: boolean }

/** Sends one effect. */
export function broadcastEffect(effect: BroadcastEffect, { attachments, output, eventWriter }: Recipients): void {
  switch (effect.kind) {
    case 'slot-freed':
      freeSlot(attachments, eventWriter)
      break
    case 'block':
      output.note({ kind: 'held', why: effect.why })
      attachments.broadcast(holdEvent(effect))
      break
    case 'unblock':
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

/** Sends a notice that needs no answer. */
export function broadcastNotice(
  sentence: string,
  { attachments, output }: Pick<Recipients, 'attachments' | 'output'>,
): void {
  output.note({ kind: 'notice', sentence })
  attachments.broadcast({ kind: 'notice', sentence })
}

/** Sends a client that just joined whether input is blocked, unless the effects say so already. A new client expects that it is not. */
export function sendInputState(
  { attachment, isBack }: AttachedClient,
  effects: readonly Effect[],
  { attachments, supervision }: { readonly attachments: AttachmentList; readonly supervision: Supervision },
): void {
  const inputState = supervision.inputState()
  const isKnown = effects.some(({ kind }) => kind === inputState.kind) || (inputState.kind === 'unblock' && !isBack)
  if (!isKnown) attachments.sendEvent(attachment, holdEvent(inputState))
}

function holdEvent(effect: ReturnType<Supervision['inputState']>): TerminalEvent {
  if (effect.kind === 'unblock') return { kind: 'unblocked' }
  return { kind: 'blocked', why: effect.why, sentence: effect.sentence }
}
