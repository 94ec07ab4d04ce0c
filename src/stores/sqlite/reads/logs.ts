/** SQLite store: reads of the revocation log, the audit chains and the signing keys. */
import type { ChainedEvent, KeptHead } from '../../../core/audit/event.ts'
import type { AuditSeal } from '../../../core/audit/seal.ts'
import { type LogPosition, logStart, type RevocationEntry } from '../../../core/revocation/log.ts'
import type { LogRange } from '../../../core/store.ts'
import type { StoredKey } from '../../../core/tokens/commands.ts'
import type { Database } from '../database.ts'
import { columnsAs, plainRow } from '../rows/columns.ts'
import { storedKeyMembers } from '../rows/key-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names = 'log' | 'logHead' | 'auditEvents' | 'auditHeads' | 'auditSeals' | 'lastAuditSeal' | 'keys'

const selectSeals = 'SELECT seq, text, signature FROM audit_seals'

/** Most entries of one read. */
const longestRange = 10_000

/** Returns the reads. */
export function logReads(db: Database): ImmediateReads<Names> {
  return {
    log: (position) => readLog(db, position),
    logHead: () =>
      db.find(plainRow<LogPosition>, 'SELECT seq, tag FROM revocations ORDER BY seq DESC LIMIT 1') ?? logStart,
    auditEvents: (chain, { afterSeq, limit }) =>
      db.list(
        plainRow<ChainedEvent>,
        `SELECT chain, seq, text, hash FROM audit_events
         WHERE chain = :chain AND seq > :afterSeq ORDER BY seq LIMIT :limit`,
        { chain, afterSeq, limit },
      ),
    auditHeads: () => db.list(plainRow<KeptHead>, 'SELECT chain, seq, hash, mark FROM audit_heads ORDER BY chain'),
    auditSeals: ({ afterSeq, limit }) =>
      db.list(plainRow<AuditSeal>, `${selectSeals} WHERE seq > :afterSeq ORDER BY seq LIMIT :limit`, {
        afterSeq,
        limit,
      }),
    lastAuditSeal: () => db.find(plainRow<AuditSeal>, `${selectSeals} ORDER BY seq DESC LIMIT 1`),
    keys: () =>
      db.list(plainRow<StoredKey>, `SELECT ${columnsAs(storedKeyMembers)} FROM signing_keys ORDER BY name, generation`),
  }
}

/** The entry at the position is read too: it must exist with its tag. Before the first one, the first must exist. */
function readLog(db: Database, position: LogPosition): LogRange {
  const rows = db.list(
    plainRow<RevocationEntry>,
    'SELECT seq, tag, kind, subject, at_ms AS "atMs" FROM revocations WHERE seq >= :seq ORDER BY seq LIMIT :limit',
    { seq: position.seq, limit: longestRange + 1 },
  )
  const [first] = rows
  if (position.seq === logStart.seq) {
    const isWhole = first === undefined || first.seq === 1
    return isWhole ? { kind: 'entries', entries: rows.slice(0, longestRange) } : { kind: 'history-changed' }
  }
  if (first?.seq !== position.seq || first.tag !== position.tag) return { kind: 'history-changed' }
  return { kind: 'entries', entries: rows.slice(1) }
}
