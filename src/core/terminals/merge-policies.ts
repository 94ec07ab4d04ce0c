/** Core: merges the policies of a PTY session, the stricter value of each; the operator's settings fill the rest. Pure. */
import type { ObserverRule, PolicyDocument, TerminalPolicy, WindowEnd } from './terminal-policy.ts'

/**
 * Returns the rules of a PTY session.
 *
 * @param defaults Apply if no policy sets a value; the number of observers always applies.
 */
export function mergePolicies(documents: readonly PolicyDocument[], defaults: TerminalPolicy): TerminalPolicy {
  const idle = least(valuesOf(documents, ({ idleMinutes }) => idleMinutes))
  const headless = least(valuesOf(documents, ({ headlessMinutes }) => headlessMinutes))
  const retention = valuesOf(documents, ({ retentionMonths }) => retentionMonths)
  const recorded = valuesOf(documents, ({ recordInput }) => recordInput)
  return {
    observers: mergeObservers(documents, defaults.observers),
    windowEnd: valuesOf(documents, ({ windowEnd }) => windowEnd).reduce(stricterEnd, null) ?? defaults.windowEnd,
    idleSeconds: idle === null ? defaults.idleSeconds : idle * 60,
    headlessSeconds: headless === null ? defaults.headlessSeconds : headless * 60,
    recordInput: recorded.length === 0 ? defaults.recordInput : recorded.every((isRecorded) => isRecorded),
    retentionMonths: retention.length === 0 ? defaults.retentionMonths : Math.max(...retention),
  }
}

function mergeObservers(documents: readonly PolicyDocument[], byDefault: ObserverRule | null): ObserverRule | null {
  const rules = valuesOf(documents, ({ observers }) => observers)
  const count = Math.max(0, byDefault?.count ?? 0, ...rules.map((rule) => rule.count))
  if (count === 0) return null
  const leaves = valuesOf(rules, ({ onLeave }) => onLeave)
  return {
    count,
    from: [...(byDefault?.from ?? []), ...valuesOf(rules, ({ from }) => from)],
    onLeave: leaves.length === 0 ? (byDefault?.onLeave ?? 'end') : leaves.includes('end') ? 'end' : 'pause',
    presenceMinutes: least([
      ...valuesOf(rules, ({ presenceMinutes }) => presenceMinutes),
      ...valuesOf([byDefault], (rule) => rule?.presenceMinutes ?? undefined),
    ]),
  }
}

/** A hard end is stricter than Ctrl-C alone, which is stricter than a grace. Of two of one kind, the shorter is. */
function stricterEnd(one: WindowEnd | null, other: WindowEnd): WindowEnd {
  if (one === null || one.kind === 'hard' || other.kind === 'hard') return one?.kind === 'hard' ? one : other
  if (one.kind !== other.kind) return one.kind === 'no-new-commands' ? one : other
  return one.minutes <= other.minutes ? one : other
}

function valuesOf<Rule, Value>(rules: readonly Rule[], read: (rule: Rule) => Value | undefined): Value[] {
  return rules.map(read).filter((value) => value !== undefined)
}

function least(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : Math.min(...numbers)
}
