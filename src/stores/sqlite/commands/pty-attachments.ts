/** SQLite store: commands on attachments. A PTY token opens one, and one account at a time has the implementor's slot. */
import { isAccountLive } from '../../../core/accounts/account.ts'
import type { PtyTokenRow } from '../../../core/terminals/commands.ts'
import type { PtyAttachment, PtySession } from '../../../core/terminals/server.ts'
import { findAccount } from '../rows/account-rows.ts'
import { columnsAs, insertInto } from '../rows/columns.ts'
import { findPtySession, ptyAttachmentMembers, ptyTokenMembers, selectPtyAttachments } from '../rows/pty-rows.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import { findLiveSession, toSeconds } from './checks.ts'
import type { Input, Output } from './command.ts'
import { hasAllTerminals } from './pty-limits.ts'

type StoredPtyToken = Omit<PtyTokenRow, 'isStart'> & { readonly isStart: number; readonly usedAtMs: number | null }

const selectToken = `SELECT ${columnsAs([...ptyTokenMembers, 'usedAtMs'])} FROM pty_tokens WHERE digest = :digest`
const insertAttachment = insertInto('pty_attachments', ptyAttachmentMembers)

/** Uses a PTY token and attaches its account; the event names the account and the PTY session. */
export function attachPtyToken(tx: Tx, input: Input<'attachPtyToken'>): Output<'attachPtyToken'> {
  const { digest, nowMs, audit } = input
  const found = tx.db.one<StoredPtyToken>(selectToken, { digest })
  if (found === undefined) return { kind: 'unknown' }
  const { usedAtMs, isStart, ...rest } = found
  if (usedAtMs !== null) return { kind: 'used' }
  if (nowMs >= found.expiresAtMs) return { kind: 'expired' }
  const token: PtyTokenRow = { ...rest, isStart: isStart === 1 }
  const account = findAccount(tx.db, token.accountId)
  if (account === null || !isAccountLive(account, toSeconds(nowMs))) return { kind: 'revoked' }
  const session = findLiveSession(tx, { sessionRow: token.sessionRow, account, nowMs })
  if (session === null) return { kind: 'revoked' }
  const before = findPtySession(tx.db, token.ptySessionId)
  if (before?.state !== (token.isStart ? 'created' : 'active')) return { kind: 'closed' }
  const isImplementor = token.role === 'implementor'
  if (isImplementor && before.implementorAccountId !== null) return { kind: 'implementor-present' }
  if (isImplementor && hasAllTerminals(tx, { ...token, most: input.limits.terminals })) {
    return { kind: 'too-many-terminals' }
  }
  const after: PtySession = {
    ...before,
    state: 'active',
    activeAtMs: before.activeAtMs ?? nowMs,
    implementorAccountId: isImplementor ? account.id : before.implementorAccountId,
  }
  const { id, state, activeAtMs, implementorAccountId } = after
  tx.db.run(
    `UPDATE pty_sessions SET state = :state, active_at_ms = :activeAtMs, implementor_account_id = :implementorAccountId,
       held_by_account_id = coalesce(:implementorAccountId, held_by_account_id)
     WHERE id = :id`,
    { id, state, activeAtMs, implementorAccountId },
  )
  tx.db.run('UPDATE pty_tokens SET used_at_ms = :nowMs WHERE digest = :digest', { digest, nowMs })
  tx.db.run(insertAttachment, {
    id: input.attachmentId,
    ptySessionId: id,
    accountId: account.id,
    username: account.username,
    role: token.role,
    ip: input.ip,
    joinedAtMs: nowMs,
    leftAtMs: null,
    cause: null,
  })
  appendAudit(tx, {
    subject: `pty_session:${id}`,
    ...audit,
    accountId: account.id,
    username: account.username,
  })
  return { kind: 'attached', token, account, session, ptySession: after }
}

/** Writes the end of an attachment, unless it has ended already. */
export function detachPtyAttachment(tx: Tx, input: Input<'detachPtyAttachment'>): Output<'detachPtyAttachment'> {
  const { attachmentId: id, cause, freesSlot, nowMs, audit } = input
  const found = tx.db.one<PtyAttachment>(`${selectPtyAttachments} WHERE id = :id`, { id })
  if (found === undefined) return { kind: 'missing' }
  if (found.leftAtMs !== null) return { kind: 'detached' }
  tx.db.run('UPDATE pty_attachments SET left_at_ms = :nowMs, cause = :cause WHERE id = :id', { id, cause, nowMs })
  if (freesSlot && found.role === 'implementor') freeSlot(tx, found)
  appendAudit(tx, { subject: `pty_session:${found.ptySessionId}`, ...audit })
  return { kind: 'detached' }
}

/** Frees the implementor's slot of the account. */
export function freePtySlot(tx: Tx, input: Input<'freePtySlot'>): Output<'freePtySlot'> {
  return { kind: freeSlot(tx, input) === 1 ? 'freed' : 'missing' }
}

/** Takes the implementor's slot of an active PTY session, if it is free. */
export function retakePtySlot(tx: Tx, input: Input<'retakePtySlot'>): Output<'retakePtySlot'> {
  const { ptySessionId: id, accountId } = input
  const found = findPtySession(tx.db, id)
  if (found?.state !== 'active') return { kind: 'missing' }
  if (found.implementorAccountId !== null) return { kind: 'implementor-present' }
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
