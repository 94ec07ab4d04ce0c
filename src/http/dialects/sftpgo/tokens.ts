/** sftpgo: its tokens; HS256 by the dialect's own key, bound to a realm and, by default, to the client's address. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import type { Grant, Mint } from '../../../core/sessions/create-session.ts'
import type { HttpContext } from '../../context.ts'
import { readAuthorization } from '../../steps/read-authorization.ts'
import { readAttributes } from './attributes.ts'
import { dueOf } from './due.ts'
import type { Realm } from './realms.ts'

/** Bytes and characters of an xid, the form of SFTPGo's `jti`. Ours are random; an xid has time and machine. */
const jtiBytes = 12
const jtiCharacters = 20

/** `nbf` is this number of seconds before `iat`, for clocks that are behind. */
const notBeforeMarginSeconds = 10

/** Returns the function that makes the tokens of one sign-in. */
export function mintSftpgoToken({ ports, settings }: HttpContext, realm: Realm, clientIp: string): Mint {
  return async function mintAccessToken(grant) {
    const jti = encodeXid(ports.random.bytes(jtiBytes))
    const accessToken = await ports.signer.sign('sftpgo', 'JWT', {
      jti,
      iat: grant.issuedAt,
      nbf: grant.issuedAt - notBeforeMarginSeconds,
      exp: endOf(grant),
      aud: [realm.audience, clientIp],
      sub: String(grant.account.updatedAtMs),
      username: grant.account.username,
      ...claimsOfAttributes(grant, ports.clock.wallMs()),
    })
    const boundIp = settings.sftpgo.isBoundToAddress ? clientIp : null
    return { accessToken, isIndexed: true, boundIp, refreshToken: null, expiresAt: grant.expiresAt }
  }
}

/** Rights and demands at the time of the sign-in. Empty ones are left out, and the server does not rely on them later. */
function claimsOfAttributes({ account }: Grant, nowMs: number): Readonly<Record<string, unknown>> {
  const { permissions, webClient, role } = readAttributes(account)
  const due = dueOf(account, nowMs)
  const granted = account.role === 'admin' ? permissions : webClient
  return {
    ...(granted.length === 0 ? {} : { permissions: granted }),
    ...(role === '' ? {} : { role }),
    ...(due.secondFactor ? { '2fa_required': true } : {}),
    ...(due.passwordChange ? { chpwd: true } : {}),
    ...(due.protocols.length === 0 ? {} : { '2fa_protos': due.protocols }),
  }
}

/**
 * Returns `sub` of one of our own tokens.
 *
 * @param token one that was accepted: its signature is not looked at again.
 */
export function subjectOf(token: string): string {
  return claimsOf(token).sub
}

/**
 * Returns whether the holder of one of our tokens still had to set up a second factor when it was issued.
 *
 * @param token An accepted token: its signature is not checked again.
 */
export function demandsSecondFactor(token: string): boolean {
  return claimsOf(token)['2fa_required'] === true
}

type OwnClaims = { readonly sub: string; readonly '2fa_required'?: boolean }

function claimsOf(token: string): OwnClaims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as OwnClaims
}

/** Returns the end of a grant in Unix seconds; the answer has no way to say that there is none. */
export function endOf(grant: Pick<Grant, 'expiresAt'>): number {
  if (grant.expiresAt === null) {
    throw new Refusal('INTERNAL', { detail: 'tokens of sftpgo need an end; sftpgo.tokenSeconds gives none' })
  }
  return grant.expiresAt
}

/**
 * Returns the token of `Authorization: Bearer <token>`; cookies and the query string are never looked at.
 *
 * @throws TOKEN_MISSING for any other scheme as well.
 */
export function readBearer(request: FastifyRequest): string {
  const authorization = readAuthorization(request)
  if (authorization?.scheme !== 'bearer' || authorization.value === '') throw new Refusal('TOKEN_MISSING')
  return authorization.value
}

/** Base32 with the digits 0-9a-v (RFC 4648 section 7, in lower case), padded with zero bits to whole characters. */
function encodeXid(bytes: Uint8Array): string {
  const paddingBits = BigInt(jtiCharacters * 5 - jtiBytes * 8)
  const number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`) << paddingBits
  return number.toString(32).padStart(jtiCharacters, '0')
}
