/** HTTP step: authenticates a request by its token. */

import type { FastifyRequest } from 'fastify'
import { requireNothingDue } from '../../core/accounts/due.ts'
import { requireRules } from '../../core/accounts/require-rules.ts'
import { noRules } from '../../core/accounts/rules.ts'
import type { Dialect } from '../../core/dialects.ts'
import { Refusal } from '../../core/errors.ts'
import type { Principal } from '../../core/sessions/principal.ts'
import { mayBeSpentAt, type RowReader, verifyToken } from '../../core/tokens/verify.ts'
import type { HttpContext } from '../context.ts'
import { asAuthentication } from './authentication-steps.ts'
import { forwardedAddress } from './client-address.ts'

/** How a dialect reads the token of a request. */
export type TokenReader = {
  readonly dialect: Dialect
  /** Returns the token. @throws TOKEN_MISSING; TOKEN_INVALID for a form that the dialect does not accept. */
  readonly read: (request: FastifyRequest) => string
  readonly readRow: RowReader
} & Use

/** How an operation differs from others in the checks of its caller. */
type Use = {
  /** It changes or shows the account's due actions, so that it is served while an action is due. */
  readonly isServedWhileDue?: boolean
  /** It ends the caller's own session. That works from any network, at any time, and while something is due. */
  readonly isSignOut?: boolean
  /** A reverse proxy calls for the client, so that only an address that a trusted proxy forwards is the client's. */
  readonly isAskedByProxy?: boolean
}

/** Row reader for tokens without a row number. */
export const noRow: RowReader = () => null

/** Returns a step that sets `request.principal`. */
export function authenticate(context: HttpContext, reader: TokenReader): (request: FastifyRequest) => Promise<void> {
  return asAuthentication(async function authenticateRequest(request) {
    request.principal = await principalOf(context, reader, request)
  })
}

/**
 * Returns the principal of a request's token. It returns no promise if the token is in memory.
 *
 * @throws the refusals of `verifyToken`; TOKEN_WRONG_AUDIENCE for a token of another dialect; TOKEN_WRONG_ADDRESS for one
 * that is bound to another address; ACCESS_DENIED and ACTION_DUE by the rules of the account.
 */
export function principalOf(
  context: HttpContext,
  reader: TokenReader,
  request: FastifyRequest,
): Principal | Promise<Principal> {
  const found = verifyToken(context.ports, reader.read(request), reader.readRow)
  if (found instanceof Promise) return found.then((principal) => checkCaller(context, { principal, reader }, request))
  return checkCaller(context, { principal: found, reader }, request)
}

type Caller = { readonly principal: Principal; readonly reader: TokenReader }

function checkCaller(context: HttpContext, caller: Caller, request: FastifyRequest): Principal {
  const { principal, reader } = caller
  if (!mayBeSpentAt(principal, reader.dialect)) throw new Refusal('TOKEN_WRONG_AUDIENCE')
  if (principal.boundIp !== null && principal.boundIp !== request.clientIp) throw new Refusal('TOKEN_WRONG_ADDRESS')
  if (principal.account.rules !== noRules && !reader.isSignOut) checkRules(context, caller, request)
  return principal
}

/** Checks the rules of the account. Nothing is due of a program's credential. */
function checkRules({ ports, settings }: HttpContext, { principal, reader }: Caller, request: FastifyRequest): void {
  const { account, session } = principal
  const nowMs = ports.clock.wallMs()
  requireRules(account, {
    door: reader.dialect,
    ip: reader.isAskedByProxy ? forwardedAddress(request, settings) : request.clientIp,
    isByPassword: !session.isByCredential,
    nowMs,
  })
  if (!reader.isServedWhileDue && !session.isByCredential) requireNothingDue(account, nowMs)
}

/** Returns the principal that the authentication step has set. */
export function signedIn(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Refusal('INTERNAL', { detail: 'a route reads the principal without an authentication step' })
  return request.principal
}
