/** Core: administers the policies of change requests, servers and groups. Terminals under a changed policy are judged again at once. */
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import { renderPolicy } from './parse-policy.ts'
import { inventoryName } from './server.ts'
import type { PolicyDocument, PolicySubject } from './terminal-policy.ts'

type PolicyPorts = Pick<Ports, 'clock' | 'store'>

/**
 * Sets or replaces a policy; null removes it. The audit event has the whole text.
 *
 * @throws INPUT_INVALID for an impossible name; CHANGE_NOT_FOUND, SERVER_NOT_FOUND if a policy is set for a missing
 * subject; POLICY_NOT_FOUND if there is none to remove.
 */
export async function setPolicy(
  ports: PolicyPorts,
  { subject, policy }: { readonly subject: PolicySubject; readonly policy: PolicyDocument | null },
  request: RequestFacts,
): Promise<void> {
  acceptSubject(subject)
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('setPolicy', {
    subject,
    policy,
    nowMs,
    audit: auditEvent(
      request,
      { account: null, atMs: nowMs },
      {
        action: 'policy',
        subject: `${subject.kind}:${subject.name}`,
        detail: { policy: policy === null ? 'removed' : JSON.stringify(renderPolicy(policy)) },
      },
    ),
  })
  if (result.kind !== 'missing') return
  if (policy === null || subject.kind === 'group') throw new Refusal('POLICY_NOT_FOUND')
  throw new Refusal(subject.kind === 'change' ? 'CHANGE_NOT_FOUND' : 'SERVER_NOT_FOUND')
}

/** @throws INPUT_INVALID if the subject cannot have that name. */
function acceptSubject({ kind, name }: PolicySubject): void {
  if (inventoryName.test(name)) return
  const description = 'must be 1 to 64 letters, digits, dots, hyphens or underscores'
  throw new Refusal('INPUT_INVALID', {
    message: `${kind}: ${description}.`,
    fields: [{ field: kind, description }],
  })
}
