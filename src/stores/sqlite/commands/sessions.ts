/** SQLite store: commands that create sessions and write their last uses. */
import type { Account } from '../../../core/accounts/account.ts'
import type { NewSession, SignInTraces } from '../../../core/sessions/commands.ts'
import { hasSessionExpired } from '../../../core/sessions/session.ts'
import { insertInto, valuesOf, words } from '../rows/columns.ts'
import { isSameDigest } from '../rows/digests.ts'
import { sessionColumns, toSession } from '../rows/session-rows.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import { findAsSeen, isCodeUsed, isSessionLive, toSeconds, useCode } from './checks.ts'
import type { Input, Output } from './command.ts'
import { appendAccountChanged } from './epochs.ts'
import { endSession } from './revocations.ts'
import { insertToken, isTokenTaken } from './tokens.ts'

const sessionMembers = words(
  'row id accountId epoch dialect organizationId ip userAgent fingerprintDigest createdAt lastSeenAt idleSeconds',
  'expiresAt proof authenticatedAt isApplicationPassword credentialId',
)
const insertSessionSql = insertInto('sessions', sessionMembers)

export function createSession(tx: Tx, input: Input<'createSession'>): Output<'createSession'> {
  const { session, token, signIn, nowMs } = input
  const account = findAsSeen(tx, { accountId: session.accountId, seen: input.seen, nowMs })
  if (account === null || account.epoch !== session.epoch || token.sessionRow !== session.row) return { kind: 'stale' }
  const parent = input.parentSessionRow
  if (parent !== null && !isSessionLive(tx, { sessionRow: parent, account, nowMs })) return { kind: 'stale' }
  if (!isMember(tx, session)) return { kind: 'not-a-member' }
  const code = signIn?.code ?? null
  if (code !== null && isCodeUsed(tx, code)) return { kind: 'code-used' }
  if (isTokenTaken(tx, token)) return { kind: 'token-taken' }
  if (!useRecoveryCode(tx, account, { recovery: signIn?.recovery ?? null, nowMs })) return { kind: 'code-used' }
  if (code !== null) useCode(tx, code, nowMs)
  insertSession(tx, session)
  insertToken(tx, token, null)
  if (input.keepNewest !== null) endOldest(tx, { session, parentRow: parent, keepNewest: input.keepNewest, nowMs })
  if (signIn !== null) writeTraces(tx, { session, signIn, nowMs })
  rememberOrganization(tx, account, session)
  appendAudit(tx, input.audit)
  return { kind: 'created' }
}

/** Writes last uses. */
export function touchSessions(tx: Tx, input: Input<'touchSessions'>): Output<'touchSessions'> {
  const sql = 'UPDATE sessions SET last_seen_at = :lastSeenAt WHERE row = :row AND last_seen_at < :lastSeenAt'
  for (const { row, lastSeenAt } of input.uses) tx.db.run(sql, { row, lastSeenAt })
  return { kind: 'done' }
}

/** Returns whether the account of a session is in its organization, if it has one. */
export function isMember(
  tx: Tx,
  { accountId, organizationId }: Pick<NewSession, 'accountId' | 'organizationId'>,
): boolean {
  if (organizationId === null) return true
  const sql = 'SELECT 1 FROM memberships WHERE account_id = :accountId AND organization_id = :organizationId'
  return tx.db.has(sql, { accountId, organizationId })
}

/** Writes a session that was checked. */
export function insertSession(tx: Tx, session: NewSession): void {
  const isApplicationPassword = Number(session.isApplicationPassword)
  const row = { ...session, lastSeenAt: session.createdAt, isApplicationPassword }
  tx.db.run(insertSessionSql, valuesOf(sessionMembers, row))
}

function endOldest(
  tx: Tx,
  wanted: {
    readonly session: NewSession
    /** The session that asked for this one; it is never ended to make room. */
    readonly parentRow: number | null
    readonly keepNewest: number
    readonly nowMs: number
  },
): void {
  const { session, parentRow, keepNewest, nowMs } = wanted
  const sql = `SELECT ${sessionColumns} FROM sessions s
    WHERE s.account_id = :accountId AND s.revoked_seq IS NULL AND s.dialect = :dialect AND s.epoch = :epoch
      AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.id = s.credential_id AND c.session_row = s.row)
    ORDER BY s.row DESC`
  const { accountId, dialect, epoch } = session
  const live = tx.db
    .list(toSession, sql, { accountId, dialect, epoch })
    .filter((found) => !hasSessionExpired(found, toSeconds(nowMs)))
  for (const { row } of live.slice(keepNewest)) if (row !== parentRow) endSession(tx, row, nowMs)
}

/** Replaces the list of recovery codes by the one without the used code, unless the list has changed. */
function useRecoveryCode(
  tx: Tx,
  account: Account,
  { recovery, nowMs }: Pick<SignInTraces, 'recovery'> & { readonly nowMs: number },
): boolean {
  if (recovery === null) return true
  const { recoverySealed } = account
  if (recoverySealed === null || !isSameDigest(recoverySealed, recovery.seenSealed)) return false
  tx.db.run('UPDATE accounts SET recovery_sealed = :newSealed WHERE id = :id', {
    id: account.id,
    newSealed: recovery.newSealed,
  })
  appendAccountChanged(tx, account.id, nowMs)
  return true
}

function writeTraces(
  tx: Tx,
  wanted: { readonly session: NewSession; readonly signIn: SignInTraces; readonly nowMs: number },
): void {
  const { session, signIn, nowMs } = wanted
  for (const key of signIn.forgetKeys) tx.db.run('DELETE FROM throttles WHERE key = :key', { key })
  tx.db.run(
    `INSERT INTO known_addresses (account_id, address, last_at_ms) VALUES (:accountId, :address, :nowMs)
     ON CONFLICT (account_id, address) DO UPDATE SET last_at_ms = excluded.last_at_ms`,
    { accountId: session.accountId, address: signIn.knownAddress, nowMs },
  )
  tx.db.run('UPDATE accounts SET last_sign_in_at_ms = :nowMs, last_sign_in_ip = :ip WHERE id = :id', {
    id: session.accountId,
    nowMs,
    ip: session.ip,
  })
}

function rememberOrganization(tx: Tx, account: Account, { organizationId }: NewSession): void {
  if (organizationId === null || organizationId === account.lastOrganizationId) return
  tx.db.run('UPDATE accounts SET last_organization_id = :organizationId WHERE id = :id', {
    id: account.id,
    organizationId,
  })
}
