/** Core: what a token is as the store keeps it: digests, never the token itself. */

/**
 * One row of issued tokens: an access token and, at `control`, the refresh token that came with it.
 * Times are Unix seconds unless the name says otherwise.
 */
export type TokenRow = {
  /** Ascending, never reused; `control`'s tokens carry it, so that no random index is written for them. */
  readonly row: number
  readonly sessionRow: number
  /** SHA-256 of the access token, 32 bytes. */
  readonly accessDigest: Uint8Array
  /** Found by digest (true) or by the row number that the token itself carries (false). */
  readonly isIndexed: boolean
  readonly issuedAt: number
  /** null: the token does not expire by itself. */
  readonly expiresAt: number | null
  /** The one address that may spend it; null: any. */
  readonly boundIp: string | null
  /** SHA-256 of the refresh token, 32 bytes; null where the dialect has none. */
  readonly refreshDigest: Uint8Array | null
  readonly refreshExpiresAt: number | null
}

/** What became of a token row by exchange; kept beside `TokenRow` by the store. */
export type ExchangeState = {
  /** Unix milliseconds of the first exchange; null: never exchanged. */
  readonly exchangedAtMs: number | null
  /** The stored answer of that exchange, sealed with the token that was presented; null once erased. */
  readonly sealedAnswer: Uint8Array | null
  /** The successor's own refresh token was presented at least once. */
  readonly isSuccessorPresented: boolean
}

/** 30 s: how long a repeat of an exchange always returns the same answer (our choice; FAPI 2.0 allows retries of a lost answer). */
export const exchangeGraceMs = 30_000

/** What a store does with a presented token that is known, and whose session lives. */
export type ExchangeDecision = 'exchange' | 'repeat' | 'reuse'

/**
 * Decides what presenting a refresh token means: one successor for ever, repeats within the grace or while the successor
 * was never presented, reuse otherwise.
 *
 * @param nowMs Unix milliseconds.
 * @see RFC 9700 section 4.14.2 for rotation with reuse detection; the grace is our choice.
 */
export function decideRefresh(state: ExchangeState, nowMs: number): ExchangeDecision {
  if (state.exchangedAtMs === null) return 'exchange'
  if (state.sealedAnswer === null) return 'reuse'
  if (nowMs - state.exchangedAtMs < exchangeGraceMs) return 'repeat'
  return state.isSuccessorPresented ? 'reuse' : 'repeat'
}

/**
 * Decides what exchanging a live access token means (pacerpro, koyeb): the same successor within the grace, another one
 * later; never reuse.
 *
 * @param nowMs Unix milliseconds.
 */
export function decideExchange(state: ExchangeState, nowMs: number): 'exchange' | 'repeat' {
  if (state.exchangedAtMs === null || state.sealedAnswer === null) return 'exchange'
  return nowMs - state.exchangedAtMs < exchangeGraceMs ? 'repeat' : 'exchange'
}
