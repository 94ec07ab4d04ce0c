/** pacerpro: its tokens. They have exactly four claims, so that two tokens of one account differ only in `exp`. */
import type { FastifyRequest } from 'fastify'
import { isRefusal, Refusal } from '../../../core/errors.ts'
import type { Mint } from '../../../core/sessions/create-session.ts'
import type { HttpContext } from '../../context.ts'
import { noRow, principalOf, type TokenReader } from '../../steps/authenticate.ts'
import { asAuthentication } from '../../steps/authentication-steps.ts'
import { readAuthorization } from '../../steps/read-authorization.ts'
import { UniqueExpiries } from './unique-expiries.ts'

/** Life in seconds of a token that is configured without an end: `exp` cannot be left out. */
const unlimitedSeconds = 10 * 365 * 24 * 60 * 60

/**
 * Returns the function that creates pacerpro's tokens. The claims are the account's epoch, its number, an end and the scope.
 *
 * Two tokens of one account never end in the same second. If another process has used an end already, the function tries
 * later ones in growing steps.
 *
 * @see PacerPro API, Session; the original's own tests refuse a fifth claim, such as `iat`.
 */
export function mintPacerproToken({ ports }: Pick<HttpContext, 'ports'>): Mint {
  const seconds = new UniqueExpiries()
  return async function mintDistinctToken({ account, issuedAt, expiresAt }) {
    const wanted = expiresAt ?? issuedAt + unlimitedSeconds
    for (let step = 0; ; step = Math.max(1, step * 2)) {
      const exp = seconds.take(account.epoch, wanted, step)
      const claims = { jti: account.epoch, sub: account.id, exp, scp: 'user' }
      const accessToken = await ports.signer.sign('pacerpro', 'JWT', claims)
      const holder = await ports.store.token({ digest: ports.digests.sha256(accessToken), row: null })
      if (holder === null) return { accessToken, isIndexed: true, boundIp: null, refreshToken: null, expiresAt: exp }
    }
  }
}

/**
 * Returns a reader of `Bearer <token>`, and of a bare token unless the operator forbids it.
 *
 * @see PacerPro API, client document: its example sets the key `Authorization` and no prefix.
 */
export function pacerproTokens({ settings }: Pick<HttpContext, 'settings'>): TokenReader {
  return {
    dialect: 'pacerpro',
    readRow: noRow,
    read: (request) => {
      const authorization = readAuthorization(request)
      if (authorization === null) throw new Refusal('TOKEN_MISSING')
      const { scheme, value } = authorization
      const isAccepted = scheme === 'bearer' || (scheme === null && settings.pacerpro.acceptsBareToken)
      if (!isAccepted || value === '') throw new Refusal('TOKEN_INVALID', { detail: 'not a Bearer token' })
      return value
    },
  }
}

/**
 * Returns a step that sets `request.principal`.
 *
 * The step refuses a token whose `jti` is no longer the account's epoch, even if its session goes on. For an unknown token
 * it checks whether the token is one of ours that has expired; only the sentence depends on that.
 */
export function authenticateEpoch(
  context: HttpContext,
  reader: TokenReader,
): (request: FastifyRequest) => Promise<void> {
  return asAuthentication(async function authenticateRequest(request) {
    const token = reader.read(request)
    try {
      const principal = await principalOf(context, reader, request)
      if (epochOf(token) !== principal.account.epoch) throw new Refusal('TOKEN_REVOKED', { detail: 'an ended epoch' })
      request.principal = principal
    } catch (cause) {
      const isUnknown = isRefusal(cause, 'TOKEN_INVALID')
      if (!isUnknown || (await context.ports.signer.inspect('pacerpro', token)) !== 'expired') throw cause
      throw new Refusal('TOKEN_EXPIRED', { detail: 'signed by us, and forgotten since', cause })
    }
  })
}

/** Returns the epoch of a token that was accepted, so that its form is known. */
function epochOf(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return (JSON.parse(payload) as { readonly jti: string }).jti
}
