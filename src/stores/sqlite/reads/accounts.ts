/** SQLite store: reads of accounts and of throttles. */
import type { Account } from '../../../core/accounts/account.ts'
import { noFailures, type ThrottleState } from '../../../core/accounts/throttle.ts'
import type { NamedAccounts, Slice } from '../../../core/store.ts'
import type { Database, SqlValues } from '../database.ts'
import { type AccountRow, accountColumns, toAccount } from '../rows/account-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names =
  | 'accountById'
  | 'accountByUuid'
  | 'accountByName'
  | 'accountByEmail'
  | 'accounts'
  | 'accountsByName'
  | 'hasAccounts'
  | 'personExists'
  | 'administrators'
  | 'wasAdministratorMade'
  | 'throttle'
  | 'throttleTime'
  | 'isKnownAddress'

const from = `SELECT ${accountColumns} FROM accounts a WHERE a.status <> 'removed'`

/** Returns the reads, without removed accounts. */
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
    accounts: ({ after, limit }) =>
      db
        .all<AccountRow>(`${from} AND a.kind = 'person' AND a.id > :after ORDER BY a.id LIMIT :limit`, {
          after: after ?? 0,
          limit,
        })
        .map(toAccount),
    accountsByName: ({ role, sftpgoRole }, page) => namedPage(db, { role, sftpgoRole }, page),
    hasAccounts: () =>
      db.one(`SELECT 1 FROM accounts WHERE kind = 'person' AND status <> 'removed' LIMIT 1`) !== undefined,
    personExists: (person) =>
      db.one(
        `SELECT 1 FROM accounts WHERE person = :person AND kind = 'person' AND status <> 'removed'
         UNION ALL
         SELECT 1 FROM accounts WHERE uuid = :person AND person IS NULL AND kind = 'person' AND status <> 'removed'`,
        { person },
      ) !== undefined,
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

/** The rows of a page are chosen by an index alone; only those are read. */
function namedPage(
  db: Database,
  { role, sftpgoRole }: NamedAccounts,
  { limit, offset, isDescending = false }: Slice,
): readonly Account[] {
  const order = `a.username ${isDescending ? 'DESC' : 'ASC'}`
  const ofRole = sftpgoRole === null ? '' : " AND json_extract(a.attributes, '$.role') = :sftpgoRole"
  return db
    .all<AccountRow>(
      `${from} AND a.id IN (
         SELECT a.id FROM accounts a
         WHERE a.role = :role AND a.kind = 'person' AND a.status <> 'removed'${ofRole}
         ORDER BY ${order} LIMIT :limit OFFSET :offset)
       ORDER BY ${order}`,
      { role, limit, offset, ...(sftpgoRole === null ? {} : { sftpgoRole }) },
    )
    .map(toAccount)
}

function throttleOf(db: Database, digest: Uint8Array): ThrottleState {
  const found = db.one<ThrottleState>(
    `SELECT failures, first_failure_ms AS firstFailureMs, blocked_until_ms AS blockedUntilMs
     FROM throttles WHERE key = :digest`,
    { digest },
  )
  return found === undefined ? noFailures : { ...found }
}
