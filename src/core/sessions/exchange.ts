/** Core: exchanges a token for its one successor; a repeat gets the same answer, byte for byte. */

import type { Account } from '../accounts/account.ts'
import { requireRules } from '../accounts/require-rules.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import { nowSeconds } from '../ports.ts'
import type { Ports } from '../wiring.ts'
import type { Grant, Minted } from './create-session.ts'
import { grantFor, type Mint, tokenRow } from './create-session.ts'
import type { Principal } from './principal.ts'
import type { Session } from './session.ts'

/** Most live tokens of one session of `control`; older ones end. */
const refreshedTokensPerSession = 8

/** Most live tokens of one session if old ones stay live (pacerpro, koyeb): far above honest use. */
const exchangedTokensPerSession = 256

/** Tries: equal tokens are possible at one dialect only (pacerpro), and each try creates another one. */
const mintAttempts = 5

/** The facts of an exchange's request. */
export type ExchangeRequest = {
  readonly presented: string
  readonly request: RequestFacts
  readonly mint: Mint
  /** The presented token stays live at most this many seconds; null: to its own end. */
  readonly presentedGraceSeconds?: number | null
  /** Writes the whole answer; it is stored sealed, and returned again to a caller that repeats the request. */
  readonly encode: (grant: Grant, minted: Minted) => string
}

/**
 * Exchanges a refresh token of `control` and returns the answer.
 *
 * @throws TOKEN_INVALID if it is not known, TOKEN_EXPIRED if it has expired, TOKEN_REVOKED if its session ended.
 * @throws REFRESH_REUSED if it was used before; then the whole session has ended.
 * @throws ACCESS_DENIED if an account rule refuses; then the token is not used.
 * @see RFC 9700 section 4.14.2
 */
export async function exchangeRefreshToken(ports: Ports, row: number, wanted: ExchangeRequest): Promise<string> {
  const known = await ports.store.refreshToken(row)
  const presentedDigest = ports.digests.sha256(wanted.presented)
  if (known === null || !ports.digests.equal(known.refreshDigest, presentedDigest)) {
    throw new Refusal('TOKEN_INVALID', { detail: 'no such refresh token is known' })
  }
  const { account, session } = known
  requireRules(account, {
    door: 'control',
    ip: wanted.request.ip,
    isByPassword: session.credentialId === null,
    nowMs: ports.clock.wallMs(),
  })
  return exchange(ports, wanted, { mode: 'refresh', account, session, tokenRow: row, presentedDigest })
}

/**
 * Exchanges a live access token for a successor in its session (pacerpro, koyeb) and returns the answer.
 *
 * @throws TOKEN_REVOKED if the token or its session ended meanwhile.
 */
export async function exchangeAccessToken(
  ports: Ports,
  principal: Principal,
  wanted: ExchangeRequest,
): Promise<string> {
  const session = await ports.store.sessionById(principal.session.id)
  if (session === null) throw new Refusal('TOKEN_REVOKED', { detail: 'the session is gone' })
  return exchange(ports, wanted, {
    mode: 'access',
    account: principal.account,
    session,
    tokenRow: principal.tokenRow,
    presentedDigest: ports.digests.sha256(wanted.presented),
  })
}

type Exchange = {
  readonly mode: 'refresh' | 'access'
  readonly account: Account
  readonly session: Session
  readonly tokenRow: number
  readonly presentedDigest: Uint8Array
}

async function exchange(ports: Ports, wanted: ExchangeRequest, of: Exchange): Promise<string> {
  for (let attempt = 0; attempt < mintAttempts; attempt += 1) {
    const answer = await tryToExchange(ports, wanted, of)
    if (answer !== 'token-taken') return answer.text
  }
  throw new Refusal('INTERNAL', { detail: 'a dialect made the same token again and again' })
}

async function tryToExchange(
  ports: Ports,
  wanted: ExchangeRequest,
  of: Exchange,
): Promise<{ readonly text: string } | 'token-taken'> {
  const { account, session } = of
  const grant = grantFor(ports, { account, session, tokenRow: ports.store.nextRow('token') })
  const minted = await wanted.mint(grant)
  const text = wanted.encode({ ...grant, expiresAt: minted.expiresAt }, minted)
  const result = await ports.store.execute('exchangeToken', {
    mode: of.mode,
    tokenRow: of.tokenRow,
    presentedDigest: of.presentedDigest,
    successor: tokenRow(ports, grant, minted),
    sealedAnswer: ports.sealer.sealWith(wanted.presented, text),
    maxLiveTokens: of.mode === 'refresh' ? refreshedTokensPerSession : exchangedTokensPerSession,
    presentedEndsAt: endOfPresented(ports, wanted),
    nowMs: ports.clock.wallMs(),
    audit: auditEvent(
      wanted.request,
      { account, atMs: ports.clock.wallMs() },
      { action: 'refresh', subject: `session:${session.id}` },
    ),
  })
  switch (result.kind) {
    case 'exchanged':
      return { text }
    case 'repeated':
      return { text: ports.sealer.openWith(wanted.presented, result.sealedAnswer) }
    case 'token-taken':
      return 'token-taken'
    case 'reused':
      throw new Refusal('REFRESH_REUSED')
    case 'unknown':
      throw new Refusal('TOKEN_INVALID', { detail: 'no such token is known' })
    case 'revoked':
      throw new Refusal('TOKEN_REVOKED')
    case 'expired':
      throw new Refusal('TOKEN_EXPIRED')
  }
}

function endOfPresented(ports: Ports, { presentedGraceSeconds }: ExchangeRequest): number | null {
  if (presentedGraceSeconds === undefined || presentedGraceSeconds === null) return null
  return nowSeconds(ports.clock) + presentedGraceSeconds
}
