/** koyeb: the caller's account, its current organization and all of its organizations (Profile and Organization API). */
import { Refusal } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { operations } from './documents.ts'
import { decodeListQuery, listOrganizations } from './list-organizations.ts'
import type { Query } from './page.ts'
import { requirePerson } from './require-person.ts'
import { koyebTokens } from './tokens.ts'
import { avatarUrl, encodeOrganization, encodeUser } from './wire.ts'

/** Registers the routes. */
export function registerAccount(app: App, context: HttpContext): void {
  const { ports, settings } = context
  const onRequest = [authenticate(context, koyebTokens), requirePerson]
  app.get(
    '/v1/account/profile',
    { onRequest, schema: { openapi: operations.GetCurrentUser } },
    async (request, reply) => {
      // The account in memory may be older than the latest sign-in.
      const account = await ports.store.accountById(signedIn(request).account.id)
      if (account === null) throw new Refusal('TOKEN_REVOKED', { detail: 'the account was removed meanwhile' })
      return sendJson(reply, 200, { user: encodeUser(account, avatarUrl(settings)) })
    },
  )
  app.get(
    '/v1/account/organization',
    { onRequest, schema: { openapi: operations.GetCurrentOrganization } },
    async (request, reply) => {
      const { organizationId } = signedIn(request)
      if (organizationId === null) throw new Refusal('ORGANIZATION_NOT_FOUND')
      const organization = await ports.store.organizationById(organizationId)
      if (organization === null)
        throw new Refusal('TOKEN_REVOKED', { detail: 'the organization was removed meanwhile' })
      return sendJson(reply, 200, { organization: encodeOrganization(organization) })
    },
  )
  app.get<{ Querystring: Query }>(
    '/v1/account/organizations',
    { onRequest, schema: { openapi: operations.ListUserOrganizations } },
    async (request, reply) => {
      const wanted = decodeListQuery(request.query)
      const memberships = await ports.store.memberships(signedIn(request).account.id)
      return sendJson(reply, 200, listOrganizations(memberships, wanted))
    },
  )
}
