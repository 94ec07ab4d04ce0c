/** koyeb: writes refusals; the status inside a body is always the status of the answer (Koyeb REST API, Errors). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal, type RefusalCode, type RefusalKind } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'

/** The dashboard compares both sentences letter by letter. */
const wrongCredentials = 'There is no Koyeb account associated with this email address or your password is incorrect'
const notAMember = 'User is not a member of the organization'

/** One sentence for every token that is not accepted, whatever is wrong with it. */
const wrongToken = 'Request unauthenticated with bearer'

/** Refusals of a sign-in; they are one, so that nothing is learnt of the account. */
const credentialCodes: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['CREDENTIALS_INVALID', 'ACCOUNT_EXPIRED'])

/** Code strings of the statuses that have the shape `Error`; every other status has the shape `google.rpc.Status`. */
const errorCodes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'authorization_error',
  404: 'not_found',
  500: 'api_error',
  503: 'api_error',
}

/** Numbers of `google.rpc.Code` for what has no `Error`; clients decode an int32 there, never a string. */
const statusCodes: Readonly<Partial<Record<RefusalKind, number>>> = { invalid: 3, 'too-many': 8, conflict: 10 }
/** ALREADY_EXISTS, where another conflict is ABORTED. */
const takenCode = 6
const unknownCode = 2
const unimplementedCode = 12

/** Answers a refusal: ErrorWithFields for 400, Error for 401, 403, 404, 500 and 503, Status for the rest. */
export function answerRefusal(refusal: Refusal, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = httpStatusOf(refusal.code)
  if (status === 400) return sendJson(reply, status, errorWithFields(refusal))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  const code = errorCodes[status]
  if (code === undefined) return sendJson(reply, status, statusOf(refusal))
  return sendJson(reply, status, { status, code, message: messageOf(refusal) })
}

function errorWithFields({ fields, message }: Refusal): object {
  return {
    status: 400,
    code: 'invalid_argument',
    message: fields.length === 0 ? message : 'Invalid argument',
    fields: fields.map(({ field, description }) => ({ field, description })),
  }
}

function messageOf(refusal: Refusal): string {
  if (refusal.code === 'NOT_A_MEMBER') return notAMember
  if (refusal.kind !== 'unauthenticated') return refusal.message
  return credentialCodes.has(refusal.code) ? wrongCredentials : wrongToken
}

function statusOf({ code, kind, message }: Refusal): object {
  if (code === 'METHOD_NOT_ALLOWED') return { code: unimplementedCode, message: 'Method Not Allowed', details: [] }
  if (code === 'NAME_TAKEN') return { code: takenCode, message, details: [] }
  return { code: statusCodes[kind] ?? unknownCode, message, details: [] }
}
