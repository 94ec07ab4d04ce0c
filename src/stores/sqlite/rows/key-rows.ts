/** SQLite store: signing keys as rows. */
import type { StoredKey } from '../../../core/tokens/commands.ts'
import { words } from './columns.ts'

/** The members that have a column. */
export const storedKeyMembers: readonly (keyof StoredKey)[] = words(
  'name generation kid sealed publicJwk createdAtMs activeFromMs',
)
