/** SQLite store: commands on signing keys. */
import { appendAudit, type Tx } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

/** Adds a generation of a key that does not exist yet. */
export function addKey(tx: Tx, { key, audit }: Input<'addKey'>): Output<'addKey'> {
  const added = tx.db.run(
    `INSERT INTO signing_keys (name, generation, kid, sealed, public_jwk, created_at_ms, active_from_ms)
     VALUES (:name, :generation, :kid, :sealed, :publicJwk, :createdAtMs, :activeFromMs)
     ON CONFLICT (name, generation) DO NOTHING`,
    {
      name: key.name,
      generation: key.generation,
      kid: key.kid,
      sealed: key.sealed,
      publicJwk: key.publicJwk,
      createdAtMs: key.createdAtMs,
      activeFromMs: key.activeFromMs,
    },
  )
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
