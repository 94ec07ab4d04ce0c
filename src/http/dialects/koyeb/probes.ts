/** koyeb: small calls that clients make around a sign-in: the login method, the holder of a token, the list of apps. */
import { sendJson, sendText } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { collectFaults, decodeObject, textMember } from './body.ts'
import { operations } from './documents.ts'
import { decodePage, type Query } from './page.ts'
import { koyebTokens } from './tokens.ts'

/** The picture of every account: a head and shoulders. */
const avatar =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#d7dce2"/>' +
  '<circle cx="32" cy="25" r="11" fill="#5f6b7a"/><path d="M10 60a22 19 0 0 1 44 0z" fill="#5f6b7a"/></svg>\n'

/** Registers the routes. */
export function registerProbes(app: App, context: HttpContext): void {
  const onRequest = authenticate(context, koyebTokens)
  // The same answer for every address, so that it reveals nothing about accounts.
  app.get('/v1/account/login_method', { schema: { openapi: operations.LoginMethod } }, async (_request, reply) =>
    sendJson(reply, 200, { method: 'KOYEB' }),
  )
  app.get('/v1/test/anon', { schema: { openapi: operations.TestAnon } }, async (_request, reply) =>
    sendJson(reply, 200, {}),
  )
  app.post('/v1/test/auth', { onRequest, schema: { openapi: operations.TestAuth } }, async (request, reply) => {
    const payload = collectFaults((faults) => textMember(decodeObject(request.body), 'payload', faults))
    const { account, organizationId } = signedIn(request)
    return sendJson(reply, 200, {
      payload,
      user_id: account.kind === 'person' ? account.uuid : '',
      organization_id: organizationId ?? '',
      workspace_id: '',
    })
  })
  app.get<{ Querystring: Query }>(
    '/v1/apps',
    { onRequest, schema: { openapi: operations.ListApps } },
    async (request, reply) => {
      const page = collectFaults((faults) => decodePage(request.query, faults))
      return sendJson(reply, 200, { apps: [], ...page, count: 0 })
    },
  )
  app.get('/avatar.svg', { schema: { openapi: 'left out' } }, async (_request, reply) => {
    const headers = { 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=86400' }
    return sendText(reply, 200, { text: avatar, headers })
  })
}
