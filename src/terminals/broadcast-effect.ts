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
  readonly roster: AttachmentList
  readonly output: Pick<OutputPath, 'note'>
  readonly journal: Pick<EventWriter, 'slotFreed'>
}

/** Somebody who just came; `isBack` on another socket. */
export type AttachedClient = { readonly attachment: Attachment; readonly isBack: boolean }

/** Tells one. */
export function broadcastEffect(effect: BroadcastEffect, { roster, output, journal }: Recipients): void {
  switch (effect.kind) {
    case 'slot-freed':
      freeSlot(roster, journal)
      break
    case 'hold':
      output.note({ kind: 'held', why: effect.why })
      roster.broadcast(holdEvent(effect))
      break
    case 'let-go':
      output.note({ kind: 'let-go' })
      roster.broadcast(holdEvent(effect))
      break
    case 'warn':
      roster.broadcast({ ...effect, kind: 'warning' })
      break
    case 'ask-presence': {
      const { sentence, byMs } = effect
      roster.sendEvent(roster.find(effect.attachmentId), { kind: 'presence', sentence, byMs })
    }
  }
}

function freeSlot(roster: AttachmentList, journal: Pick<EventWriter, 'slotFreed'>): void {
  for (const attachment of roster.all()) {
    if (attachment.role !== 'implementor' || attachment.hasLostSlot) continue
    attachment.hasLostSlot = true
    journal.slotFreed(attachment.facts.accountId)
  }
}

/** Tells a sentence that needs no answer. */
export function broadcastNotice(sentence: string, { roster, output }: Pick<Recipients, 'roster' | 'output'>): void {
  output.note({ kind: 'notice', sentence })
  roster.broadcast({ kind: 'notice', sentence })
}

/** Tells somebody who just came whether input passes, where not everybody was told now; whoever is new knows that it does. */
export function sendInputState(
  { attachment, isBack }: AttachedClient,
  effects: readonly Effect[],
  { roster, supervision }: { readonly roster: AttachmentList; readonly supervision: Supervision },
): void {
  const standing = supervision.standing()
  const isKnown = effects.some(({ kind }) => kind === standing.kind) || (standing.kind === 'let-go' && !isBack)
  if (!isKnown) roster.sendEvent(attachment, holdEvent(standing))
}

function holdEvent(effect: ReturnType<Supervision['standing']>): TerminalEvent {
  if (effect.kind === 'let-go') return { kind: 'unblocked' }
  return { kind: 'blocked', why: effect.why, sentence: effect.sentence }
}
