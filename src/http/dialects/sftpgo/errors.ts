/** sftpgo: writes refusals as ApiResponse; only the token endpoints ask for Basic credentials. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal, type RefusalCode, type RefusalKind } from '../../../core/errors.ts'
import { sendEmpty } from '../../answer.ts'
import { type ApiResponse, formatDuration, sendBody } from './wire.ts'

/** One answer for a wrong name, a wrong password and a missing or wrong code: no hint which. */
const invalidCredentials: ApiResponse = { error: 'invalid credentials', message: 'Unauthorized' }
const tokenExpired: ApiResponse = { error: 'token is expired', message: 'Unauthorized' }

/** Sentences that clients know from the original. */
const answers: Readonly<Partial<Record<RefusalCode, ApiResponse>>> = {
  CREDENTIALS_MISSING: { message: 'Unauthorized' },
  CREDENTIALS_INVALID: invalidCredentials,
  SECOND_FACTOR_REQUIRED: invalidCredentials,
  ACCOUNT_EXPIRED: invalidCredentials,
  TOKEN_MISSING: { error: 'no token found', message: 'Unauthorized' },
  TOKEN_INVALID: { error: 'token is unauthorized', message: 'Unauthorized' },
  TOKEN_EXPIRED: tokenExpired,
  SESSION_EXPIRED: tokenExpired,
  TOKEN_REVOKED: { message: 'Your token is no longer valid' },
  TOKEN_WRONG_AUDIENCE: { message: 'Your token audience is not valid' },
  TOKEN_WRONG_ADDRESS: { message: 'Your token is not valid' },
  API_KEY_NOT_ALLOWED: { message: 'API key authentication is not allowed' },
  NOTHING_TO_CHANGE: { message: 'You are not allowed to change anything' },
  ROLE_DENIED: { message: 'Forbidden' },
  BEYOND_OWN_PERMISSIONS: { message: 'Forbidden' },
  OWN_ACCOUNT: { message: 'Forbidden' },
  ROUTE_NOT_FOUND: { message: 'Not Found' },
  NAME_TAKEN: { error: 'duplicated key not allowed', message: '' },
}

/** The errors of SFTPGo's validation of an account. Each is 400 and begins alike, for every kind of refusal. */
const validations: Readonly<Partial<Record<RefusalCode, string>>> = {
  EMAIL_TAKEN: 'the email address belongs to another account',
  PASSWORD_CURRENT_WRONG: 'current password does not match',
  LAST_OWNER: 'this is the last administrator who may do everything and can sign in, add another one first',
  PASSWORD_TOO_SHORT_ALONE: 'the password is too short to be the only factor, set a longer one first',
}

/** Messages of all refusals that have no answer above. A 404 never names the missing thing. */
const messages: Readonly<Record<RefusalKind, string>> = {
  invalid: '',
  unauthenticated: 'Unauthorized',
  forbidden: 'Forbidden',
  missing: '',
  conflict: '',
  'too-many': 'Too Many Requests',
  unavailable: 'Service Unavailable',
  internal: 'Internal Server Error',
}

/** Refusals of the token endpoints, which name their realm (RFC 7617 section 2); those of Bearer tokens do not. */
const basicCodes: ReadonlySet<RefusalCode> = new Set([
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INVALID',
  'SECOND_FACTOR_REQUIRED',
  'ACCOUNT_EXPIRED',
])

/** Answers a refusal: an ApiResponse, except that a wrong method has no body. */
export function answerRefusal(refusal: Refusal, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const validation = validationOf(refusal)
  if (validation !== null) return sendBody(reply, 400, { error: `Validation error: ${validation}`, message: '' })
  // SFTPGo cuts a body at its limit, and the rest is no JSON.
  const status = refusal.code === 'BODY_TOO_LARGE' ? 400 : httpStatusOf(refusal.code)
  if (refusal.code === 'METHOD_NOT_ALLOWED') return sendEmpty(reply, status)
  if (basicCodes.has(refusal.code)) reply.header('www-authenticate', 'Basic realm="SFTPGo"')
  if (refusal.code === 'SIGN_IN_THROTTLED' && refusal.retryAfterSeconds !== undefined) {
    reply.header('x-retry-in', formatDuration(refusal.retryAfterSeconds))
  }
  return sendBody(reply, status, answers[refusal.code] ?? inGeneral(refusal))
}

function validationOf(refusal: Refusal): string | null {
  if (refusal.code === 'PASSWORD_REJECTED') return `insecure password: ${refusal.message}`
  return validations[refusal.code] ?? null
}

/** Refusals that say all they say in `error`. */
const withoutMessage: ReadonlySet<RefusalCode> = new Set([
  'API_KEY_WRONG_SCOPE',
  'API_KEY_REFUSED',
  'SECOND_FACTOR_DUE',
  'PASSWORD_CHANGE_DUE',
  'SECOND_FACTOR_MISSING',
])

function inGeneral(refusal: Refusal): ApiResponse {
  if (withoutMessage.has(refusal.code)) return { error: refusal.message, message: '' }
  const error = refusal.kind === 'missing' ? 'Not Found' : refusal.message
  return { error, message: messages[refusal.kind] }
}
