/** Core: the commands of a store on credentials. */
import type { Role } from '../accounts/account.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { AccountSeen, NewSession } from '../sessions/commands.ts'
import type { TokenRow } from '../sessions/token.ts'
import type { Credential, CredentialKind } from './credential.ts'

/** A filter for credentials; absent members do not filter. */
export type CredentialFilter = {
  readonly kind?: CredentialKind
  readonly accountId?: number
  readonly organizationId?: string
}

/** Changes of a credential; absent members stay as they are. */
export type CredentialChange = {
  readonly name?: string
  readonly description?: string
  readonly accountId?: number | null
  readonly role?: Role
  readonly expiresAtMs?: number | null
}

/** The session and token of a bearer credential. */
export type BearerRows = {
  readonly session: NewSession
  readonly token: TokenRow
  /** The creator and their session; undefined: no creator is checked. */
  readonly creator?: { readonly accountId: number; readonly sessionRow: number }
}

/** Atomic commands on credentials. */
export type CredentialCommands = {
  /**
   * Adds a credential, with the session and token of a bearer credential. The same transaction checks that the account
   * is live and as the caller saw it (`seen`; null for a key without an account), and the membership if the session has
   * an organization and the account is a person. A creator must be live, in a live session, and a member of the
   * organization.
   */
  readonly addCredential: {
    readonly input: {
      readonly credential: Credential
      readonly bearer: BearerRows | null
      readonly seen: AccountSeen | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'added' | 'stale' | 'not-a-member' }
  }
  readonly changeCredential: {
    readonly input: {
      readonly id: string
      readonly change: CredentialChange
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'changed'; readonly credential: Credential } | { readonly kind: 'missing' }
  }
  /**
   * Removes a credential and ends every session that it started; appends `credential` and a `session` entry for each. A
   * bearer credential is also removed when its session, its organization, the membership or the epoch ends.
   */
  readonly removeCredential: {
    readonly input: { readonly id: string; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'removed' | 'missing' }
  }
  /** Writes the last use of a credential, and the last sign-in of its account; never moves one back. */
  readonly touchCredential: {
    readonly input: { readonly id: string; readonly usedAtMs: number; readonly accountId?: number }
    readonly output: { readonly kind: 'done' }
  }
  /** Finds or adds the hidden account of an organization's tokens. */
  readonly openOrganizationAccount: {
    readonly input: {
      readonly organizationId: string
      readonly uuid: string
      readonly epoch: string
      readonly nowMs: number
    }
    readonly output: { readonly kind: 'opened'; readonly accountId: number } | { readonly kind: 'missing' }
  }
}
