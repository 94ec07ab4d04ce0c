/** Core: throttling of sign-ins. It counts failures only, and is checked before a password is hashed. */

/** The failures that one key may have, and the wait after them. Milliseconds. */
export type ThrottleRule = {
  readonly failures: number
  /** Failures older than this are forgotten. */
  readonly windowMs: number
  /** Wait after the last allowed failure; it doubles with each further one. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
}

/** What failures are counted on: a keyed digest of a name, an address, a name at a known address, or of everything. */
export type ThrottleKey = { readonly digest: Uint8Array; readonly rule: ThrottleRule }

/** The stored state of a key. Times are those of {@link ThrottleTime}. */
export type ThrottleState = {
  readonly failures: number
  readonly firstFailureMs: number
  readonly blockedUntilMs: number
}

/** The state of a key without failures. */
export const noFailures: ThrottleState = { failures: 0, firstFailureMs: 0, blockedUntilMs: 0 }

const minuteMs = 60_000

/** The limits by what they count on. */
export type ThrottleRules = {
  readonly name: ThrottleRule
  readonly address: ThrottleRule
  readonly all: ThrottleRule
}

/**
 * Ten failures per name, then 30 s doubling to 1 h; sixty per address in ten minutes; three thousand in all in ten minutes.
 *
 * @see NIST SP 800-63B-4 section 3.2.2 (at most 100 consecutive failures, delays of 30 s to 1 h); the counts are our choice.
 */
export const defaultThrottleRules: ThrottleRules = {
  name: { failures: 10, windowMs: 24 * 60 * minuteMs, firstWaitMs: 30_000, longestWaitMs: 60 * minuteMs },
  address: { failures: 60, windowMs: 10 * minuteMs, firstWaitMs: minuteMs, longestWaitMs: 10 * minuteMs },
  all: { failures: 3_000, windowMs: 10 * minuteMs, firstWaitMs: 10_000, longestWaitMs: minuteMs },
}

/** Returns how long a key is blocked at `nowMs`; 0: it is not; never longer than the rule's longest wait. */
export function waitMs(state: ThrottleState, rule: ThrottleRule, nowMs: number): number {
  return Math.min(Math.max(0, state.blockedUntilMs - nowMs), rule.longestWaitMs)
}

/** Returns how many failures a key has left at `nowMs`; a key past its limit has one at a time. */
export function allowance(state: ThrottleState, rule: ThrottleRule, nowMs: number): number {
  if (waitMs(state, rule, nowMs) > 0) return 0
  if (isForgotten(state, rule, nowMs)) return rule.failures
  return Math.max(1, rule.failures - state.failures)
}

/** Returns the state of a key after one more failure at `nowMs`. */
export function afterFailure(state: ThrottleState, rule: ThrottleRule, nowMs: number): ThrottleState {
  const isFresh = isForgotten(state, rule, nowMs)
  const failures = isFresh ? 1 : state.failures + 1
  const firstFailureMs = isFresh ? nowMs : state.firstFailureMs
  if (failures < rule.failures) return { failures, firstFailureMs, blockedUntilMs: 0 }
  const doublings = Math.min(failures - rule.failures, 30)
  const wait = Math.min(rule.firstWaitMs * 2 ** doublings, rule.longestWaitMs)
  return { failures, firstFailureMs, blockedUntilMs: nowMs + wait }
}

/** Returns whether failures on a key no longer count at `nowMs`. */
export function isForgotten(state: ThrottleState, rule: ThrottleRule, nowMs: number): boolean {
  const endOfWait = Math.max(state.firstFailureMs + rule.windowMs, state.blockedUntilMs)
  return state.failures === 0 || nowMs >= endOfWait
}
