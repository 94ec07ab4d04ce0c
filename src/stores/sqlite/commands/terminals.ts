/** SQLite store: commands on PTY sessions and their tokens; what is created is checked against session and account once more. */
import { isAccountLive } from '../../../core/accounts/account.ts'
import type { AccountSeen } from '../../../core/sessions/commands.ts'
import type { PtyTokenRow } from '../../../core/terminals/commands.ts'
import { type PtySessionRow, type StoredPtyToken, toPtyToken } from '../rows/terminal-rows.ts'
import { appendAudit, type WriteTransaction } from '../write-transaction.ts'
import { findAccount, findAsSeen, isSessionLive, toSeconds } from './checks.ts'
import type { Input, Output } from './command.ts'

/** Stores a PTY session with its start token. */
export function startPtySession(tx: WriteTransaction, input: Input<'startPtySession'>): Output<'startPtySession'> {
  const { ptySession, token, seen, nowMs, audit } = input
  if (!mayMint(tx, { token, seen, nowMs })) return { kind: 'stale' }
  const values: PtySessionRow = {
    id: ptySession.id,
    state: ptySession.state,
    purpose: ptySession.purpose,
    change_id: ptySession.changeId,
    server_name: ptySession.serverName,
    os_user: ptySession.osUser,
    started_by_account_id: ptySession.startedByAccountId,
    implementor_account_id: ptySession.implementorAccountId,
    created_at_ms: ptySession.createdAtMs,
  }
  tx.db.run(
    `INSERT INTO pty_sessions (id, state, purpose, change_id, server_name, os_user, started_by_account_id,
       implementor_account_id, created_at_ms)
     VALUES (:id, :state, :purpose, :change_id, :server_name, :os_user, :started_by_account_id,
       :implementor_account_id, :created_at_ms)`,
    values,
  )
  insertPtyToken(tx, token)
  appendAudit(tx, audit)
  return { kind: 'started' }
}

/** Stores a join token of an active PTY session. */
export function joinPtySession(tx: WriteTransaction, input: Input<'joinPtySession'>): Output<'joinPtySession'> {
  const { token, seen, nowMs, audit } = input
  if (!mayMint(tx, { token, seen, nowMs })) return { kind: 'stale' }
  const joined = tx.db.one<Pick<PtySessionRow, 'state' | 'implementor_account_id'>>(
    'SELECT state, implementor_account_id FROM pty_sessions WHERE id = :id',
    { id: token.ptySessionId },
  )
  if (joined?.state !== 'active') return { kind: 'not-active' }
  if (token.role === 'implementor' && joined.implementor_account_id !== null) return { kind: 'implementor-present' }
  insertPtyToken(tx, token)
  appendAudit(tx, audit)
  return { kind: 'joined' }
}

/** Uses a PTY token up. */
export function consumePtyToken(tx: WriteTransaction, input: Input<'consumePtyToken'>): Output<'consumePtyToken'> {
  const { digest, nowMs, audit } = input
  const found = tx.db.one<StoredPtyToken>('SELECT * FROM pty_tokens WHERE digest = :digest', { digest })
  if (found === undefined) return { kind: 'unknown' }
  if (found.used_at_ms !== null) return { kind: 'used' }
  if (nowMs >= found.expires_at_ms) return { kind: 'expired' }
  const token = toPtyToken(found)
  const account = findAccount(tx, token.accountId)
  const isLive =
    account !== null &&
    isAccountLive(account, toSeconds(nowMs)) &&
    isSessionLive(tx, { sessionRow: token.sessionRow, account, nowMs })
  if (!isLive) return { kind: 'revoked' }
  tx.db.run('UPDATE pty_tokens SET used_at_ms = :nowMs WHERE digest = :digest', { digest, nowMs })
  appendAudit(tx, audit)
  return { kind: 'consumed', token }
}

/** Writes what became of a PTY session, and who types in it. */
export function setPtySessionState(
  tx: WriteTransaction,
  input: Input<'setPtySessionState'>,
): Output<'setPtySessionState'> {
  const { id, state, implementorAccountId, audit } = input
  const changed = tx.db.run(
    'UPDATE pty_sessions SET state = :state, implementor_account_id = :implementorAccountId WHERE id = :id',
    { id, state, implementorAccountId },
  )
  if (changed === 0) return { kind: 'missing' }
  appendAudit(tx, audit)
  return { kind: 'changed' }
}

function mayMint(
  tx: WriteTransaction,
  wanted: { readonly token: PtyTokenRow; readonly seen: AccountSeen; readonly nowMs: number },
): boolean {
  const { token, seen, nowMs } = wanted
  const account = findAsSeen(tx, { accountId: token.accountId, seen, nowMs })
  return account !== null && isSessionLive(tx, { sessionRow: token.sessionRow, account, nowMs })
}

function insertPtyToken(tx: WriteTransaction, token: PtyTokenRow): void {
  tx.db.run(
    `INSERT INTO pty_tokens (digest, pty_session_id, account_id, session_row, role, is_start, expires_at_ms)
     VALUES (:digest, :ptySessionId, :accountId, :sessionRow, :role, :isStart, :expiresAtMs)`,
    {
      digest: token.digest,
      ptySessionId: token.ptySessionId,
      accountId: token.accountId,
      sessionRow: token.sessionRow,
      role: token.role,
      isStart: token.isStart ? 1 : 0,
      expiresAtMs: token.expiresAtMs,
    },
  )
}
