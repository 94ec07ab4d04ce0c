/** pacerpro: writes refusals in the original's Error shape; `message` and `error` differ only where a token was refused. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal, type RefusalCode } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'

const badCredentials = 'Invalid Email or password.'
const badToken = 'Token invalid or expired'
const notSignedIn = 'You need to sign in or sign up before continuing.'

/** What is said of a token that was once good; of any other one nothing is said (Devise and warden-jwt_auth, their sentences). */
const tokenSentences: Partial<Readonly<Record<RefusalCode, string>>> = {
  TOKEN_REVOKED: 'revoked token',
  TOKEN_EXPIRED: 'Signature has expired',
}

/** Rules of an account are told as a token that is not good: the original knows no 403. */
const ruleCodes: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['ACCESS_DENIED', 'ACTION_DUE'])

type Fault = { readonly error: string; readonly message: string; readonly status: number }

/** Answers a refusal. */
export function answerRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { error, message, status } = faultOf(refusal, request)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return sendJson(reply, status, { error, message, status, type: 'error' })
}

// The original answers a sign-in that it cannot read as it answers a wrong password.
function faultOf(refusal: Refusal, request: FastifyRequest): Fault {
  const isUnreadSignIn = refusal.code === 'INPUT_INVALID' && request.method === 'POST'
  if (refusal.code.startsWith('TOKEN_') || ruleCodes.has(refusal.code)) {
    return { error: tokenSentences[refusal.code] ?? notSignedIn, message: badToken, status: 401 }
  }
  if (refusal.kind === 'unauthenticated' || isUnreadSignIn) {
    return { error: badCredentials, message: badCredentials, status: 401 }
  }
  return { error: refusal.message, message: refusal.message, status: httpStatusOf(refusal.code) }
}
