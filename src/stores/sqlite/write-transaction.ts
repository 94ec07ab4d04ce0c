/** SQLite store: what a command works with; everything it writes is committed together or not at all. */
import { createHash, randomBytes } from 'node:crypto'
import { type AuditEvent, chainInput, chainStart, eventText } from '../../core/audit/event.ts'
import type { RevocationEntry, RevocationKind } from '../../core/revocation/log.ts'
import type { Database } from './database.ts'

/** The newest event of an audit chain; 0 and the start of every chain where there is none. */
type ChainHead = { readonly seq: number; readonly hash: string }

/** A transaction that holds the one write lock of the database. */
export type WriteTransaction = {
  readonly db: Database
  /** The audit chain that events of this process belong to. */
  readonly chain: string
  /** Entries that the transaction appended to the revocation log, oldest first. */
  readonly entries: RevocationEntry[]
  /** Where the audit chain has got to in this transaction; null: nothing was appended. */
  chainHead: ChainHead | null
}

/** Returns the number of the newest entry of the revocation log; 0: there is none. */
export function headSeq(tx: WriteTransaction): number {
  return tx.db.one<{ seq: number }>('SELECT seq FROM revocations ORDER BY seq DESC LIMIT 1')?.seq ?? 0
}

/** Appends an entry to the revocation log and returns its number; the write lock makes its order the commit order. */
export function appendEntry(
  tx: WriteTransaction,
  entry: { readonly kind: RevocationKind; readonly subject: string; readonly atMs: number },
): number {
  const appended = { seq: headSeq(tx) + 1, tag: randomBytes(8).toString('hex'), ...entry }
  tx.db.run(
    'INSERT INTO revocations (seq, tag, kind, subject, at_ms) VALUES (:seq, :tag, :kind, :subject, :atMs)',
    appended,
  )
  tx.entries.push(appended)
  return appended.seq
}

/** Appends an event to the audit chain of this process; `writeChainHead` must follow before the commit. */
export function appendAudit(tx: WriteTransaction, event: AuditEvent): void {
  tx.chainHead ??= readChainHead(tx)
  const text = eventText(event)
  const hash = createHash('sha256').update(chainInput(tx.chainHead.hash, text)).digest('hex')
  const seq = tx.chainHead.seq + 1
  tx.db.run('INSERT INTO audit_events (chain, seq, text, hash) VALUES (:chain, :seq, :text, :hash)', {
    chain: tx.chain,
    seq,
    text,
    hash,
  })
  tx.chainHead = { seq, hash }
}

/** Writes where the audit chain has got to; once a transaction, however many events it appended. */
export function writeChainHead(tx: WriteTransaction): void {
  if (tx.chainHead === null) return
  tx.db.run(
    `INSERT INTO audit_heads (chain, seq, hash) VALUES (:chain, :seq, :hash)
     ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
    { chain: tx.chain, ...tx.chainHead },
  )
}

function readChainHead(tx: WriteTransaction): ChainHead {
  const sql = 'SELECT seq, hash FROM audit_heads WHERE chain = :chain'
  return tx.db.one<ChainHead>(sql, { chain: tx.chain }) ?? { seq: 0, hash: chainStart }
}
