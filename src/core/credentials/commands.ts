/** Core: the atomic commands on credentials that every store offers. */
import type { Role } from '../accounts/account.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { AccountSeen, NewSession } from '../sessions/commands.ts'
import type { TokenRow } from '../tokens/token.ts'
import type { Credential, CredentialKind } from './credential.ts'

/** Which credentials are wanted; what is not named does not matter. */
export type CredentialFilter = {
  readonly kind?: CredentialKind
  readonly accountId?: number
  readonly organizationId?: string
}

/** What of a credential is to change; what is not named stays. */
export type CredentialChange = {
  readonly name?: string
  readonly description?: string
  readonly accountId?: number | null
  readonly role?: Role
  readonly expiresAtMs?: number | null
}

/** What a bearer credential is beside its own row. */
export type BearerRows = {
  readonly session: NewSession
  readonly token: TokenRow
  /** Who makes it, and by which session; left out: nobody is asked for. */
  readonly creator?: { readonly accountId: number; readonly sessionRow: number }
}

/** Atomic commands on credentials. */
export type CredentialCommands = {
  /**
   * Adds a credential, with the session and token that a bearer credential is. Checks in the same transaction that the
   * account is live and as it was seen (`seen`, null for a key that is bound to nobody), and the membership where the
   * session has an organization and the account is a person. A creator must be live, by a live session, and a member of
   * the organization.
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
   * Removes a credential and ends every session that was begun with it; appends `credential` and a `session` entry each.
   * The same happens to a bearer credential when its own session, its organization, the membership or the epoch ends.
   */
  readonly removeCredential: {
    readonly input: { readonly id: string; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'removed' | 'missing' }
  }
  /** Writes the last use, and of an account that the credential stood for the last sign-in; never moves one back. */
  readonly touchCredential: {
    readonly input: { readonly id: string; readonly usedAtMs: number; readonly accountId?: number }
    readonly output: { readonly kind: 'done' }
  }
  /** Finds or adds the hidden account that holds an organization's tokens. */
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
