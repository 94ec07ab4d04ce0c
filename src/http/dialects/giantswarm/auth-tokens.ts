/** giantswarm: sign-in and sign-out. Each sign-in creates one token, and a sign-out ends only the token of its request. */

import { signOut } from '../../../core/sessions/end-session.ts'
import { signIn } from '../../../core/sign-in.ts'
import { noStore, sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { describeClient, describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { giantswarmTokens, mintGiantswarmToken } from './tokens.ts'
import { CreateAuthTokenRequest, decodePassword } from './wire.ts'

/** Registers the routes. A sign-in ignores Authorization, because clients send the token that they are replacing. */
export function registerAuthTokens(app: App, context: HttpContext): void {
  const { ports } = context
  const mint = mintGiantswarmToken(context)
  app.post(
    '/v4/auth-tokens/',
    { schema: { openapi: operations.createAuthToken, body: CreateAuthTokenRequest } },
    async (request, reply) => {
      const { email, password_base64: encoded } = request.body
      const { minted } = await signIn(ports, {
        dialect: 'giantswarm',
        signInName: { by: 'email', email },
        password: decodePassword(ports.encodings, encoded),
        code: 'unsupported',
        client: describeClient(request, ports.digests),
        request: describeRequest(request, 'giantswarm'),
        admit: async () => ({ organizationId: null }),
        mint,
      })
      return sendJson(reply.headers(noStore), 200, { auth_token: minted.accessToken })
    },
  )
  const onRequest = [authenticate(context, { ...giantswarmTokens, isSignOut: true })]
  app.delete(
    '/v4/auth-tokens/',
    { onRequest, schema: { openapi: operations.deleteAuthToken } },
    async (request, reply) => {
      await signOut(ports, signedIn(request), describeRequest(request, 'giantswarm'))
      const message = 'The authentication token has been successfully deleted.'
      return sendJson(reply, 200, { code: 'RESOURCE_DELETED', message })
    },
  )
}
