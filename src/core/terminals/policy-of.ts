/** Core: the policy of one PTY session, from the store and the operator's settings. */
import type { Reads } from '../store.ts'
import type { TerminalSettings } from '../wiring.ts'
import { groupLists } from './access.ts'
import { mergePolicies } from './merge-policies.ts'
import type { ChangeRequest, Purpose, Server } from './server.ts'
import type { PolicySubject, TerminalPolicy } from './terminal-policy.ts'

/** The subjects of a PTY session. */
export type PolicyScope = {
  readonly server: Server
  /** null for a health check. */
  readonly change: ChangeRequest | null
  readonly purpose: Purpose
}

/**
 * Reads the policies of the change request, of the server and of every group that they list, and merges them. They do
 * not depend on the implementor.
 */
export async function policyOf(
  store: Pick<Reads, 'policy'>,
  { server, change, purpose }: PolicyScope,
  settings: TerminalSettings,
): Promise<TerminalPolicy> {
  const subjects: PolicySubject[] = [
    ...(change === null ? [] : [{ kind: 'change', name: change.id } as const]),
    { kind: 'server', name: server.name },
    ...[...new Set(groupLists(server, change).flat())].map((name) => ({ kind: 'group', name }) as const),
  ]
  const documents = await Promise.all(subjects.map((subject) => store.policy(subject)))
  return mergePolicies(
    documents.filter((document) => document !== null),
    defaultPolicy(settings, purpose),
  )
}

/** Returns the rules of a PTY session without a policy. */
function defaultPolicy(settings: TerminalSettings, purpose: Purpose): TerminalPolicy {
  const isChange = purpose === 'change_request'
  return {
    observers:
      isChange && settings.observers > 0
        ? { count: settings.observers, from: [], onLeave: 'end', presenceMinutes: null }
        : null,
    windowEnd: { kind: 'hard' },
    idleSeconds: (isChange ? settings.idleMinutes : settings.healthCheckIdleMinutes) * 60,
    headlessSeconds: settings.headlessMinutes * 60,
    recordInput: false,
    retentionMonths: settings.retentionMonths,
  }
}
