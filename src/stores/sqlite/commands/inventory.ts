/** SQLite store: commands on servers and change requests. A command that changes access makes nodes judge terminals again. */
import { subject } from '../../../core/revocation/log.ts'
import { assignmentsOf, insertInto } from '../rows/columns.ts'
import { changeMembers, changeValues, serverMembers, serverValues } from '../rows/inventory-rows.ts'
import { appendAudit, appendEntry, type Tx } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

const insertServer = insertInto('servers', serverMembers)
const changedMembers = serverMembers.filter((member) => member !== 'name')
const updateServer = `UPDATE servers SET ${assignmentsOf(changedMembers)} WHERE name = :name`
const insertChange = insertInto('changes', changeMembers)

export function addServer(tx: Tx, { server, audit }: Input<'addServer'>): Output<'addServer'> {
  if (isServerKnown(tx, server.name)) return { kind: 'name-taken' }
  if (isAddressTaken(tx, server)) return { kind: 'address-taken' }
  tx.db.run(insertServer, serverValues(server))
  appendAudit(tx, audit)
  return { kind: 'added' }
}

/** Replaces the whole server. */
export function changeServer(tx: Tx, input: Input<'changeServer'>): Output<'changeServer'> {
  const { server, nowMs, audit } = input
  if (!isServerKnown(tx, server.name)) return { kind: 'missing' }
  if (isAddressTaken(tx, server)) return { kind: 'address-taken' }
  tx.db.run(updateServer, serverValues(server))
  appendEntry(tx, { kind: 'access_changed', subject: subject.access('server', server.name), atMs: nowMs })
  appendAudit(tx, audit)
  return { kind: 'changed' }
}

/** Removes a server; its terminals are judged again, and end. */
export function removeServer(tx: Tx, input: Input<'removeServer'>): Output<'removeServer'> {
  const { name, nowMs, audit } = input
  if (tx.db.run('DELETE FROM servers WHERE name = :name', { name }) === 0) return { kind: 'missing' }
  appendEntry(tx, { kind: 'access_changed', subject: subject.access('server', name), atMs: nowMs })
  appendAudit(tx, audit)
  return { kind: 'removed' }
}

/** Adds a change request; all its servers must be in the inventory. */
export function addChange(tx: Tx, { change, audit }: Input<'addChange'>): Output<'addChange'> {
  if (tx.db.has('SELECT 1 FROM changes WHERE id = :id', { id: change.id })) return { kind: 'id-taken' }
  const missing = change.servers.find((name) => !isServerKnown(tx, name))
  if (missing !== undefined) return { kind: 'server-missing', name: missing }
  tx.db.run(insertChange, changeValues(change))
  appendAudit(tx, audit)
  return { kind: 'added' }
}

export function setChangeState(tx: Tx, input: Input<'setChangeState'>): Output<'setChangeState'> {
  const { id, state, approvedBy = null, nowMs, audit } = input
  const before = tx.db.one<{ state: string }>('SELECT state FROM changes WHERE id = :id', { id })
  if (before === undefined) return { kind: 'missing' }
  if (before.state === state) return { kind: 'already' }
  if (before.state === 'closed') return { kind: 'closed' }
  tx.db.run('UPDATE changes SET state = :state, approved_by = coalesce(:approvedBy, approved_by) WHERE id = :id', {
    id,
    state,
    approvedBy,
  })
  appendEntry(tx, { kind: 'access_changed', subject: subject.access('change', id), atMs: nowMs })
  appendAudit(tx, audit)
  return { kind: 'changed' }
}

function isServerKnown(tx: Tx, name: string): boolean {
  return tx.db.has('SELECT 1 FROM servers WHERE name = :name', { name })
}

function isAddressTaken(tx: Tx, { name, address }: { readonly name: string; readonly address: string }): boolean {
  const sql = 'SELECT 1 FROM servers WHERE address = :address AND name <> :name'
  return tx.db.has(sql, { name, address })
}
