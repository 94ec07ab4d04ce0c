/** HTTP step: turns a presented token into a principal; what is refused is counted, not written. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../core/errors.ts'
import type { Dialect } from '../../core/sessions/session.ts'
import type { Principal } from '../../core/tokens/live-tokens.ts'
import { mayBeSpentAt, type RowReader, verifyToken } from '../../core/tokens/verify.ts'
import type { HttpContext } from '../context.ts'

/** How a dialect finds a token in a request. */
export type TokenReader = {
  readonly dialect: Dialect
  /** Returns the token; @throws TOKEN_MISSING, or TOKEN_INVALID for a form that is not accepted. */
  readonly read: (request: FastifyRequest) => string
  readonly readRow: RowReader
}

/** For tokens that carry no row number. */
export const noRow: RowReader = () => null

/** Returns a step that sets `request.principal`. */
export function authenticate(context: HttpContext, reader: TokenReader): (request: FastifyRequest) => Promise<void> {
  return async function authenticateRequest(request) {
    request.principal = await principalOf(context, reader, request)
  }
}

/**
 * Returns who holds the token of a request, without a wait when memory knows it.
 *
 * @throws what `verifyToken` throws; TOKEN_WRONG_AUDIENCE for a token of another dialect, TOKEN_WRONG_ADDRESS for one that
 * is bound to another address.
 */
export function principalOf(
  context: HttpContext,
  reader: TokenReader,
  request: FastifyRequest,
): Principal | Promise<Principal> {
  const found = verifyToken(context.ports, reader.read(request), reader.readRow)
  if (found instanceof Promise) return found.then((principal) => admit(principal, reader, request))
  return admit(found, reader, request)
}

function admit(principal: Principal, reader: TokenReader, request: FastifyRequest): Principal {
  if (!mayBeSpentAt(principal, reader.dialect)) throw new Refusal('TOKEN_WRONG_AUDIENCE')
  if (principal.boundIp !== null && principal.boundIp !== request.clientIp) throw new Refusal('TOKEN_WRONG_ADDRESS')
  return principal
}

/** Returns the principal that the authenticate step has set. */
export function signedIn(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Refusal('INTERNAL', { detail: 'a route asks for a principal without a step that sets it' })
  return request.principal
}
