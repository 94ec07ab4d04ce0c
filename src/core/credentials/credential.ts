/** Core: credentials that programs hold instead of a password: API keys, access credentials, application passwords. */
import type { Role } from '../accounts/account.ts'
import type { Dialect } from '../dialects.ts'

/**
 * The kind of a credential. An `api-key` is sent with every request (sftpgo). An `access-token` is a bearer token of an
 * account, an `organization-token` one of an organization (koyeb). An `application-password` signs an account in at one
 * dialect that has no field for a second factor's code.
 */
export type CredentialKind = 'api-key' | 'access-token' | 'organization-token' | 'application-password'

/** A credential as it is stored, without its secret. Unix milliseconds. */
export type Credential = {
  /** In the form of its dialect: 22 characters at sftpgo, a v4 UUID elsewhere. */
  readonly id: string
  readonly kind: CredentialKind
  readonly dialect: Dialect
  readonly name: string
  readonly description: string
  /** Its account; null for an API key without one. An organization's token belongs to the hidden account. */
  readonly accountId: number | null
  readonly organizationId: string | null
  /** The realm of an API key; null for other kinds. */
  readonly role: Role | null
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretDigest: Uint8Array
  /** The session of its bearer token; null for other kinds. */
  readonly sessionRow: number | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly lastUsedAtMs: number | null
  /** Valid before this moment; null: without end. */
  readonly expiresAtMs: number | null
}

/** Returns whether a credential is valid at `nowMs`. */
export function isCredentialLive(credential: Pick<Credential, 'expiresAtMs'>, nowMs: number): boolean {
  return credential.expiresAtMs === null || nowMs < credential.expiresAtMs
}
