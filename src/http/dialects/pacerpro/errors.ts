/** pacerpro: the table of refusals. Bodies have the original's Error shape; `message` and `error` differ only for a refused token. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal, type RefusalCode, type RefusalKind } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'

/** Members that are left out come from the refusal. */
type Answer = { readonly error?: string; readonly message?: string; readonly status?: number }

const badCredentials: Answer = { error: 'Invalid Email or password.', message: 'Invalid Email or password.' }

/** The sentences of Devise and warden-jwt_auth. */
const badToken: Answer = {
  error: 'You need to sign in or sign up before continuing.',
  message: 'Token invalid or expired',
}

/** Answers of refusals that have no row in `answers`. */
const answersByKind: Readonly<Partial<Record<RefusalKind, Answer>>> = { unauthenticated: badCredentials }

const answers: Readonly<Partial<Record<RefusalCode, Answer>>> = {
  // With Retry-After; both sentences are ours.
  SIGN_IN_THROTTLED: { status: 429 },
  TOKEN_MISSING: badToken,
  TOKEN_INVALID: badToken,
  TOKEN_WRONG_AUDIENCE: badToken,
  TOKEN_WRONG_ADDRESS: badToken,
  // Only for a token that was valid once does the original say why it is refused.
  TOKEN_REVOKED: { ...badToken, error: 'revoked token' },
  TOKEN_EXPIRED: { ...badToken, error: 'Signature has expired' },
  // The original has no 403, so that a rule of the account is answered like a refused token.
  ACCESS_DENIED: { ...badToken, status: 401 },
  ACTION_DUE: { ...badToken, status: 401 },
}

/** Sends the answer to a refusal. */
export function answerRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const {
    error = refusal.message,
    message = refusal.message,
    status = httpStatusOf(refusal.code),
  } = answerOf(refusal, request)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return sendJson(reply, status, { error, message, status, type: 'error' })
}

function answerOf({ code, kind }: Refusal, { method }: FastifyRequest): Answer {
  // The original answers a sign-in that it cannot read like a wrong password.
  if (code === 'INPUT_INVALID' && method === 'POST') return { ...badCredentials, status: 401 }
  return answers[code] ?? answersByKind[kind] ?? {}
}
