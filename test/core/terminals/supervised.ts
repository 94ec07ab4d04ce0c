/** Core tests: a PTY session under supervision. Tests give the time in milliseconds from its beginning. */
import type { Instant } from '../../../src/core/revocation/lease.ts'
import { type Participant, Supervision, type SupervisionSetup } from '../../../src/core/terminals/supervision.ts'
import type { Effect } from '../../../src/core/terminals/supervision-effects.ts'
import type { ObserverRule, TerminalPolicy } from '../../../src/core/terminals/terminal-policy.ts'

/** The wall clock when a session begins. */
export const beginMs: number = Date.UTC(2026, 0, 2, 15, 0, 0)

/** Returns a moment; `stepMs` is how far the wall clock was moved. */
export function at(ms: number, stepMs = 0): Instant {
  return { wallMs: beginMs + ms + stepMs, monotonicMs: 5_000_000 + ms }
}

/** Returns a policy without observers; idle after 15 min, headless after 5. */
export function policy(parts: Partial<TerminalPolicy> = {}): TerminalPolicy {
  return {
    observers: null,
    windowEnd: { kind: 'hard' },
    idleSeconds: 900,
    headlessSeconds: 300,
    recordInput: false,
    retentionMonths: 12,
    ...parts,
  }
}

/** Returns a rule that asks for one observer and ends without. */
export function observers(parts: Partial<ObserverRule> = {}): ObserverRule {
  return { count: 1, from: [], onLeave: 'end', presenceMinutes: null, ...parts }
}

/** Returns what a session is supervised by. */
export function setup(
  parts: Partial<TerminalPolicy> & {
    readonly windowMs?: number
    readonly parties?: readonly string[]
    readonly purpose?: SupervisionSetup['purpose']
  } = {},
): SupervisionSetup {
  const { windowMs, parties, purpose = 'change_request', ...rest } = parts
  return {
    policy: policy(rest),
    purpose,
    windowEndsAtMs: windowMs === undefined ? null : beginMs + windowMs,
    partiesOfChange: parties ?? [],
  }
}

/** Begins a session. */
export function begin(parts: Parameters<typeof setup>[0] = {}): Supervision {
  return new Supervision(setup(parts), at(0))
}

/** Returns an implementor; its person is its id unless said otherwise. */
export function implementor(id: string, person: string = id): Participant {
  return { id, accountId: 1, person, role: 'implementor' }
}

/** Returns an observer. */
export function observer(id: string, person: string = id): Participant {
  return { id, accountId: 2, person, role: 'observer' }
}

/** Says effects in short. */
export function brief(effects: readonly Effect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case 'warn':
        return `warn ${effect.what} ${effect.secondsLeft}`
      case 'block':
        return `hold ${effect.why}`
      case 'ask-presence':
        return `ask ${effect.attachmentId} by ${effect.byMs - beginMs}`
      case 'end':
        return `end ${effect.reason}`
      default:
        return effect.kind
    }
  })
}

/** Types a key; returns `pass` or why not. */
export function type(supervision: Supervision, id: string, ms: number): string {
  const verdict = supervision.input(id, bytes('x'), at(ms))
  return verdict.kind === 'pass' ? 'pass' : verdict.why
}

/** The bytes of a text, one each. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** Lets time pass: every second, pongs of the named attachments and a tick. Returns the effects, with their second. */
export function pass(
  supervision: Supervision,
  { from, to, alive = [] }: { readonly from: number; readonly to: number; readonly alive?: readonly string[] },
): string[] {
  const told: string[] = []
  for (let ms = from; ms <= to; ms += 1_000) {
    for (const id of alive) supervision.pong(id, at(ms))
    for (const line of brief(supervision.tick(at(ms)))) told.push(`${ms / 1000}s ${line}`)
  }
  return told
}
