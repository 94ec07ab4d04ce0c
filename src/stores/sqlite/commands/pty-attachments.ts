/** SQLite store: commands on attachments. A PTY token opens one, and one account at a time has the implementor's slot. */
import { isAccountLive } from '../../../core/accounts/account.ts'
import {
  type PtyAttachmentRow,
  type PtySessionRow,
  type StoredPtyToken,
  toPtySession,
  toPtyToken,
} from '../rows/pty-rows.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import { findAccount, findLiveSession, toSeconds } from './checks.ts'
import type { Input, Output } from './command.ts'
import { hasAllTerminals } from './pty-limits.ts'
import { findPtySession } from './pty-sessions.ts'

/** Uses a PTY token and attaches its account; the event names the account and the PTY session. */
export function attachPtyToken(tx: Tx, input: Input<'attachPtyToken'>): Output<'attachPtyToken'> {
  const { digest, nowMs, audit } = input
  const found = tx.db.one<StoredPtyToken>('SELECT * FROM pty_tokens WHERE digest = :digest', { digest })
  if (found === undefined) return { kind: 'unknown' }
  if (found.used_at_ms !== null) return { kind: 'used' }
  if (nowMs >= found.expires_at_ms) return { kind: 'expired' }
  const token = toPtyToken(found)
  const account = findAccount(tx, token.accountId)
  if (account === null || !isAccountLive(account, toSeconds(nowMs))) return { kind: 'revoked' }
  const session = findLiveSession(tx, { sessionRow: token.sessionRow, account, nowMs })
  if (session === null) return { kind: 'revoked' }
  const before = findPtySession(tx, token.ptySessionId)
  if (before?.state !== (token.isStart ? 'created' : 'active')) return { kind: 'closed' }
  const isImplementor = token.role === 'implementor'
  if (isImplementor && before.implementor_account_id !== null) return { kind: 'implementor-present' }
  if (isImplementor && hasAllTerminals(tx, { ...token, most: input.limits.terminals })) {
    return { kind: 'too-many-terminals' }
  }
  const after: PtySessionRow = {
    ...before,
    state: 'active',
    active_at_ms: before.active_at_ms ?? nowMs,
    implementor_account_id: isImplementor ? account.id : before.implementor_account_id,
  }
  tx.db.run(
    `UPDATE pty_sessions SET state = :state, active_at_ms = :activeAtMs, implementor_account_id = :implementorAccountId,
       held_by_account_id = coalesce(:implementorAccountId, held_by_account_id)
     WHERE id = :id`,
    {
      id: after.id,
      state: after.state,
      activeAtMs: after.active_at_ms,
      implementorAccountId: after.implementor_account_id,
    },
  )
  tx.db.run('UPDATE pty_tokens SET used_at_ms = :nowMs WHERE digest = :digest', { digest, nowMs })
  insertAttachment(tx, {
    id: input.attachmentId,
    pty_session_id: after.id,
    account_id: account.id,
    username: account.username,
    role: token.role,
    ip: input.ip,
    joined_at_ms: nowMs,
    left_at_ms: null,
    cause: null,
  })
  appendAudit(tx, {
    subject: `pty_session:${after.id}`,
    ...audit,
    accountId: account.id,
    username: account.username,
  })
  return { kind: 'attached', token, account, session, ptySession: toPtySession(after) }
}

/** Writes the end of an attachment, unless it has ended already. */
export function detachPtyAttachment(tx: Tx, input: Input<'detachPtyAttachment'>): Output<'detachPtyAttachment'> {
  const { attachmentId: id, cause, freesSlot, nowMs, audit } = input
  const found = tx.db.one<PtyAttachmentRow>('SELECT * FROM pty_attachments WHERE id = :id', { id })
  if (found === undefined) return { kind: 'missing' }
  if (found.left_at_ms !== null) return { kind: 'detached' }
  tx.db.run('UPDATE pty_attachments SET left_at_ms = :nowMs, cause = :cause WHERE id = :id', { id, cause, nowMs })
  if (freesSlot && found.role === 'implementor') {
    freeSlot(tx, { ptySessionId: found.pty_session_id, accountId: found.account_id })
  }
  appendAudit(tx, { subject: `pty_session:${found.pty_session_id}`, ...audit })
  return { kind: 'detached' }
}

/** Frees the implementor's slot of the account. */
export function freePtySlot(tx: Tx, input: Input<'freePtySlot'>): Output<'freePtySlot'> {
  return { kind: freeSlot(tx, input) === 1 ? 'freed' : 'missing' }
}

/** Takes the implementor's slot of an active PTY session, if it is free. */
export function retakePtySlot(tx: Tx, input: Input<'retakePtySlot'>): Output<'retakePtySlot'> {
  const { ptySessionId: id, accountId } = input
  const found = findPtySession(tx, id)
  if (found?.state !== 'active') return { kind: 'missing' }
  if (found.implementor_account_id !== null) return { kind: 'implementor-present' }
  tx.db.run(
    'UPDATE pty_sessions SET implementor_account_id = :accountId, held_by_account_id = :accountId WHERE id = :id',
    { id, accountId },
  )
  return { kind: 'taken' }
}

function freeSlot(tx: Tx, held: { readonly ptySessionId: string; readonly accountId: number }): number {
  return tx.db.run(
    `UPDATE pty_sessions SET implementor_account_id = NULL
     WHERE id = :ptySessionId AND implementor_account_id = :accountId`,
    { ptySessionId: held.ptySessionId, accountId: held.accountId },
  )
}

function insertAttachment(tx: Tx, row: PtyAttachmentRow): void {
  tx.db.run(
    `INSERT INTO pty_attachments (id, pty_session_id, account_id, username, role, ip, joined_at_ms, left_at_ms, cause)
     VALUES (:id, :pty_session_id, :account_id, :username, :role, :ip, :joined_at_ms, :left_at_ms, :cause)`,
    row,
  )
}
