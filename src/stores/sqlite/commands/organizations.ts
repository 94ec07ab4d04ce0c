/** SQLite store: commands on organizations and memberships; what a removal ends is marked in the same transaction. */
import { subject } from '../../../core/revocation/log.ts'
import { appendAudit, appendEntry, type WriteTransaction } from '../write-transaction.ts'
import { findAccount } from './checks.ts'
import type { Input, Output } from './command.ts'

/** Adds an organization. */
export function addOrganization(tx: WriteTransaction, input: Input<'addOrganization'>): Output<'addOrganization'> {
  const { id, name, createdAtMs } = input.organization
  if (tx.db.one('SELECT 1 FROM organizations WHERE name = :name', { name }) !== undefined) return { kind: 'name-taken' }
  tx.db.run('INSERT INTO organizations (id, name, created_at_ms) VALUES (:id, :name, :createdAtMs)', {
    id,
    name,
    createdAtMs,
  })
  appendAudit(tx, input.audit)
  return { kind: 'added' }
}

/** Removes an organization, its memberships, and the sessions that are scoped to it. */
export function removeOrganization(
  tx: WriteTransaction,
  input: Input<'removeOrganization'>,
): Output<'removeOrganization'> {
  const { organizationId, nowMs, audit } = input
  if (!exists(tx, organizationId)) return { kind: 'missing' }
  const seq = appendEntry(tx, { kind: 'organization', subject: subject.organization(organizationId), atMs: nowMs })
  tx.db.run('UPDATE sessions SET revoked_seq = :seq WHERE organization_id = :organizationId AND revoked_seq IS NULL', {
    seq,
    organizationId,
  })
  tx.db.run('DELETE FROM memberships WHERE organization_id = :organizationId', { organizationId })
  tx.db.run('DELETE FROM credentials WHERE organization_id = :organizationId', { organizationId })
  tx.db.run(
    `UPDATE accounts SET status = 'removed'
     WHERE role = 'user' AND username = :username AND status <> 'removed' AND kind = 'organization'`,
    { username: `organization:${organizationId}` },
  )
  tx.db.run('DELETE FROM organizations WHERE id = :organizationId', { organizationId })
  appendAudit(tx, audit)
  return { kind: 'removed' }
}

/** Makes an account a member. */
export function addMember(tx: WriteTransaction, input: Input<'addMember'>): Output<'addMember'> {
  const { organizationId, accountId, nowMs, audit } = input
  if (!exists(tx, organizationId) || findAccount(tx, accountId) === null) return { kind: 'missing' }
  const added = tx.db.run(
    `INSERT INTO memberships (account_id, organization_id, joined_at_ms) VALUES (:accountId, :organizationId, :nowMs)
     ON CONFLICT DO NOTHING`,
    { accountId, organizationId, nowMs },
  )
  if (added === 0) return { kind: 'already' }
  appendAudit(tx, audit)
  return { kind: 'added' }
}

/** Ends a membership and the account's sessions that are scoped to the organization. */
export function removeMember(tx: WriteTransaction, input: Input<'removeMember'>): Output<'removeMember'> {
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
  appendAudit(tx, audit)
  return { kind: 'removed' }
}

function exists(tx: WriteTransaction, organizationId: string): boolean {
  return tx.db.one('SELECT 1 FROM organizations WHERE id = :organizationId', { organizationId }) !== undefined
}
