/** SQLite store: commands on PTY sessions from the start token to the end. The first end stays. */
import { auditEvent, byServer } from '../../../core/audit/act.ts'
import { subject } from '../../../core/revocation/log.ts'
import type { AccountSeen } from '../../../core/sessions/commands.ts'
import type { PtyTokenRow } from '../../../core/terminals/commands.ts'
import type { EndReason } from '../../../core/terminals/ends.ts'
import type { PtySession } from '../../../core/terminals/server.ts'
import { insertInto, valuesOf } from '../rows/columns.ts'
import { findPtySession, ptySessionMembers, ptyTokenMembers } from '../rows/pty-rows.ts'
import { appendAudit, appendEntry, type Tx } from '../write-transaction.ts'
import { findAsSeen, isSessionLive } from './checks.ts'
import type { Input, Output } from './command.ts'
import { whyNoToken } from './pty-limits.ts'

const insertPtySessionSql = insertInto('pty_sessions', ptySessionMembers)
const insertPtyTokenSql = insertInto('pty_tokens', ptyTokenMembers)

export function startPtySession(tx: Tx, input: Input<'startPtySession'>): Output<'startPtySession'> {
  const { ptySession, token, seen, nowMs, audit } = input
  if (!mayMint(tx, { token, seen, nowMs })) return { kind: 'stale' }
  const refusal = whyNoToken(tx, token, input)
  if (refusal !== null) return refusal
  tx.db.run(insertPtySessionSql, valuesOf(ptySessionMembers, ptySession))
  insertPtyToken(tx, token)
  appendAudit(tx, audit)
  return { kind: 'started' }
}

/** Stores a join token of an active PTY session. */
export function joinPtySession(tx: Tx, input: Input<'joinPtySession'>): Output<'joinPtySession'> {
  const { token, seen, nowMs, audit } = input
  if (!mayMint(tx, { token, seen, nowMs })) return { kind: 'stale' }
  const joined = findPtySession(tx.db, token.ptySessionId)
  if (joined?.state !== 'active') return { kind: 'not-active' }
  if (token.role === 'implementor' && joined.implementorAccountId !== null) return { kind: 'implementor-present' }
  const refusal = whyNoToken(tx, token, input)
  if (refusal !== null) return refusal
  insertPtyToken(tx, token)
  appendAudit(tx, audit)
  return { kind: 'joined' }
}

/** Writes how a PTY session ended; an end that was requested before keeps its reason. */
export function closePtySession(tx: Tx, input: Input<'closePtySession'>): Output<'closePtySession'> {
  const { id, reason, exitCode, nowMs, audit } = input
  const found = findPtySession(tx.db, id)
  if (found === null) return { kind: 'missing' }
  if (found.state === 'closed') return { kind: 'already' }
  close(tx, { id, reason: found.endReason ?? reason, exitCode, nowMs })
  appendAudit(tx, audit)
  return { kind: 'closed' }
}

/** Requests the end of a PTY session; one that was never opened ends at once. */
export function endPtySession(tx: Tx, input: Input<'endPtySession'>): Output<'endPtySession'> {
  const { id, reason, nowMs, audit } = input
  const found = findPtySession(tx.db, id)
  if (found === null) return { kind: 'missing' }
  if (found.endReason !== null) return { kind: 'already' }
  if (found.state === 'created') close(tx, { id, reason, exitCode: null, nowMs })
  else tx.db.run('UPDATE pty_sessions SET end_reason = :reason WHERE id = :id', { id, reason })
  appendEntry(tx, { kind: 'pty_session', subject: subject.ptySession(id), atMs: nowMs })
  appendAudit(tx, audit)
  return { kind: 'asked' }
}

/**
 * Closes the PTY sessions that were active when their process stopped, with one event each. A session that was never
 * opened stays: its start token is still valid.
 */
export function closeLostPtySessions(
  tx: Tx,
  { nowMs, audit }: Input<'closeLostPtySessions'>,
): Output<'closeLostPtySessions'> {
  const lost = tx.db.all<Pick<PtySession, 'id' | 'endReason'>>(
    `SELECT id, end_reason AS "endReason" FROM pty_sessions WHERE state = 'active' ORDER BY created_at_ms, id`,
  )
  for (const { id, endReason } of lost) {
    const reason = endReason ?? 'node-lost'
    close(tx, { id, reason, exitCode: null, nowMs })
    appendAudit(tx, { ...audit, subject: `pty_session:${id}`, detail: { ...audit.detail, reason } })
  }
  return { ids: lost.map(({ id }) => id) }
}

/** Closes at most `limit` PTY sessions that were never opened before their start token expired, with one event each. */
export function closeNeverOpened(tx: Tx, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): number {
  const left = tx.db.all<{ id: string }>(
    `SELECT s.id FROM pty_sessions s
     WHERE s.state = 'created'
       AND NOT EXISTS (SELECT 1 FROM pty_tokens t WHERE t.pty_session_id = s.id AND t.expires_at_ms > :nowMs)
     LIMIT :limit`,
    { nowMs, limit },
  )
  for (const { id } of left) {
    const reason = 'never-opened'
    close(tx, { id, reason, exitCode: null, nowMs })
    const act = { action: 'pty-end', subject: `pty_session:${id}`, detail: { reason } } as const
    appendAudit(tx, auditEvent(byServer, { account: null, atMs: nowMs }, act))
  }
  return left.length
}

type Closing = {
  readonly id: string
  readonly reason: EndReason
  readonly exitCode: number | null
  readonly nowMs: number
}

function close(tx: Tx, closing: Closing): void {
  const { id, reason, exitCode, nowMs } = closing
  tx.db.run(
    `UPDATE pty_sessions SET state = 'closed', closed_at_ms = :nowMs, end_reason = :reason, exit_code = :exitCode,
       implementor_account_id = NULL
     WHERE id = :id`,
    { id, reason, exitCode, nowMs },
  )
  tx.db.run(
    `UPDATE pty_attachments SET left_at_ms = :nowMs, cause = :reason
     WHERE pty_session_id = :id AND left_at_ms IS NULL`,
    { id, reason, nowMs },
  )
}

function mayMint(
  tx: Tx,
  wanted: { readonly token: PtyTokenRow; readonly seen: AccountSeen; readonly nowMs: number },
): boolean {
  const { token, seen, nowMs } = wanted
  const account = findAsSeen(tx, { accountId: token.accountId, seen, nowMs })
  return account !== null && isSessionLive(tx, { sessionRow: token.sessionRow, account, nowMs })
}

function insertPtyToken(tx: Tx, token: PtyTokenRow): void {
  const row = { ...token, isStart: Number(token.isStart) }
  tx.db.run(insertPtyTokenSql, valuesOf(ptyTokenMembers, row))
}
