/** koyeb: its tokens, JWTs of characters that may stand in a WebSocket subprotocol. The dashboard reads their `exp`. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import type { Mint } from '../../../core/sessions/create-session.ts'
import type { HttpContext } from '../../context.ts'
import { noRow, type TokenReader } from '../../steps/authenticate.ts'
import { readAuthorization } from '../../steps/read-authorization.ts'

/** Random bytes of a `jti`, so that two tokens of the same second differ. */
const jtiBytes = 16

/** Life in seconds of a token that is configured without an end: the dashboard needs an `exp` more than 12 h ahead. */
const longestLifeSeconds = 24 * 60 * 60

/** Returns the function that creates koyeb's tokens. */
export function mintKoyebToken({ ports }: HttpContext): Mint {
  return async function mintSessionToken(grant) {
    const expiresAt = grant.expiresAt ?? grant.issuedAt + longestLifeSeconds
    const accessToken = await ports.signer.sign('koyeb', 'JWT', {
      jti: ports.encodings.toBase64url(ports.random.bytes(jtiBytes)),
      user_id: grant.account.uuid,
      organization_id: grant.organizationId ?? '',
      iat: grant.issuedAt,
      exp: expiresAt,
    })
    return { accessToken, isIndexed: true, boundIp: null, refreshToken: null, expiresAt }
  }
}

/** Reads `Bearer <token>`, the scheme in any case, and the bare token that generated clients send without a prefix. */
export const koyebTokens: TokenReader = { dialect: 'koyeb', read: readKoyebToken, readRow: noRow }

/**
 * Returns the token of a request.
 *
 * @throws TOKEN_MISSING, or TOKEN_INVALID for another scheme.
 */
export function readKoyebToken(request: FastifyRequest): string {
  const authorization = readAuthorization(request)
  if (authorization === null) throw new Refusal('TOKEN_MISSING')
  const { scheme, value } = authorization
  if (scheme !== null && scheme !== 'bearer') throw new Refusal('TOKEN_INVALID', { detail: 'neither Bearer nor bare' })
  return value
}
