/** Core: the atomic commands on accounts that every store offers. */
import type { Authority } from '../administration/permissions.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { Account, Role } from './account.ts'
import type { ThrottleKey } from './throttle.ts'

/** What a dialect keeps with an account, and what it means as rules: whoever writes the one writes the other. */
export type KeptAttributes = {
  /** JSON object in the dialect's wire form. */
  readonly text: string
  /** As `writeRules` wrote them; null: none. */
  readonly rules: string | null
}

/** An account to be added; the store numbers it. */
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
  /** Enabled where nothing is said. */
  readonly status?: Account['status']
  /** The natural person behind it; left out: it stands for itself. */
  readonly person?: string
}

/** What of an account is to change; what is not named stays. */
export type AccountChange = {
  readonly status?: Account['status']
  readonly email?: string | null
  readonly role?: Role
  /** null: the account stands for itself again. */
  readonly person?: string | null
  readonly expiresAt?: number | null
  readonly addGroups?: readonly string[]
  readonly removeGroups?: readonly string[]
  /** null: the account has none from now on. */
  readonly password?: { readonly hash: string; readonly isShort: boolean } | null
  /** The account set the password itself: none is due any more. */
  readonly settlesPasswordChange?: true
  /** Also removes the recovery codes. */
  readonly removeSecondFactor?: boolean
  /** Makes a secret the second factor without a code (SFTPGo REST API, `totp/save`). */
  readonly secondFactor?: Uint8Array
  /** Replaces the recovery codes as a set. */
  readonly recoverySealed?: Uint8Array | null
  readonly attributes?: KeptAttributes
  /** Of an administrator; null where the role becomes `user`. */
  readonly authority?: Authority | null
}

/** Ends sessions together with a change: all of the old epoch but the kept one. */
export type EpochRotation = {
  readonly newEpoch: string
  /** The session that made the change and goes on; 0: none. */
  readonly keptSessionRow: number
  /**
   * Bearer credentials go on under the new epoch, without what was begun with them: their account is disabled, and may
   * be enabled again. Left out: they are removed.
   */
  readonly keepsCredentials?: boolean
}

/** A one-time code that is used up with a command; each (secret, step) passes once. */
export type CodeUse = { readonly secretDigest: Uint8Array; readonly step: number }

/**
 * What is remembered of a store for ever: that an administrator was made; that the log said how many administrators are no
 * owners.
 */
export type StoreMark = 'administrator-made' | 'authority-told'

/** Atomic commands on accounts. */
export type AccountCommands = {
  /** Adds an account; `asFirstAdmin` refuses when an administrator was ever made, as one is from here on. */
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
   * session of every bearer credential that the rotation keeps. `seen`, where given, must still be true of the account.
   * A new authority that comes without attributes takes what a dialect listed of the old one out of them.
   */
  readonly changeAccount: {
    readonly input: {
      readonly accountId: number
      readonly change: AccountChange
      readonly rotation: EpochRotation | null
      readonly seen: { readonly epoch: string; readonly passwordHash: string | null } | null
      /** Where given, the attributes must still be these: new ones were made from them. */
      readonly seenAttributes?: string | null
      /** Where given, the authority must still be this one: a new one was made from it. */
      readonly seenAuthority?: Authority | null
      /** Goes on although no owner who can sign in is left. */
      readonly mayEndLastOwner?: boolean
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output:
      | { readonly kind: 'changed'; readonly account: Account }
      | { readonly kind: 'missing' | 'name-taken' | 'email-taken' | 'stale' | 'last-owner' }
  }
  /** Removes an account: its name is free, its sessions end, its number is never used again. */
  readonly removeAccount: {
    readonly input: {
      readonly accountId: number
      readonly newEpoch: string
      /** Goes on although no owner who can sign in is left. */
      readonly mayEndLastOwner?: boolean
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'removed' | 'missing' | 'last-owner' }
  }
  /** Keeps a mark; `known` when it was kept before. */
  readonly keepMark: {
    readonly input: { readonly mark: StoreMark; readonly nowMs: number }
    readonly output: { readonly kind: 'kept' | 'known' }
  }
  /** Replaces the hash of an unchanged password by one with today's parameters; does nothing when the password changed. */
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
  /** Makes the waiting secret the second factor, uses its first code up and rotates the epoch. */
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
  /** Uses a code up that nothing else is done with; `code-used` when it was used before, at a sign-in or otherwise. */
  readonly useCode: {
    readonly input: { readonly code: CodeUse; readonly nowMs: number }
    readonly output: { readonly kind: 'used' | 'code-used' }
  }
  /** Forgets the failures of every key; `missing` when none had any. */
  readonly forgetFailures: {
    readonly input: { readonly keys: readonly Uint8Array[]; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'forgotten' | 'missing' }
  }
  /** Keeps the time of the throttle; never moves it back. */
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
