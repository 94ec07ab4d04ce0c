/** SQLite store: credentials as rows and as the core's type. */
import type { Role } from '../../../core/accounts/account.ts'
import type { Credential } from '../../../core/credentials/credential.ts'
import type { SqlValues } from '../database.ts'

/** A row of the table. */
export type CredentialRow = {
  readonly id: string
  readonly kind: Credential['kind']
  readonly dialect: Credential['dialect']
  readonly name: string
  readonly description: string
  readonly account_id: number | null
  readonly organization_id: string | null
  readonly role: Role | null
  readonly secret_digest: Uint8Array
  readonly session_row: number | null
  readonly created_at_ms: number
  readonly updated_at_ms: number
  readonly last_used_at_ms: number | null
  readonly expires_at_ms: number | null
}

/** Returns the credential of a row. */
export function toCredential(row: CredentialRow): Credential {
  return {
    id: row.id,
    kind: row.kind,
    dialect: row.dialect,
    name: row.name,
    description: row.description,
    accountId: row.account_id,
    organizationId: row.organization_id,
    role: row.role,
    secretDigest: row.secret_digest,
    sessionRow: row.session_row,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    expiresAtMs: row.expires_at_ms,
  }
}

/** Returns the values of a credential as parameters. */
export function credentialValues(credential: Credential): SqlValues {
  return { ...credential }
}
