/** SQLite store: commands on policies and catalogues. A changed policy makes nodes judge terminals again. */
import { subject as logSubject } from '../../../core/revocation/log.ts'
import type { PolicySubject } from '../../../core/terminals/terminal-policy.ts'
import { appendAudit, appendEntry, type Tx } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

/** Sets or removes a policy. A change request or a server must exist to get one; a group exists when it is named. */
export function setPolicy(tx: Tx, input: Input<'setPolicy'>): Output<'setPolicy'> {
  const { subject, policy, nowMs, audit } = input
  const { kind, name } = subject
  if (policy === null) {
    const removed = tx.db.run('DELETE FROM policies WHERE kind = :kind AND name = :name', { kind, name })
    if (removed === 0) return { kind: 'missing' }
  } else {
    if (!isThere(tx, subject)) return { kind: 'missing' }
    tx.db.run(
      `INSERT INTO policies (kind, name, document, updated_at_ms) VALUES (:kind, :name, :document, :nowMs)
       ON CONFLICT (kind, name) DO UPDATE SET document = excluded.document, updated_at_ms = excluded.updated_at_ms`,
      { kind, name, document: JSON.stringify(policy), nowMs },
    )
  }
  appendEntry(tx, { kind: 'access_changed', subject: logSubject.access(kind, name), atMs: nowMs })
  appendAudit(tx, audit)
  return { kind: policy === null ? 'removed' : 'set' }
}

/** Sets or removes the catalogue of a group. It is read for every command, so terminals need no event. */
export function setCatalogue(tx: Tx, input: Input<'setCatalogue'>): Output<'setCatalogue'> {
  const { group, catalogue, nowMs, audit } = input
  if (catalogue === null) {
    const removed = tx.db.run('DELETE FROM catalogues WHERE group_name = :group', { group })
    if (removed === 0) return { kind: 'missing' }
  } else {
    tx.db.run(
      `INSERT INTO catalogues (group_name, document, updated_at_ms) VALUES (:group, :catalogue, :nowMs)
       ON CONFLICT (group_name) DO UPDATE SET document = excluded.document, updated_at_ms = excluded.updated_at_ms`,
      { group, catalogue, nowMs },
    )
  }
  appendAudit(tx, audit)
  return { kind: catalogue === null ? 'removed' : 'set' }
}

function isThere(tx: Tx, { kind, name }: PolicySubject): boolean {
  switch (kind) {
    case 'group':
      return true
    case 'server':
      return tx.db.has('SELECT 1 FROM servers WHERE name = :name', { name })
    case 'change':
      return tx.db.has('SELECT 1 FROM changes WHERE id = :name', { name })
  }
}
