/** giantswarm: writes refusals as GenericResponse; codes by the original's list and by what its clients look for beside it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal, type RefusalCode, type RefusalKind, refusalCodes } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'
import { echoRequestId } from './request-id.ts'

/** Longest wait in seconds that is told: the original's web console says "five minutes", whatever the header says. */
const longestRetryAfterSeconds = 300

type Answer = { readonly code: string; readonly status?: number; readonly message?: string }

const notPermitted: Answer = {
  code: 'PERMISSION_DENIED',
  message: 'The requested resource cannot be accessed using the provided authentication details.',
}

/** What a kind becomes where its code has no row below; the status is the table's unless it says another. */
const answersByKind: Readonly<Record<RefusalKind, Answer>> = {
  invalid: { code: 'INVALID_INPUT' },
  unauthenticated: notPermitted,
  // gsctl explains a 403 to its user as a fault of the network.
  forbidden: { ...notPermitted, status: 401 },
  missing: { code: 'RESOURCE_NOT_FOUND' },
  conflict: { code: 'RESOURCE_ALREADY_EXISTS' },
  'too-many': { code: 'TOO_MANY_REQUESTS' },
  unavailable: { code: 'INTERNAL_ERROR', status: 500 },
  internal: { code: 'INTERNAL_ERROR' },
}

const badCredentials: Answer = {
  code: 'INVALID_CREDENTIALS',
  message: 'The email address or the password is not right.',
}

// No 503 anywhere: gsctl explains one to its user as a fault of key pairs.
const answers: Partial<Readonly<Record<RefusalCode, Answer>>> = {
  METHOD_NOT_ALLOWED: { code: 'NOT_SUPPORTED' },
  CREDENTIALS_INVALID: badCredentials,
  SECOND_FACTOR_REQUIRED: badCredentials,
  PASSWORD_CURRENT_WRONG: { code: 'INVALID_CREDENTIALS', status: 401, message: 'The current password is not right.' },
  ACCOUNT_EXPIRED: { code: 'ACCOUNT_EXPIRED' },
  ACCESS_DENIED: { ...notPermitted, status: 403 },
  ACTION_DUE: { ...notPermitted, status: 403 },
  LAST_OWNER: { code: 'INVALID_INPUT', status: 400 },
  HASH_QUEUE_FULL: { code: 'TOO_MANY_REQUESTS', status: 429 },
}

/** Answers a refusal. */
export function answerRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  echoRequestId(request, reply)
  if (refusal.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(Math.min(refusal.retryAfterSeconds, longestRetryAfterSeconds)))
  }
  const answer = answers[refusal.code] ?? answersByKind[refusal.kind]
  const status = answer.status ?? httpStatusOf(refusal.code)
  if (status === 401) reply.header('www-authenticate', 'giantswarm')
  return sendJson(reply, status, { code: answer.code, message: answer.message ?? sentenceOf(refusal) })
}

function sentenceOf(refusal: Refusal): string {
  const [fault] = refusal.fields
  const isSaid = refusal.message !== refusalCodes[refusal.code].sentence
  return fault === undefined || isSaid ? refusal.message : `${fault.field || 'body'} ${fault.description}.`
}
