/** SQLite store: the command on keys that an installation creates once. */
import { appendAudit, markHeads, type Tx } from '../write-transaction.ts'
import { insertSeal } from './audit.ts'
import type { Input, Output } from './command.ts'

/** Stores a key that does not exist yet. */
export function addAuthorityKey(tx: Tx, input: Input<'addAuthorityKey'>): Output<'addAuthorityKey'> {
  const { name, sealed, publicKey, nowMs, firstSeal, audit } = input
  const added = tx.db.run(
    `INSERT INTO authority_keys (name, sealed, public_key, created_at_ms) VALUES (:name, :sealed, :publicKey, :nowMs)
     ON CONFLICT (name) DO NOTHING`,
    { name, sealed, publicKey, nowMs },
  )
  if (added === 0) return { kind: 'exists' }
  if (firstSeal !== undefined) {
    insertSeal(tx, firstSeal)
    markHeads(tx)
  }
  appendAudit(tx, audit)
  return { kind: 'added' }
}
