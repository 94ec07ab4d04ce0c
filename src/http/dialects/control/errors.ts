/**
 * control: the answers to refusals. They are problem details (RFC 9457), and at `pty_token` the shape of its original.
 * A throttled sign-in is answered 429 with Retry-After and the type `sign-in-throttled`.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'

/** Sends the answer to a refusal, in the shape of the path that was asked for. */
export function answerRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (refusal.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
  if (refusal.code === 'UPGRADE_REQUIRED') reply.header('upgrade', 'websocket')
  return request.url.includes('/api/v1/pty_token/') ? answerPtyToken(refusal, reply) : answerProblem(refusal, reply)
}

function answerProblem(refusal: Refusal, reply: FastifyReply): FastifyReply {
  const status = httpStatusOf(refusal.code)
  const problem = {
    type: refusal.code.toLowerCase().replaceAll('_', '-'),
    title: refusal.message,
    status,
    ...(refusal.fields.length === 0 ? {} : { fields: refusal.fields }),
  }
  return sendJson(reply.header('content-type', 'application/problem+json'), status, problem)
}

/** PTY token API: the body is `{"error"}`. The status is 422 when a field is at fault, and 400 for a body that is not JSON. */
function answerPtyToken(refusal: Refusal, reply: FastifyReply): FastifyReply {
  const [fault] = refusal.fields
  if (refusal.code === 'INPUT_INVALID' && fault !== undefined) {
    return sendJson(reply, 422, { error: `${fault.field || 'body'} ${fault.description}.` })
  }
  return sendJson(reply, httpStatusOf(refusal.code), { error: refusal.message })
}
