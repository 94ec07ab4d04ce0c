/** SQLite store: writes token rows. */
import type { TokenRow } from '../../../core/sessions/token.ts'
import type { Tx } from '../write-transaction.ts'

/** The exchange that created a token. */
export type HandedOutBy = {
  readonly answeredAtMs: number
  readonly sealedAnswer: Uint8Array
  readonly answerEndsAtMs: number | null
}

/** Returns whether another token that is found by its digest has this one's digest. */
export function isTokenTaken(tx: Tx, token: TokenRow): boolean {
  if (!token.isIndexed) return false
  const sql = 'SELECT 1 FROM tokens WHERE access_digest = :digest AND is_indexed = 1'
  return tx.db.one(sql, { digest: token.accessDigest }) !== undefined
}

/** Inserts a token; null: a sign-in created it, not an exchange. */
export function insertToken(tx: Tx, token: TokenRow, by: HandedOutBy | null): void {
  tx.db.run(
    `INSERT INTO tokens (row, session_row, access_digest, is_indexed, issued_at, expires_at, bound_ip, refresh_digest,
       refresh_expires_at, ends_at, answered_at_ms, sealed_answer, answer_ends_at_ms)
     VALUES (:row, :sessionRow, :accessDigest, :isIndexed, :issuedAt, :expiresAt, :boundIp, :refreshDigest,
       :refreshExpiresAt, :endsAt, :answeredAtMs, :sealedAnswer, :answerEndsAtMs)`,
    {
      row: token.row,
      sessionRow: token.sessionRow,
      accessDigest: token.accessDigest,
      isIndexed: token.isIndexed ? 1 : 0,
      issuedAt: token.issuedAt,
      expiresAt: token.expiresAt,
      boundIp: token.boundIp,
      refreshDigest: token.refreshDigest,
      refreshExpiresAt: token.refreshExpiresAt,
      endsAt: endOf(token),
      answeredAtMs: by?.answeredAtMs ?? null,
      sealedAnswer: by?.sealedAnswer ?? null,
      answerEndsAtMs: by?.answerEndsAtMs ?? null,
    },
  )
}

/** Returns when both halves of a token have expired; null: never. */
function endOf({ expiresAt, refreshDigest, refreshExpiresAt }: TokenRow): number | null {
  if (expiresAt === null) return null
  if (refreshDigest === null) return expiresAt
  return refreshExpiresAt === null ? null : Math.max(expiresAt, refreshExpiresAt)
}
