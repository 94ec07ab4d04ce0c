/** control: its tokens. Access tokens are `at+jwt` (RFC 9068), and refresh tokens are `row.secret`. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import type { Mint } from '../../../core/sessions/create-session.ts'
import type { HttpContext } from '../../context.ts'
import type { TokenReader } from '../../steps/authenticate.ts'
import { readAuthorization } from '../../steps/read-authorization.ts'

/** Random bytes of a refresh token, and of a `jti`, which stays unique even after a store is restored. */
const secretBytes = 32
const jtiBytes = 12

/** Returns the function that creates control's tokens. */
export function mintControlToken({ ports, settings }: HttpContext): Mint {
  return async function mintAccessAndRefresh(grant) {
    const random = (length: number): string => ports.encodings.toBase64url(ports.random.bytes(length))
    const accessToken = await ports.signer.sign('control', 'at+jwt', {
      iss: settings.publicUrl,
      aud: settings.publicUrl,
      sub: grant.account.uuid,
      client_id: 'sallyport',
      iat: grant.issuedAt,
      exp: grant.expiresAt,
      jti: `${grant.tokenRow}.${random(jtiBytes)}`,
      sid: grant.sessionId,
      ...(grant.organizationId === null ? {} : { org: grant.organizationId }),
    })
    const refreshToken = `${grant.tokenRow}.${random(secretBytes)}`
    return { accessToken, isIndexed: false, boundIp: null, refreshToken, expiresAt: grant.expiresAt }
  }
}

/**
 * Returns the row number of a refresh token.
 *
 * @throws TOKEN_INVALID if the text does not have the form of a refresh token.
 */
export function refreshTokenRow(token: string): number {
  const row = /^([1-9]\d{0,14})\.[A-Za-z0-9_-]{43}$/.exec(token)?.[1]
  if (row === undefined) throw new Refusal('TOKEN_INVALID', { detail: 'not the form of a refresh token' })
  return Number(row)
}

/** Reads `Bearer <token>` with any number of spaces, and giantswarm's scheme; never the query string. */
export const controlTokens: TokenReader = {
  dialect: 'control',
  read: readControlToken,
  readRow: accessTokenRow,
}

function readControlToken(request: FastifyRequest): string {
  const authorization = readAuthorization(request)
  if (authorization === null) throw new Refusal('TOKEN_MISSING')
  const { scheme, value } = authorization
  if ((scheme !== 'bearer' && scheme !== 'giantswarm') || value.trim() === '') {
    throw new Refusal('TOKEN_INVALID', { detail: 'not a Bearer token' })
  }
  // One space or more separates the scheme from the credentials (RFC 9110 section 11.4).
  return value.startsWith(' ') ? value.trimStart() : value
}

/** Returns the row number before the dot of `jti`; tokens of other dialects have none. */
function accessTokenRow(token: string): number | null {
  const payload = token.split('.')[1]
  if (payload === undefined) return null
  const row = /"jti":"([1-9]\d{0,14})\./.exec(Buffer.from(payload, 'base64url').toString())?.[1]
  return row === undefined ? null : Number(row)
}
