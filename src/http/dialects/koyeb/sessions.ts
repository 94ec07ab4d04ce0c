/** koyeb: Logout, RefreshToken, and the calls that create a session beside the caller's. Only Logout ends the caller's token. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import { signOut } from '../../../core/sessions/end-session.ts'
import { exchangeAccessToken } from '../../../core/sessions/exchange.ts'
import { sendJson, sendTokens } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { requirePerson } from './require-person.ts'
import { createSiblingSession } from './sibling-session.ts'
import { koyebTokens, mintKoyebToken, readKoyebToken } from './tokens.ts'
import { encodeLoginReply } from './wire.ts'

/** Registers the routes. */
export function registerSessions(app: App, context: HttpContext): void {
  const { ports } = context
  const mint = mintKoyebToken(context)
  const onRequest = [authenticate(context, koyebTokens)]
  const person = [...onRequest, requirePerson]
  const signOutStep = authenticate(context, { ...koyebTokens, isSignOut: true })
  app.delete(
    '/v1/account/logout',
    { onRequest: signOutStep, schema: { openapi: operations.Logout } },
    async (request, reply) => {
      await signOut(ports, signedIn(request), describeRequest(request, 'koyeb'))
      return sendJson(reply, 200, {})
    },
  )
  app.put(
    '/v1/account/refresh',
    { onRequest: person, schema: { openapi: operations.RefreshToken } },
    async (request, reply) => {
      const text = await exchangeAccessToken(ports, signedIn(request), {
        presented: readKoyebToken(request),
        request: describeRequest(request, 'koyeb'),
        mint,
        presentedGraceSeconds: context.settings.koyeb.oldTokenGraceSeconds,
        encode: encodeLoginReply,
      })
      return sendTokens(reply, 200, text)
    },
  )
  const sendSibling = async (request: FastifyRequest, reply: FastifyReply, organizationId: string | null) => {
    const { grant, minted } = await createSiblingSession(context, request, { organizationId, latestEnd: null })
    return sendTokens(reply, 200, encodeLoginReply(grant, minted))
  }
  app.post('/v1/account/session', { onRequest: person, schema: { openapi: operations.NewSession } }, (request, reply) =>
    sendSibling(request, reply, null),
  )
  app.post(
    '/v1/unscope_organization_token',
    { onRequest: person, schema: { openapi: operations.UnscopeOrganizationToken } },
    (request, reply) => sendSibling(request, reply, null),
  )
  app.post<{ Params: { id: string } }>(
    '/v1/organizations/:id/switch',
    { onRequest: person, schema: { openapi: operations.SwitchOrganization } },
    async (request, reply) => {
      const organization = await ports.store.organizationById(request.params.id)
      if (organization === null) throw new Refusal('ORGANIZATION_NOT_FOUND')
      return sendSibling(request, reply, organization.id)
    },
  )
}
