/** giantswarm: the installation, the caller, and the caller's organizations. */
import { sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { operations } from './documents.ts'
import { giantswarmTokens } from './tokens.ts'
import { encodeInfo, encodeOrganizations, encodeUser } from './wire.ts'

/** Registers the routes. */
export function registerInfo(app: App, context: HttpContext): void {
  const onRequest = [authenticate(context, giantswarmTokens)]
  const info = encodeInfo(context.settings.giantswarm.installationName)
  app.get('/v4/info/', { onRequest, schema: { openapi: operations.getInfo } }, async (_request, reply) =>
    sendJson(reply, 200, info),
  )
  app.get('/v4/user/', { onRequest, schema: { openapi: operations.getCurrentUser } }, async (request, reply) =>
    sendJson(reply, 200, encodeUser(signedIn(request).account)),
  )
  app.get(
    '/v4/organizations/',
    { onRequest, schema: { openapi: operations.getOrganizations } },
    async (request, reply) => {
      const memberships = await context.ports.store.memberships(signedIn(request).account.id)
      return sendJson(reply, 200, encodeOrganizations(memberships))
    },
  )
}
