/** Terminals: tells everybody attached, and the record, what supervision decided; acting on it is the session's. */
import type { Effect } from '../core/terminals/supervision.ts'
import type { OutputPath } from './output-path.ts'
import type { Roster } from './roster.ts'

/** What is only told. */
export type ToldEffect = Exclude<Effect, { readonly kind: 'end' | 'slot-freed' }>

/** Tells one. */
export function tellEffect(
  effect: ToldEffect,
  { roster, output }: { readonly roster: Roster; readonly output: Pick<OutputPath, 'note'> },
): void {
  switch (effect.kind) {
    case 'hold':
      output.note({ kind: 'held', why: effect.why })
      roster.broadcast({ kind: 'blocked', why: effect.why, sentence: effect.sentence })
      break
    case 'let-go':
      output.note({ kind: 'let-go' })
      roster.broadcast({ kind: 'unblocked' })
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
