/** Core: creates a session with its first token. The store checks all facts again in one transaction. */
import type { Account } from '../accounts/account.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import type { AuditAction } from '../audit/event.ts'
import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import { nowSeconds } from '../ports.ts'
import type { Ports } from '../wiring.ts'
import type { NewSession, SignInTraces } from './commands.ts'
import { type ClientFacts, earlierEnd, type Proof } from './session.ts'
import type { TokenRow } from './token.ts'

/** The facts of a dialect's token. Unix seconds. */
export type Grant = {
  readonly account: Account
  readonly sessionRow: number
  readonly sessionId: string
  readonly tokenRow: number
  readonly organizationId: string | null
  readonly issuedAt: number
  /** null: the token does not expire by itself. */
  readonly expiresAt: number | null
  readonly refreshExpiresAt: number | null
}

/** A token in the form of its dialect. */
export type Minted = {
  readonly accessToken: string
  /** Found by digest, or by the row number in the token. */
  readonly isIndexed: boolean
  readonly boundIp: string | null
  readonly refreshToken: string | null
  /** The end, if the dialect had to choose another one than granted. */
  readonly expiresAt: number | null
}

/** Creates the token of a grant in the form of a dialect. */
export type Mint = (grant: Grant) => Promise<Minted>

/** The facts of a new session. */
export type SessionRequest = {
  readonly account: Account
  readonly dialect: Dialect
  readonly organizationId: string | null
  readonly client: ClientFacts
  readonly request: RequestFacts
  readonly proof: Proof
  readonly authenticatedAt: number
  /** Ends at this second at the latest, if given; otherwise by the dialect's lifetimes. */
  readonly latestEnd?: number | null
  readonly isApplicationPassword: boolean
  /** The credential that it ends with; null: none. */
  readonly credentialId: string | null
  readonly parentSessionRow: number | null
  readonly signIn: SignInTraces | null
  readonly action: AuditAction
  readonly mint: Mint
}

/** A created session with its token. */
export type CreatedSession = { readonly grant: Grant; readonly minted: Minted }

/** Tries: equal tokens are possible at one dialect only (pacerpro), and each try creates another one. */
const mintAttempts = 5

/**
 * Creates a session.
 *
 * @throws SECOND_FACTOR_WRONG (control) or CREDENTIALS_INVALID (other dialects) if the code was used meanwhile.
 * @throws TOKEN_REVOKED if account or parent session have changed.
 * @throws NOT_A_MEMBER if the account is not in the organization.
 */
export async function createSession(ports: Ports, wanted: SessionRequest): Promise<CreatedSession> {
  for (let attempt = 0; attempt < mintAttempts; attempt += 1) {
    const created = await tryToCreate(ports, wanted)
    if (created !== 'token-taken') return created
  }
  throw new Refusal('INTERNAL', { detail: 'a dialect made the same token again and again' })
}

async function tryToCreate(ports: Ports, wanted: SessionRequest): Promise<CreatedSession | 'token-taken'> {
  const { account, dialect } = wanted
  const session = newSession(ports, wanted)
  const grant = grantFor(ports, { account, session, tokenRow: ports.store.nextRow('token') })
  const minted = await wanted.mint(grant)
  const result = await ports.store.execute('createSession', {
    session,
    token: tokenRow(ports, grant, minted),
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    parentSessionRow: wanted.parentSessionRow,
    signIn: wanted.signIn,
    keepNewest: ports.settings.life[dialect].keepNewest,
    nowMs: ports.clock.wallMs(),
    audit: auditEvent(
      wanted.request,
      { account, atMs: ports.clock.wallMs() },
      { action: wanted.action, subject: `session:${session.id}`, detail: { dialect } },
    ),
  })
  switch (result.kind) {
    case 'created':
      return { grant: { ...grant, expiresAt: minted.expiresAt }, minted }
    case 'token-taken':
      return 'token-taken'
    case 'code-used':
      throw new Refusal(dialect === 'control' ? 'SECOND_FACTOR_WRONG' : 'CREDENTIALS_INVALID', {
        detail: 'the code of the second factor was used before',
      })
    case 'not-a-member':
      throw new Refusal('NOT_A_MEMBER')
    case 'stale':
      throw new Refusal(wanted.signIn === null ? 'TOKEN_REVOKED' : 'CREDENTIALS_INVALID', {
        detail: 'the account or the session changed while a session was created',
      })
  }
}

function newSession(ports: Ports, wanted: SessionRequest): NewSession {
  const now = nowSeconds(ports.clock)
  const life = ports.settings.life[wanted.dialect]
  return {
    row: ports.store.nextRow('session'),
    id: ports.random.uuid(),
    accountId: wanted.account.id,
    epoch: wanted.account.epoch,
    dialect: wanted.dialect,
    organizationId: wanted.organizationId,
    ...wanted.client,
    createdAt: now,
    idleSeconds: life.idleSeconds,
    expiresAt: earlierEnd(life.absoluteSeconds === null ? null : now + life.absoluteSeconds, wanted.latestEnd ?? null),
    proof: wanted.proof,
    authenticatedAt: wanted.authenticatedAt,
    isApplicationPassword: wanted.isApplicationPassword,
    credentialId: wanted.credentialId,
  }
}

/** Returns the grant of a session's next token: it ends with the token's life or the session, whichever is earlier. */
export function grantFor(
  ports: Pick<Ports, 'clock' | 'settings'>,
  of: {
    readonly account: Account
    readonly session: Pick<NewSession, 'row' | 'id' | 'dialect' | 'organizationId' | 'idleSeconds' | 'expiresAt'>
    readonly tokenRow: number
  },
): Grant {
  const now = nowSeconds(ports.clock)
  const { session } = of
  const { tokenSeconds } = ports.settings.life[session.dialect]
  return {
    account: of.account,
    sessionRow: session.row,
    sessionId: session.id,
    tokenRow: of.tokenRow,
    organizationId: session.organizationId,
    issuedAt: now,
    expiresAt: earlierEnd(tokenSeconds === null ? null : now + tokenSeconds, session.expiresAt),
    refreshExpiresAt: earlierEnd(session.idleSeconds === null ? null : now + session.idleSeconds, session.expiresAt),
  }
}

/** Returns the stored row of a minted token: digests only. */
export function tokenRow(ports: Pick<Ports, 'digests'>, grant: Grant, minted: Minted): TokenRow {
  const hasRefresh = minted.refreshToken !== null
  return {
    row: grant.tokenRow,
    sessionRow: grant.sessionRow,
    accessDigest: ports.digests.sha256(minted.accessToken),
    isIndexed: minted.isIndexed,
    issuedAt: grant.issuedAt,
    expiresAt: minted.expiresAt,
    boundIp: minted.boundIp,
    refreshDigest: hasRefresh ? ports.digests.sha256(minted.refreshToken) : null,
    refreshExpiresAt: hasRefresh ? grant.refreshExpiresAt : null,
  }
}
