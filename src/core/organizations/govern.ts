/** Core: what signed-in accounts do to organizations; every event names the account. */
import type { Account } from '../accounts/account.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import type { AuditEvent } from '../audit/event.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import { acceptOrganizationName } from './administer.ts'
import type { Organization } from './organization.ts'

/** The actor and the request. */
export type Governor = { readonly by: Pick<Account, 'id' | 'username'>; readonly request: RequestFacts }

/**
 * Adds an organization with its first members.
 *
 * @throws INPUT_INVALID if the name is not valid; NAME_TAKEN; ACCOUNT_NOT_FOUND if a member is gone.
 */
export async function foundOrganization(
  ports: Pick<Ports, 'clock' | 'random' | 'store'>,
  input: { readonly name: string; readonly memberIds: readonly number[] },
  governor: Governor,
): Promise<Organization> {
  acceptOrganizationName(input.name)
  const organization = { id: ports.random.uuid(), name: input.name, createdAtMs: ports.clock.wallMs() }
  const audit = event(governor, organization.createdAtMs, input.name)
  const { memberIds } = input
  const result = await ports.store.execute('addOrganization', { organization, memberIds, audit })
  if (result.kind === 'name-taken') throw new Refusal('NAME_TAKEN')
  if (result.kind === 'no-account') throw new Refusal('ACCOUNT_NOT_FOUND')
  return organization
}

/**
 * Removes an organization and everything in it.
 *
 * @param what.asMember Only while the actor is a member.
 * @throws ORGANIZATION_NOT_FOUND if it is gone; NOT_A_MEMBER.
 */
export async function dissolveOrganization(
  ports: Pick<Ports, 'clock' | 'store'>,
  what: { readonly organization: Organization; readonly asMember: boolean },
  governor: Governor,
): Promise<void> {
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('removeOrganization', {
    organizationId: what.organization.id,
    ...(what.asMember ? { memberId: governor.by.id } : {}),
    nowMs,
    audit: event(governor, nowMs, what.organization.name),
  })
  if (result.kind === 'missing') throw new Refusal('ORGANIZATION_NOT_FOUND')
  if (result.kind === 'not-a-member') throw new Refusal('NOT_A_MEMBER')
}

function event({ by, request }: Governor, atMs: number, name: string): AuditEvent {
  return auditEvent(request, { account: by, atMs }, { action: 'organization', subject: `organization:${name}` })
}
