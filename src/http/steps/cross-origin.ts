/** HTTP step: CORS for allowed origins, without credentials. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { oneHeader } from './describe-request.ts'

/** Request headers that clients of the dialects send. */
const allowedHeaders =
  'authorization, content-type, seon-fp, x-koyeb-project-id, x-request-id, x-giant-swarm-activity, x-giant-swarm-cmdline, x-sftpgo-otp'

/** Lets an allowed origin read the answer. Returns whether the request comes from one. */
export function allowOrigin(request: FastifyRequest, reply: FastifyReply, allowedOrigins: readonly string[]): boolean {
  if (allowedOrigins.length === 0) return false
  reply.header('vary', 'Origin')
  const origin = oneHeader(request, 'origin')
  if (origin === undefined) return false
  const allowed = allowedOrigins.includes('*') ? '*' : allowedOrigins.find((known) => known === origin)
  if (allowed === undefined) return false
  reply.header('access-control-allow-origin', allowed)
  return true
}

/** Returns whether a request is a preflight request. */
export function isPreflight(request: FastifyRequest): boolean {
  return request.method === 'OPTIONS' && oneHeader(request, 'access-control-request-method') !== undefined
}

/** Answers a preflight request with the methods of the path. */
export function answerPreflight(reply: FastifyReply, methods: readonly string[]): FastifyReply {
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': '600',
    })
    .send()
}
