/** SQLite store: commands on the audit trail itself. */
import * as chain from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

/** Appends events that belong to no other command. */
export function appendAudit(tx: chain.WriteTransaction, input: Input<'appendAudit'>): Output<'appendAudit'> {
  for (const event of input.events) chain.appendAudit(tx, event)
  return { kind: 'done' }
}

/** Keeps a signature over the head of a chain; the first one of a head stays. */
export function signAuditHead(tx: chain.WriteTransaction, input: Input<'signAuditHead'>): Output<'signAuditHead'> {
  tx.db.run(
    `INSERT INTO signed_audit_heads (chain, seq, hash, signature, signed_at_ms)
     VALUES (:chain, :seq, :hash, :signature, :nowMs)
     ON CONFLICT DO NOTHING`,
    { chain: input.chain, seq: input.seq, hash: input.hash, signature: input.signature, nowMs: input.nowMs },
  )
  return { kind: 'done' }
}
