/** giantswarm: its tokens, opaque lower-case v4 UUIDs that do not expire by themselves. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import type { Mint } from '../../../core/sessions/create-session.ts'
import type { HttpContext } from '../../context.ts'
import { noRow, type TokenReader } from '../../steps/authenticate.ts'
import { readAuthorization } from '../../steps/read-authorization.ts'

/** Returns the function that creates giantswarm's tokens. */
export function mintGiantswarmToken({ ports }: Pick<HttpContext, 'ports'>): Mint {
  return async function mintOpaqueToken({ expiresAt }) {
    return { accessToken: ports.random.uuid(), isIndexed: true, boundIp: null, refreshToken: null, expiresAt }
  }
}

/** Reads `giantswarm <token>`. A token without a scheme, or with another one, is refused. */
export const giantswarmTokens: TokenReader = { dialect: 'giantswarm', readRow: noRow, read: readToken }

function readToken(request: FastifyRequest): string {
  const authorization = readAuthorization(request)
  if (authorization === null) throw new Refusal('TOKEN_MISSING')
  const { scheme, value } = authorization
  if (scheme !== 'giantswarm' || value === '') {
    throw new Refusal('TOKEN_INVALID', { detail: 'not a token of the giantswarm scheme' })
  }
  return value
}
