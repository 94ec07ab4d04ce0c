/** SQLite store: throttles as rows. */
import { noFailures, type ThrottleState } from '../../../core/accounts/throttle.ts'
import type { Database } from '../database.ts'
import { plainRow } from './columns.ts'

/** Returns the state of a throttle key. */
export function throttleOf(db: Database, digest: Uint8Array): ThrottleState {
  const sql = `SELECT failures, first_failure_ms AS "firstFailureMs", blocked_until_ms AS "blockedUntilMs"
    FROM throttles WHERE key = :digest`
  return db.find(plainRow<ThrottleState>, sql, { digest }) ?? noFailures
}
