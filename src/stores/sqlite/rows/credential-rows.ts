/** SQLite store: credentials as rows. */
import type { Credential } from '../../../core/credentials/credential.ts'
import type { Database } from '../database.ts'
import { columnsAs, plainRow, words } from './columns.ts'

/** The members that have a column. */
export const credentialMembers: readonly (keyof Credential)[] = words(
  'id kind dialect name description accountId organizationId role secretDigest sessionRow createdAtMs',
  'updatedAtMs lastUsedAtMs expiresAtMs',
)

/** The start of every read of credentials. */
export const selectCredentials: string = `SELECT ${columnsAs(credentialMembers)} FROM credentials`

/** Returns a credential, or null. */
export function findCredential(db: Database, id: string): Credential | null {
  return db.find(plainRow<Credential>, `${selectCredentials} WHERE id = :id`, { id })
}
