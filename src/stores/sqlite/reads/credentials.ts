/** SQLite store: reads of credentials. */
import type { Credential } from '../../../core/credentials/credential.ts'
import type { Database, SqlValue } from '../database.ts'
import { plainRow } from '../rows/columns.ts'
import { findCredential, selectCredentials } from '../rows/credential-rows.ts'
import type { ImmediateReads } from './read.ts'

/** Returns the reads. */
export function credentialReads(db: Database): ImmediateReads<'credentialById' | 'credentials' | 'apiKeys'> {
  return {
    credentialById: (id) => findCredential(db, id),
    apiKeys: (dialect, { limit, offset, isDescending = false }) =>
      db.list(
        plainRow<Credential>,
        `${selectCredentials} WHERE kind = 'api-key' AND dialect = :dialect
         ORDER BY id ${isDescending ? 'DESC' : 'ASC'} LIMIT :limit OFFSET :offset`,
        { dialect, limit, offset },
      ),
    credentials: ({ kind, accountId, organizationId }) => {
      const conditions: readonly (readonly [sql: string, name: string, value: SqlValue | undefined])[] = [
        ['account_id = :accountId', 'accountId', accountId],
        ['organization_id = :organizationId', 'organizationId', organizationId],
        ['kind = :kind', 'kind', kind],
      ]
      const wanted = conditions.flatMap(([sql, name, value]) => (value === undefined ? [] : [{ sql, name, value }]))
      const where = wanted.length === 0 ? '' : `WHERE ${wanted.map(({ sql }) => sql).join(' AND ')}`
      return db.list(
        plainRow<Credential>,
        `${selectCredentials} ${where} ORDER BY created_at_ms, id`,
        Object.fromEntries(wanted.map(({ name, value }) => [name, value])),
      )
    },
  }
}
