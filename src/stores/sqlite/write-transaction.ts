/** SQLite store: the transaction of a command; all its writes are committed together or not at all. */
import { createHash, randomBytes } from 'node:crypto'
import { brokenTrail } from '../../core/audit/broken-trail.ts'
import {
  type AuditEvent,
  type AuditHead,
  chainInput,
  chainStart,
  eventText,
  type KeptHead,
} from '../../core/audit/event.ts'
import type { RevocationEntry, RevocationKind } from '../../core/revocation/log.ts'
import type { Database } from './database.ts'
import { hasOwnMark, headMark } from './head-mark.ts'

/** The newest event of an audit chain; if it is empty, 0 and the start of every chain. */
type ChainHead = {
  readonly seq: number
  readonly hash: string
  /** Whether this transaction found a head that was written without the master key. */
  readonly isBroken: boolean
}

/** A transaction with the one write lock of the database. */
export type Tx = {
  readonly db: Database
  /** The audit chain of this process. */
  readonly chain: string
  /** The key of head marks; null: heads are not marked. */
  readonly headKey: Uint8Array | null
  /** Entries that the transaction appended, oldest first. */
  readonly entries: RevocationEntry[]
  /** The head of the audit chain in this transaction; null: nothing was appended. */
  chainHead: ChainHead | null
}

/** Returns the number of the newest entry of the revocation log; 0: there is none. */
export function headSeq(tx: Tx): number {
  return tx.db.one<{ seq: number }>('SELECT seq FROM revocations ORDER BY seq DESC LIMIT 1')?.seq ?? 0
}

/** Appends an entry to the revocation log and returns its number. The write lock makes its order the commit order. */
export function appendEntry(
  tx: Tx,
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

/** Appends an event to the audit chain; `writeChainHead` must follow before the commit. */
export function appendAudit(tx: Tx, event: AuditEvent): void {
  tx.chainHead ??= beginAppending(tx, event.atMs)
  const { seq, hash } = append(tx, tx.chainHead, event)
  tx.chainHead = { seq, hash, isBroken: tx.chainHead.isBroken }
}

function append(
  { db, chain }: Tx,
  head: Pick<ChainHead, 'seq' | 'hash'>,
  event: AuditEvent,
): Pick<ChainHead, 'seq' | 'hash'> {
  const text = eventText(event)
  const hash = createHash('sha256').update(chainInput(head.hash, text)).digest('hex')
  const seq = head.seq + 1
  db.run('INSERT INTO audit_events (chain, seq, text, hash) VALUES (:chain, :seq, :text, :hash)', {
    chain,
    seq,
    text,
    hash,
  })
  return { seq, hash }
}

/** Writes the head of the audit chain, once per transaction. */
export function writeChainHead(tx: Tx): void {
  if (tx.chainHead === null) return
  const { seq, hash } = tx.chainHead
  tx.db.run(
    `INSERT INTO audit_heads (chain, seq, hash, mark) VALUES (:chain, :seq, :hash, :mark)
     ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, mark = excluded.mark`,
    { chain: tx.chain, seq, hash, mark: markOf(tx, { chain: tx.chain, seq, hash }) },
  )
}

/** Marks the heads of all chains, for events from before there were marks. */
export function markHeads(tx: Tx): void {
  for (const { chain, seq, hash } of tx.db.all<KeptHead>('SELECT chain, seq, hash FROM audit_heads')) {
    const mark = markOf(tx, { chain, seq, hash })
    tx.db.run('UPDATE audit_heads SET mark = :mark WHERE chain = :chain', { chain, mark })
  }
}

function markOf({ headKey }: Tx, head: AuditHead): string | null {
  return headKey === null ? null : headMark(headKey, head)
}

/** If the head was written without the master key, the next event says so, and the chain continues. */
function beginAppending(tx: Tx, atMs: number): ChainHead {
  const sql = 'SELECT chain, seq, hash, mark FROM audit_heads WHERE chain = :chain'
  const head = tx.db.one<KeptHead>(sql, { chain: tx.chain }) ?? null
  const begin = { seq: head?.seq ?? 0, hash: head?.hash ?? chainStart, isBroken: false }
  if (head === null || tx.headKey === null || hasOwnMark(tx.headKey, head) || !isTrailSealed(tx)) return begin
  const event = brokenTrail({ kind: 'foreign-head', chain: tx.chain, seq: head.seq }, atMs)
  return { ...append(tx, begin, event), isBroken: true }
}

/** Before the first seal, heads may have no mark. */
function isTrailSealed({ db }: Tx): boolean {
  return db.has("SELECT 1 FROM authority_keys WHERE name = 'audit'")
}
