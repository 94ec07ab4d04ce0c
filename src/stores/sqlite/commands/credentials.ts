/** SQLite store: commands on credentials. When a credential ends, so does everything that it started. */
import { isAccountLive } from '../../../core/accounts/account.ts'
import type { BearerRows } from '../../../core/credentials/commands.ts'
import type { Credential } from '../../../core/credentials/credential.ts'
import { findAccount } from '../rows/account-rows.ts'
import { assignmentsOf, insertInto, valuesOf, words } from '../rows/columns.ts'
import { credentialMembers, findCredential } from '../rows/credential-rows.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import { findAsSeen, isSessionLive, toSeconds } from './checks.ts'
import type { Input, Output } from './command.ts'
import { endCredential } from './revocations.ts'
import { insertSession, isMember } from './sessions.ts'
import { insertToken } from './tokens.ts'

const changedMembers = words('name description accountId role expiresAtMs updatedAtMs')
const insertSql = insertInto('credentials', credentialMembers)
const updateSql = `UPDATE credentials SET ${assignmentsOf(changedMembers)} WHERE id = :id`

/** Adds a credential, with the session and the token of a bearer credential. */
export function addCredential(tx: Tx, input: Input<'addCredential'>): Output<'addCredential'> {
  const { credential, bearer, seen, nowMs } = input
  if (credential.accountId !== null && seen !== null) {
    const account = findAsSeen(tx, { accountId: credential.accountId, seen, nowMs })
    if (account === null) return { kind: 'stale' }
    if (bearer !== null && account.kind === 'person' && !isMember(tx, bearer.session)) return { kind: 'not-a-member' }
  }
  const refusal = bearer === null ? null : refuseCreator(tx, bearer, nowMs)
  if (refusal !== null) return { kind: refusal }
  tx.db.run(insertSql, valuesOf(credentialMembers, credential))
  if (bearer !== null) {
    insertSession(tx, bearer.session)
    insertToken(tx, bearer.token, null)
  }
  appendAudit(tx, input.audit)
  return { kind: 'added' }
}

function refuseCreator(tx: Tx, { creator, session }: BearerRows, nowMs: number): 'stale' | 'not-a-member' | null {
  if (creator === undefined) return null
  const { accountId, sessionRow } = creator
  const account = findAccount(tx.db, accountId)
  if (account === null || !isAccountLive(account, toSeconds(nowMs))) return 'stale'
  if (!isSessionLive(tx, { sessionRow, account, nowMs })) return 'stale'
  return isMember(tx, { accountId, organizationId: session.organizationId }) ? null : 'not-a-member'
}

/** Changes the description of a credential. */
export function changeCredential(tx: Tx, input: Input<'changeCredential'>): Output<'changeCredential'> {
  const before = findCredential(tx.db, input.id)
  if (before === null) return { kind: 'missing' }
  const after: Credential = { ...before, ...input.change, updatedAtMs: input.nowMs }
  tx.db.run(updateSql, { ...valuesOf(changedMembers, after), id: after.id })
  appendAudit(tx, input.audit)
  return { kind: 'changed', credential: after }
}

/** Removes a credential and ends every session that it started. */
export function removeCredential(tx: Tx, input: Input<'removeCredential'>): Output<'removeCredential'> {
  const { id, nowMs, audit } = input
  if (findCredential(tx.db, id) === null) return { kind: 'missing' }
  endCredential(tx, id, nowMs)
  appendAudit(tx, audit)
  return { kind: 'removed' }
}

/** Writes the last use of a credential, and the last sign-in of its account. */
export function touchCredential(tx: Tx, input: Input<'touchCredential'>): Output<'touchCredential'> {
  const sql = `UPDATE credentials SET last_used_at_ms = :usedAtMs
    WHERE id = :id AND (last_used_at_ms IS NULL OR last_used_at_ms < :usedAtMs)`
  tx.db.run(sql, { id: input.id, usedAtMs: input.usedAtMs })
  if (input.accountId === undefined) return { kind: 'done' }
  tx.db.run(
    `UPDATE accounts SET last_sign_in_at_ms = :usedAtMs
     WHERE id = :accountId AND (last_sign_in_at_ms IS NULL OR last_sign_in_at_ms < :usedAtMs)`,
    { accountId: input.accountId, usedAtMs: input.usedAtMs },
  )
  return { kind: 'done' }
}

/** Finds or adds the hidden account of an organization; a person's name never has a colon. */
export function openOrganizationAccount(
  tx: Tx,
  input: Input<'openOrganizationAccount'>,
): Output<'openOrganizationAccount'> {
  const { organizationId, uuid, epoch, nowMs } = input
  if (!tx.db.has('SELECT 1 FROM organizations WHERE id = :organizationId', { organizationId }))
    return { kind: 'missing' }
  const username = `organization:${organizationId}`
  const known = tx.db.one<{ id: number }>(
    `SELECT id FROM accounts WHERE role = 'user' AND username = :username AND status <> 'removed'`,
    { username },
  )
  if (known !== undefined) return { kind: 'opened', accountId: known.id }
  const added = tx.db.one<{ id: number }>(
    `INSERT INTO accounts (uuid, username, role, kind, status, epoch, password_is_short, created_at_ms, updated_at_ms)
     VALUES (:uuid, :username, 'user', 'organization', 'enabled', :epoch, 0, :nowMs, :nowMs)
     RETURNING id`,
    { uuid, username, epoch, nowMs },
  )
  if (added === undefined) throw new Error('the insert of an account returned no number')
  return { kind: 'opened', accountId: added.id }
}
