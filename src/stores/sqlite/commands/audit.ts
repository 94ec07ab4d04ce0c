/** SQLite store: commands on the audit trail. */
import type { AuditSeal } from '../../../core/audit/seal.ts'
import * as chain from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

/** Appends events without another command. */
export function appendAudit(tx: chain.Tx, input: Input<'appendAudit'>): Output<'appendAudit'> {
  for (const event of input.events) chain.appendAudit(tx, event)
  return { kind: 'done' }
}

/** Stores a seal that follows the newest one. */
export function appendAuditSeal(tx: chain.Tx, { seal }: Input<'appendAuditSeal'>): Output<'appendAuditSeal'> {
  const last = tx.db.one<{ seq: number }>('SELECT seq FROM audit_seals ORDER BY seq DESC LIMIT 1')?.seq ?? 0
  if (seal.seq !== last + 1) return { kind: 'raced' }
  insertSeal(tx, seal)
  return { kind: 'appended' }
}

export function insertSeal({ db }: chain.Tx, { seq, text, signature }: AuditSeal): void {
  db.run('INSERT INTO audit_seals (seq, text, signature) VALUES (:seq, :text, :signature)', { seq, text, signature })
}
