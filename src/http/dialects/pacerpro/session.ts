/** pacerpro: its one path. POST signs in, GET exchanges a live token, and DELETE ends every token of the account. */

import { endAllSessions } from '../../../core/sessions/end-session.ts'
import { exchangeAccessToken } from '../../../core/sessions/exchange.ts'
import { signIn } from '../../../core/sign-in.ts'
import { sendJson, sendTokens } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { actorOf, describeClient, describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { authenticateEpoch, mintPacerproToken, pacerproTokens } from './tokens.ts'
import { encodeSession, User } from './wire.ts'

/** Registers the routes. HEAD is not served: GET creates a token, and its answer must show it. */
export function registerSession(app: App, context: HttpContext): void {
  const { ports } = context
  const mint = mintPacerproToken(context)
  const reader = pacerproTokens(context)
  const onRequest = [authenticateEpoch(context, reader)]
  app.post('/session', { schema: { openapi: operations.sessionCreate, body: User } }, async (request, reply) => {
    const { email, password } = request.body
    const { grant, minted } = await signIn(ports, {
      dialect: 'pacerpro',
      signInName: { by: 'email', email },
      password,
      code: 'unsupported',
      client: describeClient(request, ports.digests),
      request: describeRequest(request, 'pacerpro'),
      admit: async () => ({ organizationId: null }),
      mint,
    })
    return sendTokens(reply, 200, encodeSession(grant, minted))
  })
  app.get(
    '/session',
    { onRequest, schema: { openapi: operations.sessionRefresh }, exposeHeadRoute: false },
    async (request, reply) => {
      const wanted = {
        presented: reader.read(request),
        request: describeRequest(request, 'pacerpro'),
        mint,
        encode: encodeSession,
      }
      return sendTokens(reply, 200, await exchangeAccessToken(ports, signedIn(request), wanted))
    },
  )
  const signOutStep = authenticateEpoch(context, { ...reader, isSignOut: true })
  app.delete(
    '/session',
    { onRequest: signOutStep, schema: { openapi: operations.sessionDelete } },
    async (request, reply) => {
      const actor = actorOf(request, 'pacerpro')
      await endAllSessions(ports, { accountId: actor.by.id, expectedEpoch: actor.by.epoch }, actor)
      return sendJson(reply, 200, {})
    },
  )
}
