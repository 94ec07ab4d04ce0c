/** HTTP step: turns a presented token into a principal; what is refused is counted, not written. */
import type { FastifyRequest } from 'fastify'
import { requireNothingDue } from '../../core/accounts/due.ts'
import { requireRules } from '../../core/accounts/require-rules.ts'
import { noRules } from '../../core/accounts/rules.ts'
import type { Dialect } from '../../core/dialects.ts'
import { Refusal } from '../../core/errors.ts'
import type { Principal } from '../../core/tokens/live-tokens.ts'
import { mayBeSpentAt, type RowReader, verifyToken } from '../../core/tokens/verify.ts'
import type { HttpContext } from '../context.ts'
import { asAuthentication } from './authentication-steps.ts'
import { forwardedAddress } from './client-address.ts'

/** How a dialect finds a token in a request. */
export type TokenReader = {
  readonly dialect: Dialect
  /** Returns the token; @throws TOKEN_MISSING, or TOKEN_INVALID for a form that is not accepted. */
  readonly read: (request: FastifyRequest) => string
  readonly readRow: RowReader
} & Use

/** What an operation is served in spite of, and how it knows the client. */
type Use = {
  /** It settles what is due of the account, or tells of it. */
  readonly isServedWhileDue?: boolean
  /** It ends the caller's own session: that works from anywhere, at any time, whatever is due. */
  readonly isSignOut?: boolean
  /** A reverse proxy calls in place of the client: only an address that a trusted proxy forwards is the client's. */
  readonly isAskedByProxy?: boolean
}

/** For tokens that carry no row number. */
export const noRow: RowReader = () => null

/** Returns a step that sets `request.principal`. */
export function authenticate(context: HttpContext, reader: TokenReader): (request: FastifyRequest) => Promise<void> {
  return asAuthentication(async function authenticateRequest(request) {
    request.principal = await principalOf(context, reader, request)
  })
}

/**
 * Returns who holds the token of a request, without a wait when memory knows it.
 *
 * @throws what `verifyToken` throws; TOKEN_WRONG_AUDIENCE for a token of another dialect, TOKEN_WRONG_ADDRESS for one that
 * is bound to another address; ACCESS_DENIED and ACTION_DUE by the rules of the account.
 */
export function principalOf(
  context: HttpContext,
  reader: TokenReader,
  request: FastifyRequest,
): Principal | Promise<Principal> {
  const found = verifyToken(context.ports, reader.read(request), reader.readRow)
  if (found instanceof Promise) return found.then((principal) => admit(context, { principal, reader }, request))
  return admit(context, { principal: found, reader }, request)
}

type Presented = { readonly principal: Principal; readonly reader: TokenReader }

function admit(context: HttpContext, presented: Presented, request: FastifyRequest): Principal {
  const { principal, reader } = presented
  if (!mayBeSpentAt(principal, reader.dialect)) throw new Refusal('TOKEN_WRONG_AUDIENCE')
  if (principal.boundIp !== null && principal.boundIp !== request.clientIp) throw new Refusal('TOKEN_WRONG_ADDRESS')
  if (principal.account.rules !== noRules && !reader.isSignOut) holdAgainstRules(context, presented, request)
  return principal
}

/** What a program holds is asked for nothing that is due. */
function holdAgainstRules(
  { ports, settings }: HttpContext,
  { principal, reader }: Presented,
  request: FastifyRequest,
): void {
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

/** Returns the principal that the authenticate step has set. */
export function signedIn(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Refusal('INTERNAL', { detail: 'a route asks for a principal without a step that sets it' })
  return request.principal
}
