/** SQLite store: deletes old entries of the revocation log from its start. The newest one stays, so that positions can be compared. */
import { parseAccountEpoch, type RevocationKind } from '../../../core/revocation/log.ts'
import { headSeq, type Tx } from '../write-transaction.ts'

/** Milliseconds for which an entry is kept for readers that lag. */
const entryMs = 60 * 60 * 1000

type Entry = { readonly seq: number; readonly kind: RevocationKind; readonly subject: string; readonly at_ms: number }

/** The result: up to `oldSeq` every entry is old, deleted or not. */
export type LogCollection = { readonly collected: number; readonly more: boolean; readonly oldSeq: number }

/**
 * Deletes at most `limit` entries.
 *
 * One entry ends all sessions of an epoch without changing their rows. Before it is deleted, they are marked with its
 * number, like other revoked sessions.
 */
export function collectLog(tx: Tx, bounds: { readonly nowMs: number; readonly limit: number }): LogCollection {
  const entries = tx.db.all<Entry>('SELECT seq, kind, subject, at_ms FROM revocations ORDER BY seq LIMIT :limit', {
    limit: bounds.limit,
  })
  let oldSeq = (entries[0]?.seq ?? 1) - 1
  let toMark = bounds.limit
  for (const entry of entries) {
    if (entry.at_ms > bounds.nowMs - entryMs) break
    if (entry.kind === 'account_epoch') toMark -= markEnded(tx, entry, toMark)
    if (toMark <= 0) break
    oldSeq = entry.seq
  }
  const collected = tx.db.run('DELETE FROM revocations WHERE seq <= :last', {
    last: Math.min(oldSeq, headSeq(tx) - 1),
  })
  return { collected, more: toMark <= 0, oldSeq }
}

function markEnded(tx: Tx, entry: Entry, limit: number): number {
  const { accountId, endedEpoch } = parseAccountEpoch(entry.subject)
  return tx.db.run(
    `UPDATE sessions SET revoked_seq = :seq WHERE row IN
       (SELECT row FROM sessions
        WHERE account_id = :accountId AND revoked_seq IS NULL AND epoch = :endedEpoch LIMIT :limit)`,
    { seq: entry.seq, accountId, endedEpoch, limit },
  )
}
