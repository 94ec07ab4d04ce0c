/** control: writes refusals; problem details (RFC 9457) everywhere but at `pty_token`, which speaks its original's shape. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'

/** Answers a refusal in the shape of the path that refused. */
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

/** PTY token API: `{"error"}` alone; 422 for fields, 400 for what is no JSON. */
function answerPtyToken(refusal: Refusal, reply: FastifyReply): FastifyReply {
  const isFieldFault = refusal.code === 'INPUT_INVALID' && refusal.fields.length > 0
  const [fault] = refusal.fields
  const sentence =
    fault === undefined || !isFieldFault ? refusal.message : `${fault.field || 'body'} ${fault.description}.`
  return sendJson(reply, isFieldFault ? 422 : httpStatusOf(refusal.code), { error: sentence })
}
