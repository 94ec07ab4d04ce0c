/** SQLite store: exchanges a token for its successor. Of any number of racing exchanges, one creates the successor. */
import { type Account, isAccountLive } from '../../../core/accounts/account.ts'
import { hasSessionExpired } from '../../../core/sessions/session.ts'
import {
  decideExchange,
  decideRefresh,
  type ExchangeDecision,
  type ExchangeState,
  exchangeGraceMs,
} from '../../../core/sessions/token.ts'
import { isSameDigest } from '../rows/digests.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import { toSeconds } from './checks.ts'
import type { Input, Output } from './command.ts'
import { appendAccountChanged } from './epochs.ts'
import { endSession, endToken } from './revocations.ts'
import { insertToken, isTokenTaken } from './tokens.ts'

type Exchange = Input<'exchangeToken'>

/** The presented token with its session and account, and the token that it was exchanged for (`next`). */
type Presented = {
  readonly session_row: number
  readonly account_id: number
  readonly access_digest: Uint8Array
  readonly expires_at: number | null
  readonly refresh_digest: Uint8Array | null
  readonly refresh_expires_at: number | null
  readonly successor_row: number | null
  readonly answered_at_ms: number | null
  readonly revoked_seq: number | null
  readonly last_seen_at: number
  readonly idle_seconds: number | null
  readonly session_expires_at: number | null
  readonly session_revoked_seq: number | null
  readonly is_of_ended_epoch: number
  readonly status: Account['status'] | 'removed'
  readonly account_expires_at: number | null
  readonly next_answered_at_ms: number | null
  readonly next_sealed_answer: Uint8Array | null
  readonly next_successor_row: number | null
}

/** Exchanges a token, or finds the answer of the first exchange. Reuse of a refresh token ends its session. */
export function exchangeToken(tx: Tx, input: Exchange): Output<'exchangeToken'> {
  const presented = findPresented(tx, input)
  if (presented === null) return { kind: 'unknown' }
  const ending = endingOf(presented, input)
  if (ending !== null) return { kind: ending }
  const answer = presented.next_sealed_answer
  const decision = decide(presented, input)
  if (decision === 'repeat' && answer !== null) return { kind: 'repeated', sealedAnswer: answer }
  if (decision === 'reuse') return endFamily(tx, presented, input)
  if (isTokenTaken(tx, input.successor)) return { kind: 'token-taken' }
  return exchange(tx, presented, input)
}

function findPresented(tx: Tx, input: Exchange): Presented | null {
  const found = tx.db.one<Presented>(
    `SELECT t.session_row, a.id AS account_id, t.access_digest, t.expires_at, t.refresh_digest, t.refresh_expires_at, t.successor_row,
       t.answered_at_ms, t.revoked_seq, s.last_seen_at, s.idle_seconds,
       s.expires_at AS session_expires_at, s.revoked_seq AS session_revoked_seq,
       s.epoch <> a.epoch AS is_of_ended_epoch, a.status, a.expires_at AS account_expires_at,
       next.answered_at_ms AS next_answered_at_ms, next.sealed_answer AS next_sealed_answer,
       next.successor_row AS next_successor_row
     FROM tokens t JOIN sessions s ON s.row = t.session_row JOIN accounts a ON a.id = s.account_id
       LEFT JOIN tokens next ON next.row = t.successor_row
     WHERE t.row = :row`,
    { row: input.tokenRow },
  )
  if (found === undefined) return null
  const digest = input.mode === 'refresh' ? found.refresh_digest : found.access_digest
  return digest !== null && isSameDigest(digest, input.presentedDigest) ? found : null
}

function endingOf(presented: Presented, input: Exchange): 'revoked' | 'expired' | null {
  const now = toSeconds(input.nowMs)
  const isAccessMode = input.mode === 'access'
  const status = presented.status === 'enabled' ? 'enabled' : 'disabled'
  const isDead =
    presented.session_revoked_seq !== null ||
    presented.is_of_ended_epoch === 1 ||
    !isAccountLive({ status, expiresAt: presented.account_expires_at }, now)
  // An exchanged refresh token stays valid for repeats, even if its access token was ended to make room.
  const isTokenDead = presented.revoked_seq !== null && (isAccessMode || presented.successor_row === null)
  if (isDead || isTokenDead) return 'revoked'
  const end = isAccessMode ? presented.expires_at : presented.refresh_expires_at
  const { last_seen_at: lastSeenAt, idle_seconds: idleSeconds, session_expires_at: expiresAt } = presented
  const hasEnded = end !== null && now >= end
  return hasEnded || hasSessionExpired({ lastSeenAt, idleSeconds, expiresAt }, now) ? 'expired' : null
}

