/** giantswarm: the table of refusals. Bodies are a GenericResponse; its codes are the original's, and those that its clients look for. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal, type RefusalCode, type RefusalKind, refusalCodes } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'
import { echoRequestId } from './request-id.ts'

/** Largest Retry-After, in seconds: the original's web console always says "five minutes". */
const longestRetryAfterSeconds = 300

/** Members that are left out come from the refusal. */
type Answer = { readonly code: string; readonly status?: number; readonly message?: string }

const notPermitted: Answer = {
  code: 'PERMISSION_DENIED',
  message: 'The requested resource cannot be accessed using the provided authentication details.',
}

/** Answers of refusals that have no row in `answers`. */
const answersByKind: Readonly<Record<RefusalKind, Answer>> = {
  invalid: { code: 'INVALID_INPUT' },
  unauthenticated: notPermitted,
  // gsctl reports a 403 as a network error.
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

// No answer is a 503: gsctl reports it as a problem with key pairs.
const answers: Readonly<Partial<Record<RefusalCode, Answer>>> = {
  // With Retry-After, at most `longestRetryAfterSeconds`.
  SIGN_IN_THROTTLED: { code: 'TOO_MANY_REQUESTS', status: 429 },
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

/** Sends the answer to a refusal. */
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
