/** Core: the commands of a store on accounts. */

import type { AuditEvent } from '../audit/event.ts'
import type { Account, Role } from './account.ts'
import type { Authority } from './permissions.ts'
import type { ThrottleKey } from './throttle.ts'

/** The attributes of a dialect together with the account rules that they mean. */
export type KeptAttributes = {
  /** JSON object in the dialect's wire form. */
  readonly text: string
  /** As `writeRules` wrote them; null: none. */
  readonly rules: string | null
}

/** A new account; the store numbers it. */
export type NewAccount = {
  readonly uuid: string
  readonly username: string
  readonly role: Role
  readonly email: string | null
  readonly epoch: string
  readonly expiresAt: number | null
  readonly groups: readonly string[]
  readonly passwordHash: string | null
  readonly passwordIsShort: boolean
  readonly attributes: KeptAttributes | null
  /** Of an administrator; null for users. */
  readonly authority: Authority | null
  /** Enabled by default. */
  readonly status?: Account['status']
  /** The natural person behind it; undefined: the account itself. */
  readonly person?: string
}

/** Changes of an account; absent members stay as they are. */
export type AccountChange = {
  readonly status?: Account['status']
  readonly email?: string | null
  readonly role?: Role
  /** null: the account itself. */
  readonly person?: string | null
  readonly expiresAt?: number | null
  readonly addGroups?: readonly string[]
  readonly removeGroups?: readonly string[]
  /** null: no password any more. */
  readonly password?: { readonly hash: string; readonly isShort: boolean } | null
  /** The account set the password itself, so that no change is due any more. */
  readonly settlesPasswordChange?: true
  /** Also removes the recovery codes. */
  readonly removeSecondFactor?: boolean
  /** Sets a second factor without a code (SFTPGo REST API, `totp/save`). */
  readonly secondFactor?: Uint8Array
  /** Replaces all recovery codes. */
  readonly recoverySealed?: Uint8Array | null
  readonly attributes?: KeptAttributes
  /** Of an administrator; null if the role becomes `user`. */
  readonly authority?: Authority | null
}

/** Ends all sessions of the old epoch except the kept one, together with a change. */
export type EpochRotation = {
  readonly newEpoch: string
  /** The session that made the change and stays; 0: none. */
  readonly keptSessionRow: number
  /**
   * Bearer credentials continue under the new epoch, without the sessions that they started: their account is disabled
   * and may be enabled again. Otherwise they are removed.
   */
  readonly keepsCredentials?: boolean
}

/** A one-time code that a command uses; each (secret, step) is used once. */
export type CodeUse = { readonly secretDigest: Uint8Array; readonly step: number }

/**
 * Marks that a store keeps for ever: an administrator existed; the log reported how many administrators are not owners.
 */
export type StoreMark = 'administrator-made' | 'authority-told'

/** Atomic commands on accounts. */
export type AccountCommands = {
  /** Adds an account; `asFirstAdmin` refuses if there was ever an administrator. */
  readonly addAccount: {
    readonly input: {
      readonly account: NewAccount
      readonly asFirstAdmin: boolean
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output:
      | { readonly kind: 'added'; readonly account: Account }
      | { readonly kind: 'name-taken' | 'email-taken' | 'admin-exists' }
  }
  /**
   * Changes an account and appends `account_epoch` (with a rotation) and `access_changed`: for the account, and for the
   * session of every bearer credential that the rotation keeps. `seen` must still match the account, if given. A new
   * authority without attributes removes the old authority's list from the attributes.
   */
  readonly changeAccount: {
    readonly input: {
      readonly accountId: number
      readonly change: AccountChange
      readonly rotation: EpochRotation | null
      readonly seen: { readonly epoch: string; readonly passwordHash: string | null } | null
      /** The attributes that the new ones were derived from, if given; they must not have changed. */
      readonly seenAttributes?: string | null
      /** The authority that the new one was derived from, if given; it must not have changed. */
      readonly seenAuthority?: Authority | null
      /** Continues even if no owner is left who can sign in. */
      readonly mayEndLastOwner?: boolean
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output:
      | { readonly kind: 'changed'; readonly account: Account }
      | { readonly kind: 'missing' | 'name-taken' | 'email-taken' | 'stale' | 'last-owner' }
  }
  /** Removes an account: its name becomes free, its sessions end, its number is never used again. */
  readonly removeAccount: {
    readonly input: {
      readonly accountId: number
      readonly newEpoch: string
      /** Continues even if no owner is left who can sign in. */
      readonly mayEndLastOwner?: boolean
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'removed' | 'missing' | 'last-owner' }
  }
  /** Sets a mark; `known`: it was set before. */
  readonly keepMark: {
    readonly input: { readonly mark: StoreMark; readonly nowMs: number }
    readonly output: { readonly kind: 'kept' | 'known' }
  }
  /** Replaces the hash of an unchanged password by one with today's parameters. */
  readonly upgradePasswordHash: {
    readonly input: {
      readonly accountId: number
      readonly seenHash: string
      readonly newHash: string
      readonly nowMs: number
    }
    readonly output: { readonly kind: 'done' }
  }
  /** Stores a secret that waits for its first code. */
  readonly beginSecondFactor: {
    readonly input: {
      readonly accountId: number
      readonly sealedSecret: Uint8Array
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'pending' | 'exists' | 'missing' }
  }
  /** Makes the waiting secret the second factor, uses its first code and rotates the epoch. */
  readonly confirmSecondFactor: {
    readonly input: {
      readonly accountId: number
      readonly seenSealedSecret: Uint8Array
      readonly code: CodeUse
      readonly rotation: EpochRotation
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'confirmed' | 'not-pending' | 'code-used' }
  }
  /** Uses a code; `code-used`: it was used before. */
  readonly useCode: {
    readonly input: { readonly code: CodeUse; readonly nowMs: number }
    readonly output: { readonly kind: 'used' | 'code-used' }
  }
  /** Forgets the failures of every key; `missing`: there were none. */
  readonly forgetFailures: {
    readonly input: { readonly keys: readonly Uint8Array[]; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'forgotten' | 'missing' }
  }
  /** Stores the time of the throttle; it never goes back. */
  readonly keepThrottleTime: {
    readonly input: { readonly nowMs: number }
    readonly output: { readonly kind: 'done' }
  }
  /** Counts a failed sign-in on every key, in the same transaction as its audit event. */
  readonly recordFailedSignIn: {
    readonly input: {
      readonly keys: readonly ThrottleKey[]
      /** Time of the throttle. */
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'counted' }
  }
}
