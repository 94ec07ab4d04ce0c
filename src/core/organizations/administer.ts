/** Core: creates and removes organizations and memberships. A member who leaves loses every session in the organization. */
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import type { AuditAction, AuditEvent } from '../audit/event.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import { type Organization, organizationName } from './organization.ts'

type OrganizationPorts = Pick<Ports, 'clock' | 'random' | 'store'>

/**
 * Adds an organization.
 *
 * @throws INPUT_INVALID if the name is not valid; NAME_TAKEN.
 */
export async function addOrganization(
  ports: OrganizationPorts,
  name: string,
  request: RequestFacts,
): Promise<Organization> {
  acceptOrganizationName(name)
  const organization = { id: ports.random.uuid(), name, createdAtMs: ports.clock.wallMs() }
  const audit = event(ports, request, { action: 'organization', subject: `organization:${name}` })
  const result = await ports.store.execute('addOrganization', { organization, audit })
  if (result.kind === 'name-taken') throw new Refusal('NAME_TAKEN')
  return organization
}

/**
 * Checks the name of an organization.
 *
 * @throws INPUT_INVALID if it is not valid.
 */
export function acceptOrganizationName(name: string): void {
  if (organizationName.test(name)) return
  const message = 'An organization has 4 to 39 lower-case letters, digits and hyphens, and no hyphen at either end.'
  throw new Refusal('INPUT_INVALID', { message, fields: [{ field: 'name', description: message }] })
}

/**
 * Removes an organization and ends every session in it.
 *
 * @throws ORGANIZATION_NOT_FOUND if there is none.
 */
export async function removeOrganization(
  ports: OrganizationPorts,
  organization: Organization,
  request: RequestFacts,
): Promise<void> {
  const result = await ports.store.execute('removeOrganization', {
    organizationId: organization.id,
    nowMs: ports.clock.wallMs(),
    audit: event(ports, request, { action: 'organization', subject: `organization:${organization.name}` }),
  })
  if (result.kind === 'missing') throw new Refusal('ORGANIZATION_NOT_FOUND')
}

/** An account and an organization. */
export type Place = { readonly organization: Organization; readonly accountId: number }

/**
 * Adds a member; an existing one stays.
 *
 * @throws ORGANIZATION_NOT_FOUND if organization or account are gone.
 */
export async function addMember(ports: OrganizationPorts, place: Place, request: RequestFacts): Promise<void> {
  const result = await ports.store.execute('addMember', membershipInput(ports, place, request))
  if (result.kind === 'missing') throw new Refusal('ORGANIZATION_NOT_FOUND')
}

/**
 * Removes a member and ends the sessions that it had in the organization.
 *
 * @throws NOT_A_MEMBER if the account was none.
 */
export async function removeMember(ports: OrganizationPorts, place: Place, request: RequestFacts): Promise<void> {
  const result = await ports.store.execute('removeMember', membershipInput(ports, place, request))
  if (result.kind === 'missing') throw new Refusal('NOT_A_MEMBER')
}

function membershipInput(
  ports: OrganizationPorts,
  { organization, accountId }: Place,
  request: RequestFacts,
): { organizationId: string; accountId: number; nowMs: number; audit: AuditEvent } {
  const subject = `organization:${organization.name} account:${accountId}`
  const audit = event(ports, request, { action: 'membership', subject })
  return { organizationId: organization.id, accountId, nowMs: ports.clock.wallMs(), audit }
}

function event(
  ports: OrganizationPorts,
  request: RequestFacts,
  act: { readonly action: AuditAction; readonly subject: string },
): AuditEvent {
  return auditEvent(request, { account: null, atMs: ports.clock.wallMs() }, act)
}
