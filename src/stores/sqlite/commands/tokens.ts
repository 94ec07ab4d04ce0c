/** SQLite store: writes token rows. */
import type { TokenRow } from '../../../core/sessions/token.ts'
import { insertInto, valuesOf, words } from '../rows/columns.ts'
import type { Tx } from '../write-transaction.ts'

/** The answer of the exchange that created a token. */
export type ExchangeAnswer = {
  readonly answeredAtMs: number
  readonly sealedAnswer: Uint8Array
  readonly answerEndsAtMs: number | null
}

const noAnswer = { answeredAtMs: null, sealedAnswer: null, answerEndsAtMs: null }
const tokenMembers = words(
  'row sessionRow accessDigest isIndexed issuedAt expiresAt boundIp refreshDigest refreshExpiresAt endsAt',
  'answeredAtMs sealedAnswer answerEndsAtMs',
)
const insertTokenSql = insertInto('tokens', tokenMembers)

/** Returns whether another token that is found by its digest has this one's digest. */
export function isTokenTaken(tx: Tx, token: TokenRow): boolean {
  if (!token.isIndexed) return false
  const sql = 'SELECT 1 FROM tokens WHERE access_digest = :digest AND is_indexed = 1'
  return tx.db.has(sql, { digest: token.accessDigest })
}

/** Inserts a token; null: a sign-in created it, not an exchange. */
export function insertToken(tx: Tx, token: TokenRow, answer: ExchangeAnswer | null): void {
  const row = { ...token, isIndexed: Number(token.isIndexed), endsAt: endOf(token), ...(answer ?? noAnswer) }
  tx.db.run(insertTokenSql, valuesOf(tokenMembers, row))
}

/** Returns when both halves of a token have expired; null: never. */
function endOf({ expiresAt, refreshDigest, refreshExpiresAt }: TokenRow): number | null {
  if (expiresAt === null) return null
  if (refreshDigest === null) return expiresAt
  return refreshExpiresAt === null ? null : Math.max(expiresAt, refreshExpiresAt)
}
