/** koyeb: creates, shows and removes organizations, and creates short-lived tokens for them (Organization API). */
import { Refusal } from '../../../core/errors.ts'
import { dissolveOrganization, foundOrganization } from '../../../core/organizations/govern.ts'
import type { Organization } from '../../../core/organizations/organization.ts'
import { nowSeconds } from '../../../core/ports.ts'
import type { Store } from '../../../core/store.ts'
import { noStore, sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { invalidField } from '../../refusals.ts'
import { authenticate } from '../../steps/authenticate.ts'
import { actorOf } from '../../steps/describe-request.ts'
import { collectFaults, decodeObject, textMember } from './body.ts'
import { operations } from './documents.ts'
import { requirePerson } from './require-person.ts'
import { createSiblingSession } from './sibling-session.ts'
import { koyebTokens } from './tokens.ts'
import { encodeOrganization } from './wire.ts'

/** Life of an access token in seconds: by default, and at most. */
const defaultValiditySeconds = 60 * 60
const longestValiditySeconds = 24 * 60 * 60

type Named = { Params: { id: string } }

/** Registers the routes. */
export function registerOrganizations(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = authenticate(context, koyebTokens)
  const person = [onRequest, requirePerson]
  app.post(
    '/v1/organizations',
    { onRequest: person, schema: { openapi: operations.CreateOrganization } },
    async (request, reply) => {
      const name = decodeName(request.body)
      const governor = actorOf(request, 'koyeb')
      const organization = await foundOrganization(ports, { name, memberIds: [governor.by.id] }, governor)
      return sendJson(reply, 200, { organization: encodeOrganization(organization) })
    },
  )
  const path = '/v1/organizations/:id'
  app.get<Named>(path, { onRequest, schema: { openapi: operations.GetOrganization } }, async (request, reply) => {
    const organization = await findOrganization(ports.store, request.params.id)
    return sendJson(reply, 200, { organization: encodeOrganization(organization) })
  })
  app.delete<Named>(
    path,
    { onRequest: person, schema: { openapi: operations.DeleteOrganization } },
    async (request, reply) => {
      const organization = await findOrganization(ports.store, request.params.id)
      await dissolveOrganization(ports, { organization, asMember: true }, actorOf(request, 'koyeb'))
      return sendJson(reply, 200, {})
    },
  )
  app.post<Named>(
    `${path}/access_token`,
    { onRequest: person, schema: { openapi: operations.CreateAccessToken } },
    async (request, reply) => {
      const seconds = decodeValidity(request.body)
      const organization = await findOrganization(ports.store, request.params.id)
      const { minted } = await createSiblingSession(context, request, {
        organizationId: organization.id,
        latestEnd: nowSeconds(ports.clock) + seconds,
      })
      return sendJson(reply.headers(noStore), 200, { token: minted.accessToken })
    },
  )
}

async function findOrganization(store: Pick<Store, 'organizationById'>, id: string): Promise<Organization> {
  const organization = await store.organizationById(id)
  if (organization === null) throw new Refusal('ORGANIZATION_NOT_FOUND')
  return organization
}

function decodeName(body: unknown): string {
  const name = collectFaults((faults) => textMember(decodeObject(body), 'name', faults))
  if (name === '') throw invalidField('name', 'cannot be blank')
  return name
}

/** Decodes a Duration (proto3 JSON): seconds followed by `s`. A fraction of a second is dropped. */
function decodeValidity(body: unknown): number {
  const text = collectFaults((faults) => textMember(decodeObject(body), 'validity', faults))
  if (text === '') return defaultValiditySeconds
  const seconds = /^\d{1,9}(\.\d{1,9})?s$/.test(text) ? Math.floor(Number(text.slice(0, -1))) : 0
  const isTooLong = seconds === longestValiditySeconds && !/^\d+(\.0+)?s$/.test(text)
  if (seconds < 1 || seconds > longestValiditySeconds || isTooLong)
    throw invalidField('validity', 'must be seconds from 1s to 86400s')
  return seconds
}
