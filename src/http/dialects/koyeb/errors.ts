/** koyeb: the table of refusals. The status inside a body is always the status of the answer (Koyeb REST API, Errors). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpStatusOf, type Refusal, type RefusalCode, type RefusalKind } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'

/** Codes of `google.rpc.Code`; clients decode an int32 here, never a string. */
const rpcCodes = {
  unknown: 2,
  invalidArgument: 3,
  alreadyExists: 6,
  resourceExhausted: 8,
  aborted: 10,
  unimplemented: 12,
} as const

/** How a refusal differs from the answer that its status has. */
type Answer = {
  /** The refusal's own message by default. */
  readonly message?: string
  /** Used when the body is a `google.rpc.Status`; UNKNOWN by default. */
  readonly rpcCode?: number
}

/** The dashboard compares this sentence and the next one byte by byte. */
const wrongCredentials =
  'There is no Koyeb account associated with this email address or your password is incorrect' as const
const notAMember = 'User is not a member of the organization' as const

/** Answers of refusals that have no row in `answers`. */
const answersByKind: Readonly<Record<RefusalKind, Answer>> = {
  invalid: { rpcCode: rpcCodes.invalidArgument },
  // The same sentence for every refused token.
  unauthenticated: { message: 'Request unauthenticated with bearer' },
  forbidden: {},
  missing: {},
  conflict: { rpcCode: rpcCodes.aborted },
  'too-many': { rpcCode: rpcCodes.resourceExhausted },
  unavailable: {},
  internal: {},
}

const answers: Readonly<Partial<Record<RefusalCode, Answer>>> = {
  // 429 with Retry-After; the body is a `google.rpc.Status`.
  SIGN_IN_THROTTLED: { rpcCode: rpcCodes.resourceExhausted },
  // The same answer for both, so that a caller learns nothing about the account.
  CREDENTIALS_INVALID: { message: wrongCredentials },
  ACCOUNT_EXPIRED: { message: wrongCredentials },
  NOT_A_MEMBER: { message: notAMember },
  METHOD_NOT_ALLOWED: { rpcCode: rpcCodes.unimplemented, message: 'Method Not Allowed' },
  NAME_TAKEN: { rpcCode: rpcCodes.alreadyExists },
}

/** The `code` of each status whose body is an `Error`; 400 is an `ErrorWithFields`, every other status a `google.rpc.Status`. */
const errorCodes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'authorization_error',
  404: 'not_found',
  500: 'api_error',
  503: 'api_error',
}

/** Sends the answer to a refusal. */
export function answerRefusal(refusal: Refusal, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = httpStatusOf(refusal.code)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return sendJson(reply, status, bodyOf(refusal, status))
}

function bodyOf({ code, kind, fields, message: ownMessage }: Refusal, status: number): object {
  if (status === 400) {
    return { status, code: 'invalid_argument', message: fields.length === 0 ? ownMessage : 'Invalid argument', fields }
  }
  const { message = ownMessage, rpcCode = rpcCodes.unknown } = { ...answersByKind[kind], ...answers[code] }
  const errorCode = errorCodes[status]
  return errorCode === undefined ? { code: rpcCode, message, details: [] } : { status, code: errorCode, message }
}
