/** pacerpro: the one address; POST signs in, GET exchanges a live token, DELETE ends every token of the account. */
import type { FastifyReply } from 'fastify'
import { signIn } from '../../../core/accounts/sign-in.ts'
import { endAllSessions } from '../../../core/sessions/end-session.ts'
import { exchangeAccessToken } from '../../../core/tokens/exchange.ts'
import { noStore, sendJson, sendText } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeClient, describeRequest } from '../../steps/describe-request.ts'
import { documentCreate, documentDelete, documentRefresh } from './documents.ts'
import { authenticateEpoch, mintPacerproToken, pacerproTokens } from './tokens.ts'
import { encodeSession, User } from './wire.ts'

/** Registers the routes. HEAD is not offered: GET makes a token, and nobody may get one without seeing it. */
export function registerSession(app: App, context: HttpContext): void {
  const { ports } = context
  const mint = mintPacerproToken(context)
  const reader = pacerproTokens(context)
  const onRequest = [authenticateEpoch(context, reader)]
  app.post('/session', { schema: { openapi: documentCreate, body: User } }, async (request, reply) => {
    const { email, password } = request.body
    const { grant, minted } = await signIn(ports, {
      dialect: 'pacerpro',
      claimant: { by: 'email', email },
      password,
      code: 'unsupported',
      client: describeClient(request, ports.digests),
      request: describeRequest(request, 'pacerpro'),
      admit: async () => ({ organizationId: null }),
      mint,
    })
    return sendSession(reply, encodeSession(grant, minted))
  })
  app.get(
    '/session',
    { onRequest, schema: { openapi: documentRefresh }, exposeHeadRoute: false },
    async (request, reply) => {
      const wanted = {
        presented: reader.read(request),
        request: describeRequest(request, 'pacerpro'),
        mint,
        encode: encodeSession,
      }
      return sendSession(reply, await exchangeAccessToken(ports, signedIn(request), wanted))
    },
  )
  const signOutStep = authenticateEpoch(context, { ...reader, isSignOut: true })
  app.delete('/session', { onRequest: signOutStep, schema: { openapi: documentDelete } }, async (request, reply) => {
    const { account } = signedIn(request)
    const target = { accountId: account.id, expectedEpoch: account.epoch }
    await endAllSessions(ports, target, { by: account, request: describeRequest(request, 'pacerpro') })
    return sendJson(reply, 200, {})
  })
}

function sendSession(reply: FastifyReply, text: string): FastifyReply {
  return sendText(reply, 200, { text, headers: { 'content-type': 'application/json', ...noStore } })
}
