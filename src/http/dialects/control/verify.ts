/** control: verifies a token for a reverse proxy. It is the hot path, and does only what it needs. */

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Principal } from '../../../core/sessions/principal.ts'
import type { App, HttpContext } from '../../context.ts'
import { principalOf, type TokenReader } from '../../steps/authenticate.ts'
import { operations } from './documents.ts'
import { controlTokens } from './tokens.ts'

const tokens: TokenReader = { ...controlTokens, isAskedByProxy: true }

/** Registers the route for every method that a proxy may pass on from its client. */
export function registerVerify(app: App, context: HttpContext): void {
  const url = '/api/v1/verify'
  const verify = (request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> => {
    const found = principalOf(context, tokens, request)
    if (found instanceof Promise) return found.then((principal) => answer(principal, reply))
    return answer(found, reply)
  }
  app.get(url, { schema: { openapi: operations.verifyToken } }, verify)
  // Answered before a body is read: the body is meant for the server behind the proxy.
  const withoutBody = { url, schema: { openapi: 'left out' }, handler: verify } as const
  app.route({
    ...withoutBody,
    method: ['POST', 'PUT', 'PATCH', 'DELETE'],
    onRequest: async (request, reply) => verify(request, reply),
  })
  app.route({
    ...withoutBody,
    method: 'OPTIONS',
    onRequest: async (request, reply) => (carriesToken(request) ? verify(request, reply) : reply.callNotFound()),
  })
}

/** A preflight request (CORS) has an origin and no token. */
function carriesToken({ headers }: FastifyRequest): boolean {
  return headers.authorization !== undefined && headers.origin === undefined
}

function answer({ account, organizationId }: Principal, reply: FastifyReply): FastifyReply {
  const { raw } = reply
  raw.setHeader('x-auth-account', account.id)
  raw.setHeader('x-auth-username', encodeURIComponent(account.username))
  if (organizationId !== null) raw.setHeader('x-auth-organization', organizationId)
  if (account.groups.length > 0) raw.setHeader('x-auth-groups', account.groups.map(encodeURIComponent).join(','))
  return reply.send()
}
