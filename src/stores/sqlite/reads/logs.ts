/** SQLite store: reads of the revocation log, the audit chains and the signing keys. */

import type { KeptHead } from '../../../core/audit/event.ts'
import type { AuditSeal } from '../../../core/audit/seal.ts'
import { type LogPosition, logStart, type RevocationEntry, type RevocationKind } from '../../../core/revocation/log.ts'
import type { LogRange } from '../../../core/store.ts'
import type { StoredKey } from '../../../core/tokens/commands.ts'
import type { Database } from '../database.ts'
import type { ImmediateReads } from './read.ts'

type Names = 'log' | 'logHead' | 'auditEvents' | 'auditHeads' | 'auditSeals' | 'lastAuditSeal' | 'keys'

type EntryRow = {
  readonly seq: number
  readonly tag: string
  readonly kind: RevocationKind
  readonly subject: string
  readonly at_ms: number
}

type KeyRow = {
  readonly name: StoredKey['name']
  readonly generation: number
  readonly kid: string
  readonly sealed: Uint8Array
  readonly public_jwk: string | null
  readonly created_at_ms: number
  readonly active_from_ms: number
}

/** Most entries of one read. */
const longestRange = 10_000

/** Returns the reads. */
export function logReads(db: Database): ImmediateReads<Names> {
  return {
    log: (position) => readLog(db, position),
    logHead: () => {
      const head = db.one<LogPosition>('SELECT seq, tag FROM revocations ORDER BY seq DESC LIMIT 1')
      return head === undefined ? logStart : { ...head }
    },
    auditEvents: (chain, { afterSeq, limit }) =>
      db
        .all<{ seq: number; text: string; hash: string }>(
          `SELECT seq, text, hash FROM audit_events WHERE chain = :chain AND seq > :afterSeq ORDER BY seq LIMIT :limit`,
          { chain, afterSeq, limit },
        )
        .map((row) => ({ chain, ...row })),
    auditHeads: () =>
      db.all<KeptHead>('SELECT chain, seq, hash, mark FROM audit_heads ORDER BY chain').map((row) => ({ ...row })),
    auditSeals: ({ afterSeq, limit }) =>
      db
        .all<AuditSeal>(
          'SELECT seq, text, signature FROM audit_seals WHERE seq > :afterSeq ORDER BY seq LIMIT :limit',
          { afterSeq, limit },
        )
        .map((row) => ({ ...row })),
    lastAuditSeal: () => {
      const last = db.one<AuditSeal>('SELECT seq, text, signature FROM audit_seals ORDER BY seq DESC LIMIT 1')
      return last === undefined ? null : { ...last }
    },
    keys: () => db.all<KeyRow>('SELECT * FROM signing_keys ORDER BY name, generation').map(toKey),
  }
}

/** The entry at the position is read too: it must exist with its tag. Before the first one, the first must exist. */
function readLog(db: Database, position: LogPosition): LogRange {
  const rows = db.all<EntryRow>(
    'SELECT seq, tag, kind, subject, at_ms FROM revocations WHERE seq >= :seq ORDER BY seq LIMIT :limit',
    { seq: position.seq, limit: longestRange + 1 },
  )
  const [first] = rows
  if (position.seq === logStart.seq) {
    const isWhole = first === undefined || first.seq === 1
    return isWhole
      ? { kind: 'entries', entries: rows.slice(0, longestRange).map(toEntry) }
      : { kind: 'history-changed' }
  }
  if (first?.seq !== position.seq || first.tag !== position.tag) return { kind: 'history-changed' }
  return { kind: 'entries', entries: rows.slice(1).map(toEntry) }
}

function toEntry({ seq, tag, kind, subject, at_ms }: EntryRow): RevocationEntry {
  return { seq, tag, kind, subject, atMs: at_ms }
}

function toKey(row: KeyRow): StoredKey {
  return {
    name: row.name,
    generation: row.generation,
    kid: row.kid,
    sealed: row.sealed,
    publicJwk: row.public_jwk,
    createdAtMs: row.created_at_ms,
    activeFromMs: row.active_from_ms,
  }
}
