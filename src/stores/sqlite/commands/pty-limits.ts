/** SQLite store: how much of a limit an account has used. Each count reads one range of an index, no longer than the limit. */
import type { PtyLimitRefusal, PtyLimits, PtyTokenRow } from '../../../core/terminals/commands.ts'
import type { Tx } from '../write-transaction.ts'

/** Returns why an account gets no further PTY token, or null. */
export function whyNoToken(
  tx: Tx,
  token: Pick<PtyTokenRow, 'accountId' | 'ptySessionId' | 'role'>,
  { limits, nowMs }: { readonly limits: PtyLimits; readonly nowMs: number },
): PtyLimitRefusal | null {
  const isTerminal = token.role === 'implementor'
  if (isTerminal && hasAllTerminals(tx, { ...token, most: limits.terminals })) return { kind: 'too-many-terminals' }
  const unused = tx.db.all<{ readonly expires_at_ms: number }>(
    `SELECT expires_at_ms FROM pty_tokens
     WHERE account_id = :accountId AND used_at_ms IS NULL AND expires_at_ms > :nowMs
     ORDER BY expires_at_ms LIMIT :most`,
    { accountId: token.accountId, nowMs, most: limits.unusedTokens },
  )
  const [first] = unused
  if (first === undefined || unused.length < limits.unusedTokens) return null
  return { kind: 'too-many-tokens', freeAtMs: first.expires_at_ms }
}

/** Returns whether an account has as many terminals as it may, besides the named one. */
export function hasAllTerminals(
  tx: Tx,
  wanted: { readonly accountId: number; readonly ptySessionId: string; readonly most: number },
): boolean {
  const held = tx.db.all(
    `SELECT 1 FROM pty_sessions
     WHERE held_by_account_id = :accountId AND state = 'active' AND id <> :ptySessionId LIMIT :most`,
    { accountId: wanted.accountId, ptySessionId: wanted.ptySessionId, most: wanted.most },
  )
  return held.length >= wanted.most
}
