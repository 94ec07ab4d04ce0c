/** SQLite store: reads of accounts and of what sign-ins left behind. */
import type { Account } from '../../../core/accounts/account.ts'
import { noFailures, type ThrottleState } from '../../../core/accounts/throttle.ts'
import type { Database, SqlValues } from '../database.ts'
import { type AccountRow, accountColumns, toAccount } from '../rows/account-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names =
  | 'accountById'
  | 'accountByUuid'
  | 'accountByName'
  | 'accountByEmail'
  | 'accounts'
  | 'administrators'
  | 'wasAdministratorMade'
  | 'throttle'
  | 'throttleTime'
  | 'isKnownAddress'

const from = `SELECT ${accountColumns} FROM accounts a WHERE a.status <> 'removed'`

/** Returns the reads; removed accounts are not there. */
export function accountReads(db: Database): ImmediateReads<Names> {
  const one = (sql: string, values: SqlValues): Account | null => {
    const row = db.one<AccountRow>(sql, values)
    return row === undefined ? null : toAccount(row)
  }
  return {
    accountById: (id) => one(`${from} AND a.id = :id`, { id }),
    accountByUuid: (uuid) => one(`${from} AND a.uuid = :uuid`, { uuid }),
    accountByName: (username, role) => one(`${from} AND a.role = :role AND a.username = :username`, { username, role }),
    accountByEmail: (emailKey) => one(`${from} AND a.email_key = :emailKey`, { emailKey }),
    accounts: () => db.all<AccountRow>(`${from} AND a.kind = 'person' ORDER BY a.id`).map(toAccount),
    administrators: () =>
      db.all<AccountRow>(`${from} AND a.role = 'admin' AND a.kind = 'person' ORDER BY a.username`).map(toAccount),
    wasAdministratorMade: () => db.one("SELECT 1 FROM store_marks WHERE name = 'administrator-made'") !== undefined,
    throttleTime: () =>
      db.one<{ latestMs: number }>('SELECT latest_ms AS latestMs FROM throttle_time WHERE id = 1')?.latestMs ?? 0,
    throttle: (keys) => keys.map(({ digest }) => throttleOf(db, digest)),
    isKnownAddress: (accountId, address, sinceMs) =>
      db.one(
        'SELECT 1 FROM known_addresses WHERE account_id = :accountId AND address = :address AND last_at_ms > :sinceMs',
        { accountId, address, sinceMs },
      ) !== undefined,
  }
}

function throttleOf(db: Database, digest: Uint8Array): ThrottleState {
  const found = db.one<ThrottleState>(
    `SELECT failures, first_failure_ms AS firstFailureMs, blocked_until_ms AS blockedUntilMs
     FROM throttles WHERE key = :digest`,
    { digest },
  )
  return found === undefined ? noFailures : { ...found }
}
