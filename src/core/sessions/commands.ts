/** Core: the commands of a store on sessions and tokens. */
import type { CodeUse } from '../accounts/commands.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { Session } from './session.ts'
import type { TokenRow } from './token.ts'

/** A new session: live, seen just now. */
export type NewSession = Omit<Session, 'lastSeenAt' | 'revokedSeq'>

/** What must still be true of the account when something is created for it. */
export type AccountSeen = { readonly epoch: string; readonly passwordHash: string | null }

/** What a sign-in writes besides its session. */
export type SignInTraces = {
  /** Throttle keys that a success forgets. */
  readonly forgetKeys: readonly Uint8Array[]
  /** Keyed digest of the address that becomes known. */
  readonly knownAddress: Uint8Array
  readonly code: CodeUse | null
  /** A used recovery code: the list as it was seen, and the list after. */
  readonly recovery: { readonly seenSealed: Uint8Array; readonly newSealed: Uint8Array } | null
}

/** The target of a revoking command. */
export type RevocationTarget =
  | { readonly kind: 'session'; readonly sessionRow: number }
  | { readonly kind: 'token'; readonly tokenRow: number }
  /** Rotates the epoch; with `expectedEpoch` only if it is still the current one. */
  | {
      readonly kind: 'account_epoch'
      readonly accountId: number
      readonly expectedEpoch: string | null
      readonly newEpoch: string
    }

/** `seq` is the entry that ended it, now or before: the caller answers when no node can accept it any more. */
export type RevocationOutcome =
  | { readonly kind: 'revoked' | 'already'; readonly seq: number }
  | { readonly kind: 'missing' | 'stale' }

/** Atomic commands on sessions and their tokens. */
export type SessionCommands = {
  /**
   * Creates a session with its first token. The same transaction checks: the account is live and unchanged, the
   * membership exists, the parent session (if any) is live, the code was not used.
   */
  readonly createSession: {
    readonly input: {
      readonly session: NewSession
      readonly token: TokenRow
      readonly seen: AccountSeen
      readonly parentSessionRow: number | null
      readonly signIn: SignInTraces | null
      /** Most live sessions of this dialect per account; older ones end. null: no limit. */
      readonly keepNewest: number | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    /** `token-taken`: another token has this digest; the caller creates another one. */
    readonly output: { readonly kind: 'created' | 'stale' | 'code-used' | 'not-a-member' | 'token-taken' }
  }
  /**
   * Exchanges a token for its successor in the same session, or finds the answer of the first exchange. `refresh`
   * presents a refresh token (reuse ends the session), `access` a live access token (never reuse).
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
      /** Unix seconds at which the presented token ends at the latest; null: at its own end. */
      readonly presentedEndsAt: number | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output:
      | { readonly kind: 'exchanged' }
      | { readonly kind: 'repeated'; readonly sealedAnswer: Uint8Array }
      | { readonly kind: 'reused' | 'unknown' | 'revoked' | 'expired' | 'token-taken' }
  }
  /** Appends what ends to the revocation log, and marks its rows. */
  readonly revoke: {
    readonly input: { readonly target: RevocationTarget; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: RevocationOutcome
  }
  /** Writes last uses in bulk; never moves one back. */
  readonly touchSessions: {
    readonly input: { readonly uses: readonly { readonly row: number; readonly lastSeenAt: number }[] }
    readonly output: { readonly kind: 'done' }
  }
  /** Deletes at most `limit` unneeded rows of each kind; `more`: some are left. */
  readonly collectExpired: {
    readonly input: {
      readonly nowMs: number /** Time of the throttle. */
      readonly throttleMs: number
      readonly limit: number
    }
    readonly output: { readonly collected: number; readonly more: boolean }
  }
}
