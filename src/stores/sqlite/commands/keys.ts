/** SQLite store: commands on signing keys. */
import { insertInto, valuesOf } from '../rows/columns.ts'
import { storedKeyMembers } from '../rows/key-rows.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

const insertKey = `${insertInto('signing_keys', storedKeyMembers)} ON CONFLICT (name, generation) DO NOTHING`

/** Adds a generation of a key that does not exist yet. */
export function addKey(tx: Tx, { key, audit }: Input<'addKey'>): Output<'addKey'> {
  const added = tx.db.run(insertKey, valuesOf(storedKeyMembers, key))
  if (added === 0) return { kind: 'exists' }
  appendAudit(tx, audit)
  return { kind: 'added' }
}

/** Deletes older generations of a key, if there are any. */
export function retireKeys(tx: Tx, input: Input<'retireKeys'>): Output<'retireKeys'> {
  const { name, generation, audit } = input
  const sql = 'DELETE FROM signing_keys WHERE name = :name AND generation < :generation'
  if (tx.db.run(sql, { name, generation }) > 0) appendAudit(tx, audit)
  return { kind: 'done' }
}
