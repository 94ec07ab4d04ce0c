/** control: tells a reverse proxy who holds a token; the hot path, which carries nothing that it does not need. */
import type { FastifyReply } from 'fastify'
import type { Principal } from '../../../core/tokens/live-tokens.ts'
import type { App, HttpContext } from '../../context.ts'
import { principalOf } from '../../steps/authenticate.ts'
import { documentVerify } from './documents.ts'
import { controlTokens } from './tokens.ts'

/** Registers the route. */
export function registerVerify(app: App, context: HttpContext): void {
  app.get('/api/v1/verify', { schema: { openapi: documentVerify } }, (request, reply) => {
    const found = principalOf(context, controlTokens, request)
    if (found instanceof Promise) return found.then((principal) => answer(principal, reply))
    return answer(found, reply)
  })
}

function answer({ account, organizationId }: Principal, reply: FastifyReply): FastifyReply {
  const { raw } = reply
  raw.setHeader('x-auth-account', account.id)
  raw.setHeader('x-auth-username', encodeURIComponent(account.username))
  if (organizationId !== null) raw.setHeader('x-auth-organization', organizationId)
  if (account.groups.length > 0) raw.setHeader('x-auth-groups', account.groups.map(encodeURIComponent).join(','))
  return reply.send()
}
