/** HTTP step: answers browsers of allowed origins (CORS); off where no origin is allowed, never with credentials. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { oneHeader } from './describe-request.ts'

/** Request headers that clients of the dialects send. */
const allowedHeaders =
  'authorization, content-type, seon-fp, x-koyeb-project-id, x-request-id, x-giant-swarm-activity, x-giant-swarm-cmdline, x-sftpgo-otp'

/** Marks an answer as readable for an allowed origin. Returns whether the request came from one. */
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

/** Tells whether a request is a browser's question before the real one. */
export function isPreflight(request: FastifyRequest): boolean {
  return request.method === 'OPTIONS' && oneHeader(request, 'access-control-request-method') !== undefined
}

/** Answers the question with the methods that the path has. */
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
