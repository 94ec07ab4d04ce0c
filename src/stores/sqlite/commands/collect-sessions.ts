/** SQLite store: deletes tokens that ended and sessions without a usable token. */
import { hasSessionExpired } from '../../../core/sessions/session.ts'
import type { Tx } from '../write-transaction.ts'
import { toSeconds } from './checks.ts'

/** Limits of one collection; entries of the log up to `oldSeq` are old. */
export type Bounds = { readonly nowMs: number; readonly limit: number; readonly oldSeq: number }

/** Seconds for which an ended token is kept, so that it is not answered like an unknown one. */
const tokenGraceSeconds = 60
/** Last uses are written late: seconds after its idle end before a session counts as idle. */
const idleGraceSeconds = 600

type SessionEnds = {
  readonly lastSeenAt: number
  readonly idleSeconds: number | null
  readonly expiresAt: number | null
  readonly revoked_seq: number | null
  readonly is_of_ended_epoch: number
}

/** How many rows of a kind were deleted. */
export type Collected = { readonly tokens: number; readonly sessions: number }

/** Deletes ended tokens and sessions that have no token left. */
export function collectTokens(tx: Tx, bounds: Bounds): Collected {
  const ended = tx.db.all<{ session_row: number }>(
    `DELETE FROM tokens WHERE row IN (SELECT row FROM tokens WHERE ends_at <= :before LIMIT :limit)
     RETURNING session_row`,
    { before: toSeconds(bounds.nowMs) - tokenGraceSeconds, limit: bounds.limit },
  )
  // A token without an end of its own is kept while the log has its revocation.
  const revoked = tx.db.all<{ session_row: number }>(
    `DELETE FROM tokens WHERE row IN
       (SELECT row FROM tokens WHERE ends_at IS NULL AND revoked_seq <= :oldSeq LIMIT :limit)
     RETURNING session_row`,
    { oldSeq: bounds.oldSeq, limit: bounds.limit - ended.length },
  )
  const left = new Set([...ended, ...revoked].map((token) => token.session_row))
  const sessions = [...left].filter((row) => collectLeft(tx, row, bounds)).length
  return { tokens: ended.length + revoked.length, sessions }
}

/** Deletes sessions that are past their end, with their remaining tokens. */
export function collectSessions(tx: Tx, { nowMs, limit, oldSeq }: Bounds): number {
  const now = toSeconds(nowMs)
  const ends: readonly { readonly sql: string; readonly before: number }[] = [
    { sql: 'SELECT row FROM sessions WHERE expires_at <= :before LIMIT :limit', before: now - tokenGraceSeconds },
    {
      sql: `SELECT row FROM sessions
        WHERE expires_at IS NULL AND idle_seconds IS NOT NULL AND last_seen_at + idle_seconds <= :before LIMIT :limit`,
      before: now - idleGraceSeconds,
    },
    {
      sql: 'SELECT row FROM sessions WHERE expires_at IS NULL AND revoked_seq <= :before LIMIT :limit',
      before: oldSeq,
    },
  ]
  let deleted = 0
  for (const { sql, before } of ends) {
    const rows = tx.db.all<{ row: number }>(sql, { before, limit: limit - deleted })
    deleted += deleteSessions(tx, rows, limit - deleted)
  }
  return deleted
}

function deleteSessions(tx: Tx, rows: readonly { readonly row: number }[], limit: number): number {
  let deleted = 0
  for (const { row } of rows) {
    if (deleted >= limit) break
    deleted += tx.db.run(
      'DELETE FROM tokens WHERE row IN (SELECT row FROM tokens WHERE session_row = :row LIMIT :left)',
      { row, left: limit - deleted },
    )
    if (deleted < limit) deleted += tx.db.run('DELETE FROM sessions WHERE row = :row', { row })
  }
  return deleted
}

function collectLeft(tx: Tx, row: number, { nowMs }: Bounds): boolean {
  const session = tx.db.one<SessionEnds>(
    `SELECT s.last_seen_at AS "lastSeenAt", s.idle_seconds AS "idleSeconds", s.expires_at AS "expiresAt", s.revoked_seq,
       s.epoch <> a.epoch AS is_of_ended_epoch
     FROM sessions s JOIN accounts a ON a.id = s.account_id
     WHERE s.row = :row AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.session_row = s.row)`,
    { row },
  )
  if (session === undefined) return false
  const isRevoked = session.revoked_seq !== null || session.is_of_ended_epoch === 1
  const isEndless = session.expiresAt === null && session.idleSeconds === null
  if (!isRevoked && !isEndless && !hasSessionExpired(session, toSeconds(nowMs) - idleGraceSeconds)) return false
  return tx.db.run('DELETE FROM sessions WHERE row = :row', { row }) === 1
}
