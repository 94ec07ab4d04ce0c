/** SQLite store: conditions on accounts, sessions and codes that must still hold when something is created. */
import { type Account, isAccountLive } from '../../../core/accounts/account.ts'
import type { CodeUse } from '../../../core/accounts/commands.ts'
import type { AccountSeen } from '../../../core/sessions/commands.ts'
import { hasSessionExpired, type Session } from '../../../core/sessions/session.ts'
import { findAccount } from '../rows/account-rows.ts'
import { sessionColumns, toSession } from '../rows/session-rows.ts'
import type { Tx } from '../write-transaction.ts'

/** Returns Unix milliseconds as whole Unix seconds. */
export function toSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}

/** Returns the account if it is live and unchanged since it was seen, or null. */
export function findAsSeen(
  tx: Tx,
  wanted: { readonly accountId: number; readonly seen: AccountSeen; readonly nowMs: number },
): Account | null {
  const account = findAccount(tx.db, wanted.accountId)
  if (account === null || !isAccountLive(account, toSeconds(wanted.nowMs))) return null
  return isAsSeen(account, wanted.seen) ? account : null
}

/** Returns whether the account's sessions were not ended and its password was not set since it was seen. */
export function isAsSeen(account: Account, seen: AccountSeen): boolean {
  return account.epoch === seen.epoch && account.passwordHash === seen.passwordHash
}

/** The session to look for. */
export type SessionWanted = {
  readonly sessionRow: number
  readonly account: Pick<Account, 'id' | 'epoch'>
  readonly nowMs: number
}

/** Returns whether a session of the account is live: neither revoked, nor of an ended epoch, nor expired. */
export function isSessionLive(tx: Tx, wanted: SessionWanted): boolean {
  return findLiveSession(tx, wanted) !== null
}

/** Returns a live session of the account, or null. */
export function findLiveSession(tx: Tx, wanted: SessionWanted): Session | null {
  const sql = `SELECT ${sessionColumns} FROM sessions s WHERE s.row = :row`
  const session = tx.db.find(toSession, sql, { row: wanted.sessionRow })
  if (session === null) return null
  const isOfAccount = session.accountId === wanted.account.id && session.epoch === wanted.account.epoch
  const isLive = isOfAccount && session.revokedSeq === null && !hasSessionExpired(session, toSeconds(wanted.nowMs))
  return isLive ? session : null
}

/** Returns whether a code was used before. */
export function isCodeUsed(tx: Tx, code: CodeUse): boolean {
  const sql = 'SELECT 1 FROM used_codes WHERE secret_digest = :digest AND step = :step'
  return tx.db.has(sql, { digest: code.secretDigest, step: code.step })
}

/** Uses a code that was not used before. */
export function useCode(tx: Tx, code: CodeUse, nowMs: number): void {
  tx.db.run('INSERT INTO used_codes (secret_digest, step, used_at_ms) VALUES (:digest, :step, :nowMs)', {
    digest: code.secretDigest,
    step: code.step,
    nowMs,
  })
}
