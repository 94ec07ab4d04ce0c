/** SQLite store: brings a database to the schema of this program. Forward only; each step is atomic. */
import { Refusal } from '../../core/errors.ts'
import type { Database } from './database.ts'
import { initialSchema } from './migrations/0001-initial.ts'
import { terminalSchema } from './migrations/0002-terminals.ts'
import { terminalHolders } from './migrations/0003-terminal-holders.ts'
import { throttleTimeSchema } from './migrations/0004-throttle-time.ts'
import { authoritySchema } from './migrations/0005-authority.ts'
import { auditSealSchema } from './migrations/0006-audit-seals.ts'
import { listIndexSchema } from './migrations/0007-list-indexes.ts'

/** Statements of every step; the schema after step n is n. */
const migrations: readonly string[] = [
  initialSchema,
  terminalSchema,
  terminalHolders,
  throttleTimeSchema,
  authoritySchema,
  auditSealSchema,
  listIndexSchema,
]

/** The schema that this program reads and writes. */
export const currentSchema: number = migrations.length

/** Returns the schema of a database; 0: empty. */
export function schemaOf(database: Database): number {
  return database.one<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
}

/**
 * Brings the database to the current schema.
 *
 * @throws STORE_UNAVAILABLE if a newer program wrote the database; then nothing changes.
 */
export function migrate(database: Database): void {
  refuseNewer(schemaOf(database))
  if (schemaOf(database) === currentSchema) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Read again under the lock, because another process may have migrated.
    const from = schemaOf(database)
    refuseNewer(from)
    for (const statements of migrations.slice(from)) database.exec(statements)
    database.exec(`PRAGMA user_version = ${currentSchema}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isInTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function refuseNewer(found: number): void {
  if (found <= currentSchema) return
  throw new Refusal('STORE_UNAVAILABLE', {
    message: `The database has schema ${found} of a newer Sallyport, and this version supports schemas up to ${currentSchema}; upgrade Sallyport.`,
  })
}
