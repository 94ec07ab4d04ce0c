/** Terminals: tells everybody attached, the record and the store what supervision decided; an end is the session's to make. */
import type { Effect, Supervision } from '../core/terminals/supervision.ts'
import type { TerminalEvent } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { Journal } from './journal.ts'
import type { OutputPath } from './output-path.ts'
import type { Roster } from './roster.ts'

/** What leaves the session as it is. */
export type ToldEffect = Exclude<Effect, { readonly kind: 'end' }>

/** Who is told. */
export type Told = {
  readonly roster: Roster
  readonly output: Pick<OutputPath, 'note'>
  readonly journal: Pick<Journal, 'slotFreed'>
}

/** Somebody who just came; `isBack` on another socket. */
export type Newcomer = { readonly attachment: Attachment; readonly isBack: boolean }

/** Tells one. */
export function tellEffect(effect: ToldEffect, { roster, output, journal }: Told): void {
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

function freeSlot(roster: Roster, journal: Pick<Journal, 'slotFreed'>): void {
  for (const attachment of roster.all()) {
    if (attachment.role !== 'implementor' || attachment.hasLostSlot) continue
    attachment.hasLostSlot = true
    journal.slotFreed(attachment.facts.accountId)
  }
}

/** Tells a sentence that needs no answer. */
export function tellNotice(sentence: string, { roster, output }: Pick<Told, 'roster' | 'output'>): void {
  output.note({ kind: 'notice', sentence })
  roster.broadcast({ kind: 'notice', sentence })
}

/** Tells somebody who just came whether input passes, where not everybody was told now; whoever is new knows that it does. */
export function tellStanding(
  { attachment, isBack }: Newcomer,
  effects: readonly Effect[],
  { roster, supervision }: { readonly roster: Roster; readonly supervision: Supervision },
): void {
  const standing = supervision.standing()
  const isKnown = effects.some(({ kind }) => kind === standing.kind) || (standing.kind === 'let-go' && !isBack)
  if (!isKnown) roster.sendEvent(attachment, holdEvent(standing))
}

function holdEvent(effect: ReturnType<Supervision['standing']>): TerminalEvent {
  if (effect.kind === 'let-go') return { kind: 'unblocked' }
  return { kind: 'blocked', why: effect.why, sentence: effect.sentence }
}
