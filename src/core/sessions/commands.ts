/** Core: the atomic commands on sessions and tokens that every store offers. */
import type { CodeUse } from '../accounts/commands.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { TokenRow } from '../tokens/token.ts'
import type { Session } from './session.ts'

/** A session as it is created: live, seen just now. */
export type NewSession = Omit<Session, 'lastSeenAt' | 'revokedSeq'>

/** What must still be true of the account when something is created for it. */
export type AccountSeen = { readonly epoch: string; readonly passwordHash: string | null }

/** What a sign-in leaves behind besides its session. */
export type SignInTraces = {
  /** Throttle keys that start anew after a success. */
  readonly forgetKeys: readonly Uint8Array[]
  /** Keyed digest of the address that is known from now on. */
  readonly knownAddress: Uint8Array
  readonly code: CodeUse | null
  /** A recovery code that is used up: the list as it was seen, and as it is after. */
  readonly recovery: { readonly seenSealed: Uint8Array; readonly newSealed: Uint8Array } | null
}

/** What a revoking command ends. */
export type RevocationTarget =
  | { readonly kind: 'session'; readonly sessionRow: number }
  | { readonly kind: 'token'; readonly tokenRow: number }
  /** Rotates the epoch; `expectedEpoch` makes it a compare-and-set. */
  | {
      readonly kind: 'account_epoch'
      readonly accountId: number
      readonly expectedEpoch: string | null
      readonly newEpoch: string
    }

/** `seq` is the entry that ended it, now or before: the caller answers once no node can accept it any more. */
export type RevocationOutcome =
  | { readonly kind: 'revoked' | 'already'; readonly seq: number }
  | { readonly kind: 'missing' | 'stale' }

/** Atomic commands on sessions and their tokens. */
export type SessionCommands = {
  /**
   * Creates a session with its first token. Checks in the same transaction: the account is live and as it was seen, the
   * membership exists, the parent session (where one is named) lives, the code was not used.
   */
  readonly createSession: {
    readonly input: {
      readonly session: NewSession
      readonly token: TokenRow
      readonly seen: AccountSeen
      readonly parentSessionRow: number | null
      readonly signIn: SignInTraces | null
      /** At most so many live sessions of this dialect per account; older ones end. null: no limit. */
      readonly keepNewest: number | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    /** `token-taken`: another token has this digest; the caller makes another one. */
    readonly output: { readonly kind: 'created' | 'stale' | 'code-used' | 'not-a-member' | 'token-taken' }
  }
  /**
   * Exchanges a token for its successor in the same session, or finds the answer of the first exchange.
   * `refresh` presents a refresh token (reuse ends the session), `access` a live access token (never reuse).
   */
  readonly exchangeToken: {
    readonly input: {
      readonly mode: 'refresh' | 'access'
      readonly tokenRow: number
      readonly presentedDigest: Uint8Array
      readonly successor: TokenRow
      /** The whole answer, sealed with the presented token. */
      readonly sealedAnswer: Uint8Array
      readonly maxLiveTokens: number
      /** Unix seconds at which the presented token ends at the latest from now on; null: at its own end. */
      readonly presentedEndsAt: number | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output:
      | { readonly kind: 'exchanged' }
      | { readonly kind: 'repeated'; readonly sealedAnswer: Uint8Array }
      | { readonly kind: 'reused' | 'unknown' | 'revoked' | 'expired' | 'token-taken' }
  }
  /** Appends to the revocation log what ends, and marks its rows. */
  readonly revoke: {
    readonly input: { readonly target: RevocationTarget; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: RevocationOutcome
  }
  /** Writes last uses, in bulk; never moves one back. */
  readonly touchSessions: {
    readonly input: { readonly uses: readonly { readonly row: number; readonly lastSeenAt: number }[] }
    readonly output: { readonly kind: 'done' }
  }
  /** Deletes at most `limit` rows of each kind that nothing needs any more; `more` tells that some were left. */
  readonly collectExpired: {
    readonly input: {
      readonly nowMs: number /** Time of the throttle. */
      readonly throttleMs: number
      readonly limit: number
    }
    readonly output: { readonly collected: number; readonly more: boolean }
  }
}
