/** SQLite store: reads of sessions and tokens. */
import type { TokenRecord } from '../../../core/memory/live-tokens.ts'
import type { Database } from '../database.ts'
import { type AccountRow, accountColumns, toAccount } from '../rows/account-rows.ts'
import { isSameDigest } from '../rows/digests.ts'
import { type SessionRow, sessionColumns, toSession } from '../rows/session-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names = 'token' | 'refreshToken' | 'liveSessions' | 'sessionById'

type RecordRow = AccountRow &
  SessionRow & {
    readonly token_row: number
    readonly access_digest: Uint8Array
    readonly token_expires_at: number | null
    readonly token_revoked_seq: number | null
    readonly bound_ip: string | null
    readonly refresh_digest: Uint8Array | null
    readonly refresh_expires_at: number | null
  }

const records = `SELECT t.row AS token_row, t.access_digest, t.expires_at AS token_expires_at,
    t.revoked_seq AS token_revoked_seq, t.bound_ip, t.refresh_digest, t.refresh_expires_at,
    ${sessionColumns}, ${accountColumns}
  FROM tokens t JOIN sessions s ON s.row = t.session_row JOIN accounts a ON a.id = s.account_id`

/** Returns the reads. A token of a removed account is found, so that it is not answered like an unknown one. */
export function sessionReads(db: Database): ImmediateReads<Names> {
  return {
    token: ({ digest, row }) => {
      const found =
        row === null
          ? db.one<RecordRow>(`${records} WHERE t.access_digest = :digest AND t.is_indexed = 1`, { digest })
          : db.one<RecordRow>(`${records} WHERE t.row = :row`, { row })
      return found === undefined || !isSameDigest(found.access_digest, digest) ? null : toRecord(found)
    },
    refreshToken: (row) => {
      const found = db.one<RecordRow>(`${records} WHERE t.row = :row`, { row })
      if (found === undefined || found.refresh_digest === null || found.refresh_expires_at === null) return null
      return {
        ...toRecord(found),
        refreshDigest: found.refresh_digest,
        refreshExpiresAt: found.refresh_expires_at,
      }
    },
    liveSessions: (accountId) =>
      db.list(
        toSession,
        `SELECT ${sessionColumns} FROM sessions s JOIN accounts a ON a.id = s.account_id
         WHERE s.account_id = :accountId AND s.revoked_seq IS NULL AND s.epoch = a.epoch ORDER BY s.row`,
        { accountId },
      ),
    sessionById: (id) => db.find(toSession, `SELECT ${sessionColumns} FROM sessions s WHERE s.id = :id`, { id }),
  }
}

function toRecord(row: RecordRow): TokenRecord {
  return {
    tokenRow: row.token_row,
    accessDigest: row.access_digest,
    tokenExpiresAt: row.token_expires_at,
    tokenRevokedSeq: row.token_revoked_seq,
    boundIp: row.bound_ip,
    session: toSession(row),
    account: toAccount(row),
  }
}
