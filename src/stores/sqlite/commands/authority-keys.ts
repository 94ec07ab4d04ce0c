/** SQLite store: the command on keys that an installation makes once. */
import { appendAudit, type WriteTransaction } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

/** Keeps a key that nobody has made yet. */
export function addAuthorityKey(tx: WriteTransaction, input: Input<'addAuthorityKey'>): Output<'addAuthorityKey'> {
  const { name, sealed, publicKey, nowMs, audit } = input
  const added = tx.db.run(
    `INSERT INTO authority_keys (name, sealed, public_key, created_at_ms) VALUES (:name, :sealed, :publicKey, :nowMs)
     ON CONFLICT (name) DO NOTHING`,
    { name, sealed, publicKey, nowMs },
  )
  if (added === 0) return { kind: 'exists' }
  appendAudit(tx, audit)
  return { kind: 'added' }
}
