/** Terminals: tells everybody attached, and the record, what supervision decided; acting on it is the session's. */
import type { Effect, Supervision } from '../core/terminals/supervision.ts'
import type { TerminalEvent } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { OutputPath } from './output-path.ts'
import type { Roster } from './roster.ts'

/** What is only told. */
export type ToldEffect = Exclude<Effect, { readonly kind: 'end' | 'slot-freed' }>

/** Somebody who just came; `isBack` on another socket. */
export type Newcomer = { readonly attachment: Attachment; readonly isBack: boolean }

/** Tells one. */
export function tellEffect(
  effect: ToldEffect,
  { roster, output }: { readonly roster: Roster; readonly output: Pick<OutputPath, 'note'> },
): void {
  switch (effect.kind) {
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
