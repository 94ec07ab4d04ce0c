/** koyeb: its tokens; JWTs whose `exp` the dashboard reads, of characters that may travel as a WebSocket subprotocol. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import type { Mint } from '../../../core/sessions/create-session.ts'
import type { HttpContext } from '../../context.ts'
import { noRow, type TokenReader } from '../../steps/authenticate.ts'
import { readAuthorization } from '../../steps/read-authorization.ts'

/** Random bytes of a `jti`: two tokens of one second are never the same. */
const jtiBytes = 16

/** Seconds of a token whose configured life has no end: the dashboard needs an `exp`, more than 12 h away. */
const longestLifeSeconds = 24 * 60 * 60

/** Returns the function that makes koyeb's tokens. */
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

/** Reads `Bearer <token>`, in any case, and the bare token that the generated clients send without a prefix. */
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
