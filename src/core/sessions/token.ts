/** Core: tokens as they are stored: digests, never the token itself. */

/**
 * A row of issued tokens: an access token and, at `control`, its refresh token. Times are Unix seconds unless the name
 * says otherwise.
 */
export type TokenRow = {
  /** Rising, never reused. `control`'s tokens contain it, so that they need no index. */
  readonly row: number
  readonly sessionRow: number
  /** SHA-256 of the access token, 32 bytes. */
  readonly accessDigest: Uint8Array
  /** Found by digest (true), or by the row number in the token (false). */
  readonly isIndexed: boolean
  readonly issuedAt: number
  /** null: the token does not expire by itself. */
  readonly expiresAt: number | null
  /** The one address that may use it; null: any. */
  readonly boundIp: string | null
  /** SHA-256 of the refresh token, 32 bytes; null if the dialect has none. */
  readonly refreshDigest: Uint8Array | null
  readonly refreshExpiresAt: number | null
}

/** The exchange of a token row; the store keeps it beside `TokenRow`. */
export type ExchangeState = {
  /** Unix milliseconds of the first exchange; null: never exchanged. */
  readonly exchangedAtMs: number | null
  /** The stored answer of that exchange, sealed with the presented token; null once erased. */
  readonly sealedAnswer: Uint8Array | null
  /** The successor's own refresh token was presented at least once. */
  readonly isSuccessorPresented: boolean
}

/** 30 s: how long a repeat of an exchange always returns the same answer (our choice; FAPI 2.0 allows retries of a lost answer). */
export const exchangeGraceMs = 30_000

/** What a store does with a known presented token whose session is live. */
export type ExchangeDecision = 'exchange' | 'repeat' | 'reuse'

/**
 * Decides what presenting a refresh token means: it has one successor for ever; a repeat gets it within the grace, or
 * while the successor was never presented; otherwise it is reuse.
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
 * later, never reuse.
 *
 * @param nowMs Unix milliseconds.
 */
export function decideExchange(state: ExchangeState, nowMs: number): 'exchange' | 'repeat' {
  if (state.exchangedAtMs === null || state.sealedAnswer === null) return 'exchange'
  return nowMs - state.exchangedAtMs < exchangeGraceMs ? 'repeat' : 'exchange'
}
