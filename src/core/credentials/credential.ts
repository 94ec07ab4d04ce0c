/** Core: credentials that programs hold instead of a password: API keys, access credentials, application passwords. */
import type { Role } from '../accounts/account.ts'
import type { Dialect } from '../dialects.ts'

/**
 * What a credential is for. An `api-key` is sent with every request (sftpgo); an `access-token` is a bearer token of an
 * account, an `organization-token` one of an organization alone (koyeb); an `application-password` signs an account in at
 * one dialect that cannot carry a second factor's code.
 */
export type CredentialKind = 'api-key' | 'access-token' | 'organization-token' | 'application-password'

/** A credential as the store keeps it: never its secret. Times in Unix milliseconds. */
export type Credential = {
  /** In the form of its dialect: 22 characters at sftpgo, a v4 UUID elsewhere. */
  readonly id: string
  readonly kind: CredentialKind
  readonly dialect: Dialect
  readonly name: string
  readonly description: string
  /** Whose it is; null for an API key that is bound to nobody. An organization's token belongs to its hidden account. */
  readonly accountId: number | null
  readonly organizationId: string | null
  /** The realm in which an API key is good; null for the other kinds. */
  readonly role: Role | null
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretDigest: Uint8Array
  /** The session that its bearer token belongs to; null for the other kinds. */
  readonly sessionRow: number | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly lastUsedAtMs: number | null
  /** Good strictly before this moment; null: without end. */
  readonly expiresAtMs: number | null
}

/** Tells whether a credential is good at `nowMs`. */
export function isCredentialLive(credential: Pick<Credential, 'expiresAtMs'>, nowMs: number): boolean {
  return credential.expiresAtMs === null || nowMs < credential.expiresAtMs
}
