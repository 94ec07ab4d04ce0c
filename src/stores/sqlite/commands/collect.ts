/** SQLite store: deletes rows that are no longer needed. The work is bounded, and all of it is found by an index. */
import type { Tx } from '../write-transaction.ts'
import { collectLog } from './collect-log.ts'
import { type Bounds, collectSessions, collectTokens } from './collect-sessions.ts'
import type { Input, Output } from './command.ts'
import { closeNeverOpened } from './pty-sessions.ts'

const ptyTokenGraceMs = 60_000
const usedCodeMs = 10 * 60 * 1000
const forgottenFailuresMs = 24 * 60 * 60 * 1000
const knownAddressMs = 30 * 24 * 60 * 60 * 1000

export function collectExpired(tx: Tx, input: Input<'collectExpired'>): Output<'collectExpired'> {
  const log = collectLog(tx, input)
  const bounds = { nowMs: input.nowMs, limit: input.limit, oldSeq: log.oldSeq }
  const { tokens, sessions } = collectTokens(tx, bounds)
  const counts = [
    log.collected,
    eraseAnswers(tx, bounds),
    tokens,
    sessions + collectSessions(tx, { ...bounds, limit: bounds.limit - sessions }),
    // This comes before tokens are deleted: an expired token shows that its PTY session was never opened.
    closeNeverOpened(tx, bounds),
    ...simpleDeletes.map(({ sql, before }) => tx.db.run(sql, { before: before(input), limit: bounds.limit })),
    collectRemovedAccounts(tx, bounds),
  ]
  return {
    collected: counts.reduce((sum, count) => sum + count, 0),
    more: log.more || counts.some((count) => count >= bounds.limit),
  }
}

type SimpleDelete = {
  readonly sql: string
  readonly before: (now: Pick<Input<'collectExpired'>, 'nowMs' | 'throttleMs'>) => number
}

const simpleDeletes: readonly SimpleDelete[] = [
  {
    sql: `DELETE FROM used_codes WHERE (secret_digest, step) IN
      (SELECT secret_digest, step FROM used_codes WHERE used_at_ms <= :before LIMIT :limit)`,
    before: ({ nowMs }) => nowMs - usedCodeMs,
  },
  {
    sql: `DELETE FROM throttles WHERE key IN
      (SELECT key FROM throttles WHERE forgotten_at_ms <= :before LIMIT :limit)`,
    before: ({ throttleMs }) => throttleMs - forgottenFailuresMs,
  },
  {
    sql: `DELETE FROM known_addresses WHERE (account_id, address) IN
      (SELECT account_id, address FROM known_addresses WHERE last_at_ms <= :before LIMIT :limit)`,
    before: ({ nowMs }) => nowMs - knownAddressMs,
  },
  {
    sql: `DELETE FROM pty_tokens WHERE digest IN
      (SELECT digest FROM pty_tokens WHERE expires_at_ms <= :before LIMIT :limit)`,
    before: ({ nowMs }) => nowMs - ptyTokenGraceMs,
  },
]

function eraseAnswers(tx: Tx, { nowMs, limit }: Bounds): number {
  return tx.db.run(
    `UPDATE tokens SET sealed_answer = NULL, answer_ends_at_ms = NULL WHERE row IN
       (SELECT row FROM tokens WHERE answer_ends_at_ms <= :nowMs LIMIT :limit)`,
    { nowMs, limit },
  )
}

function collectRemovedAccounts(tx: Tx, { limit }: Bounds): number {
  return tx.db.run(
    `DELETE FROM accounts WHERE id IN
       (SELECT a.id FROM accounts a
        WHERE a.status = 'removed' AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.account_id = a.id) LIMIT :limit)`,
    { limit },
  )
}