/** An exchanged successor was presented: presenting it is what exchanges it. */
function decide(presented: Presented, input: Exchange): ExchangeDecision {
  const isExchanged = presented.successor_row !== null
  const state: ExchangeState = {
    exchangedAtMs: isExchanged ? (presented.next_answered_at_ms ?? 0) : null,
    sealedAnswer: presented.next_sealed_answer,
    isSuccessorPresented: presented.next_successor_row !== null,
  }
  return input.mode === 'refresh' ? decideRefresh(state, input.nowMs) : decideExchange(state, input.nowMs)
}

function endFamily(tx: Tx, presented: Presented, input: Exchange): Output<'exchangeToken'> {
  endSession(tx, presented.session_row, input.nowMs)
  appendAudit(tx, { ...input.audit, action: 'refresh-reuse', outcome: 'refused', code: 'REFRESH_REUSED' })
  return { kind: 'reused' }
}

function exchange(tx: Tx, presented: Presented, input: Exchange): Output<'exchangeToken'> {
  const { mode, successor, sealedAnswer, nowMs } = input
  if (successor.sessionRow !== presented.session_row) throw new Error('a successor belongs to another session')
  insertToken(tx, successor, {
    answeredAtMs: nowMs,
    sealedAnswer,
    // A live access token is never answered again after the grace.
    answerEndsAtMs: mode === 'access' ? nowMs + exchangeGraceMs : null,
  })
  const answerEndsAtMs = (presented.answered_at_ms ?? 0) + exchangeGraceMs
  tx.db.run(
    `UPDATE tokens SET successor_row = :successor,
       sealed_answer = CASE WHEN :answerEndsAtMs <= :nowMs THEN NULL ELSE sealed_answer END,
       answer_ends_at_ms = CASE WHEN sealed_answer IS NULL OR :answerEndsAtMs <= :nowMs THEN NULL ELSE :answerEndsAtMs END
     WHERE row = :row`,
    { row: input.tokenRow, successor: successor.row, answerEndsAtMs, nowMs },
  )
  tx.db.run('UPDATE sessions SET last_seen_at = max(last_seen_at, :now) WHERE row = :row', {
    row: presented.session_row,
    now: toSeconds(nowMs),
  })
  shortenPresented(tx, presented, input)
  endOldestTokens(tx, presented.session_row, input)
  appendAudit(tx, input.audit)
  return { kind: 'exchanged' }
}

/** Nodes that remember the token read it again with its account. */
function shortenPresented(tx: Tx, presented: Presented, input: Exchange): void {
  const { presentedEndsAt, tokenRow, nowMs } = input
  if (presentedEndsAt === null || (presented.expires_at !== null && presented.expires_at <= presentedEndsAt)) return
  tx.db.run('UPDATE tokens SET expires_at = :presentedEndsAt, ends_at = :presentedEndsAt WHERE row = :tokenRow', {
    presentedEndsAt,
    tokenRow,
  })
  appendAccountChanged(tx, presented.account_id, nowMs)
}

function endOldestTokens(tx: Tx, sessionRow: number, input: Exchange): void {
  const oldest = tx.db.all<{ row: number; accessDigest: Uint8Array }>(
    `SELECT row, access_digest AS "accessDigest" FROM tokens
     WHERE session_row = :sessionRow AND revoked_seq IS NULL AND (expires_at IS NULL OR expires_at > :now)
     ORDER BY row DESC LIMIT -1 OFFSET :maxLiveTokens`,
    { sessionRow, now: toSeconds(input.nowMs), maxLiveTokens: input.maxLiveTokens },
  )
  for (const token of oldest) endToken(tx, token, input.nowMs)
}
