/** SQLite store: reads of credentials. */
import type { Database } from '../database.ts'
import { type CredentialRow, toCredential } from '../rows/credential-rows.ts'
import type { ImmediateReads } from './read.ts'

/** Returns the reads. */
export function credentialReads(db: Database): ImmediateReads<'credentialById' | 'credentials' | 'apiKeys'> {
  return {
    credentialById: (id) => {
      const row = db.one<CredentialRow>('SELECT * FROM credentials WHERE id = :id', { id })
      return row === undefined ? null : toCredential(row)
    },
    apiKeys: (dialect, { limit, offset, isDescending = false }) =>
      db
        .all<CredentialRow>(
          `SELECT * FROM credentials WHERE kind = 'api-key' AND dialect = :dialect
           ORDER BY id ${isDescending ? 'DESC' : 'ASC'} LIMIT :limit OFFSET :offset`,
          { dialect, limit, offset },
        )
        .map(toCredential),
    credentials: ({ kind, accountId, organizationId }) => {
      const wanted = [
        ...(accountId === undefined ? [] : ['account_id = :accountId']),
        ...(organizationId === undefined ? [] : ['organization_id = :organizationId']),
        ...(kind === undefined ? [] : ['kind = :kind']),
      ]
      const where = wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`
      return db
        .all<CredentialRow>(`SELECT * FROM credentials ${where} ORDER BY created_at_ms, id`, {
          ...(accountId === undefined ? {} : { accountId }),
          ...(organizationId === undefined ? {} : { organizationId }),
          ...(kind === undefined ? {} : { kind }),
        })
        .map(toCredential)
    },
  }
}
