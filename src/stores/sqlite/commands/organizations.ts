/** SQLite store: commands on organizations and memberships. What a removal ends is marked in the same transaction. */
import { subject } from '../../../core/revocation/log.ts'
import { findAccount } from '../rows/account-rows.ts'
import { appendAudit, appendEntry, type Tx } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'
import { endCredential } from './revocations.ts'
import { isMember } from './sessions.ts'

export function addOrganization(tx: Tx, input: Input<'addOrganization'>): Output<'addOrganization'> {
  const { id, name, createdAtMs } = input.organization
  const memberIds = input.memberIds ?? []
  if (tx.db.has('SELECT 1 FROM organizations WHERE name = :name', { name })) return { kind: 'name-taken' }
  if (memberIds.some((accountId) => findAccount(tx.db, accountId) === null)) return { kind: 'no-account' }
  tx.db.run('INSERT INTO organizations (id, name, created_at_ms) VALUES (:id, :name, :createdAtMs)', {
    id,
    name,
    createdAtMs,
  })
  for (const accountId of memberIds) insertMember(tx, { organizationId: id, accountId, nowMs: createdAtMs })
  appendAudit(tx, input.audit)
  return { kind: 'added' }
}

/** Removes an organization, its memberships and its sessions. */
export function removeOrganization(tx: Tx, input: Input<'removeOrganization'>): Output<'removeOrganization'> {
  const { organizationId, memberId, nowMs, audit } = input
  if (!exists(tx, organizationId)) return { kind: 'missing' }
  if (memberId !== undefined && !isMember(tx, { accountId: memberId, organizationId })) return { kind: 'not-a-member' }
  const seq = appendEntry(tx, { kind: 'organization', subject: subject.organization(organizationId), atMs: nowMs })
  tx.db.run('UPDATE sessions SET revoked_seq = :seq WHERE organization_id = :organizationId AND revoked_seq IS NULL', {
    seq,
    organizationId,
  })
  tx.db.run('DELETE FROM memberships WHERE organization_id = :organizationId', { organizationId })
  const sql = 'SELECT id FROM credentials WHERE organization_id = :organizationId ORDER BY created_at_ms, id'
  for (const { id } of tx.db.all<{ id: string }>(sql, { organizationId })) endCredential(tx, id, nowMs)
  tx.db.run(
    `UPDATE accounts SET status = 'removed'
     WHERE role = 'user' AND username = :username AND status <> 'removed' AND kind = 'organization'`,
    { username: `organization:${organizationId}` },
  )
  tx.db.run('DELETE FROM organizations WHERE id = :organizationId', { organizationId })
  appendAudit(tx, audit)
  return { kind: 'removed' }
}

export function addMember(tx: Tx, input: Input<'addMember'>): Output<'addMember'> {
  const { organizationId, accountId, nowMs, audit } = input
  if (!exists(tx, organizationId) || findAccount(tx.db, accountId) === null) return { kind: 'missing' }
  if (insertMember(tx, { organizationId, accountId, nowMs }) === 0) return { kind: 'already' }
  appendAudit(tx, audit)
  return { kind: 'added' }
}

/** Ends a membership and the account's sessions in the organization. */
export function removeMember(tx: Tx, input: Input<'removeMember'>): Output<'removeMember'> {
  const { organizationId, accountId, nowMs, audit } = input
  const removed = tx.db.run(
    'DELETE FROM memberships WHERE account_id = :accountId AND organization_id = :organizationId',
    { accountId, organizationId },
  )
  if (removed === 0) return { kind: 'missing' }
  const seq = appendEntry(tx, {
    kind: 'membership',
    subject: subject.membership(accountId, organizationId),
    atMs: nowMs,
  })
  tx.db.run(
    `UPDATE sessions SET revoked_seq = :seq
     WHERE account_id = :accountId AND revoked_seq IS NULL AND organization_id = :organizationId`,
    { seq, accountId, organizationId },
  )
  const sql = `SELECT id FROM credentials
    WHERE account_id = :accountId AND organization_id = :organizationId ORDER BY created_at_ms, id`
  for (const { id } of tx.db.all<{ id: string }>(sql, { accountId, organizationId })) endCredential(tx, id, nowMs)
  appendAudit(tx, audit)
  return { kind: 'removed' }
}

/** Returns 0 if the account is a member already. */
function insertMember(
  tx: Tx,
  member: { readonly organizationId: string; readonly accountId: number; readonly nowMs: number },
): number {
  return tx.db.run(
    `INSERT INTO memberships (account_id, organization_id, joined_at_ms) VALUES (:accountId, :organizationId, :nowMs)
     ON CONFLICT DO NOTHING`,
    { ...member },
  )
}

function exists(tx: Tx, organizationId: string): boolean {
  return tx.db.has('SELECT 1 FROM organizations WHERE id = :organizationId', { organizationId })
}
