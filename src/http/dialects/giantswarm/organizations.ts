/** giantswarm: one organization. Its members see it; accounts with the permission see, create and remove every one. */

import { type Static, Type } from 'typebox'
import { type Account, emailKey } from '../../../core/accounts/account.ts'
import { holds } from '../../../core/administration/authorise.ts'
import { Refusal } from '../../../core/errors.ts'
import { everyMember } from '../../../core/every-row.ts'
import { dissolveOrganization, foundOrganization } from '../../../core/organizations/govern.ts'
import type { Organization } from '../../../core/organizations/organization.ts'
import type { Principal } from '../../../core/sessions/principal.ts'
import type { Store } from '../../../core/store.ts'
import { sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { invalidField } from '../../refusals.ts'
import { sendRows } from '../../send-rows.ts'
import { authenticate } from '../../steps/authenticate.ts'
import { actorOf } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { requirePermission } from './require-permission.ts'
import { giantswarmTokens } from './tokens.ts'
import { OrganizationMember, organizationId } from './wire.ts'

const path = '/v4/organizations/:id/'

type Named = { Params: { id: string } }

/** An id in the body is ignored: the path has it. */
const OrganizationRequest = Type.Object(
  { members: Type.Optional(Type.Array(OrganizationMember, { maxItems: 1_000 })) },
  { title: 'V4OrganizationRequest' },
)
type OrganizationRequest = Static<typeof OrganizationRequest>

/** Registers the routes. */
export function registerOrganizations(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = authenticate(context, giantswarmTokens)
  const mayWrite = [onRequest, requirePermission('write-organization')]
  app.get<Named>(path, { onRequest, schema: { openapi: operations.getOrganization } }, async (request, reply) => {
    const organization = await byId(ports.store, request.params.id)
    // An account that may not see an organization does not learn that it exists.
    const judge = async ({ account }: Principal): Promise<void> => {
      if (holds(account, 'read-organization')) return
      const memberships = await ports.store.memberships(account.id)
      if (!memberships.some((one) => one.organization.id === organization.id)) throw notFound()
    }
    const rows = memberRows(everyMember(ports.store, organization.id))
    const around = [`{"id":${JSON.stringify(request.params.id)},"members":[`, ']}'] as const
    return sendRows({ context, request, reply }, giantswarmTokens, { around, rows, judge })
  })
  app.put<Named & { Body: OrganizationRequest }>(
    path,
    { onRequest: mayWrite, schema: { openapi: operations.addOrganization, body: OrganizationRequest } },
    async (request, reply) => {
      const { id } = request.params
      if (!organizationId.test(id)) {
        throw invalidField('organization_id', 'must be 4 to 30 lower-case letters, digits and underscores')
      }
      const members = await membersOf(ports.store, request.body)
      const organization = { name: nameOf(id), memberIds: members.map((member) => member.id) }
      await foundOrganization(ports, organization, actorOf(request, 'giantswarm'))
      const rows = members.flatMap(({ email }) => (email === null ? [] : [{ email }]))
      return sendJson(reply, 201, { id, members: rows })
    },
  )
  app.delete<Named>(
    path,
    { onRequest: mayWrite, schema: { openapi: operations.deleteOrganization } },
    async (request, reply) => {
      const organization = await byId(ports.store, request.params.id)
      await dissolveOrganization(ports, { organization, asMember: false }, actorOf(request, 'giantswarm'))
      const message = `The organization with ID '${request.params.id}' has been deleted.`
      return sendJson(reply, 200, { code: 'RESOURCE_DELETED', message })
    },
  )
}

/** An id has `_` in the places of `-` in the name. */
function nameOf(id: string): string {
  return id.replaceAll('_', '-')
}

async function byId(store: Pick<Store, 'organizationByName'>, id: string): Promise<Organization> {
  const found = organizationId.test(id) ? await store.organizationByName(nameOf(id)) : null
  if (found === null) throw notFound()
  return found
}

async function membersOf(
  store: Pick<Store, 'accountByEmail'>,
  { members = [] }: OrganizationRequest,
): Promise<readonly Account[]> {
  const found = new Map<number, Account>()
  for (const { email } of members) {
    const account = await store.accountByEmail(emailKey(email))
    if (account === null) throw invalidField('members', 'names a user that does not exist')
    found.set(account.id, account)
  }
  return [...found.values()]
}

async function* memberRows(members: AsyncIterable<Account>): AsyncGenerator<object, void, undefined> {
  for await (const { email } of members) if (email !== null) yield { email }
}

function notFound(): Refusal {
  return new Refusal('ORGANIZATION_NOT_FOUND')
}
