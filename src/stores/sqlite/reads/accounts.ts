/** SQLite store: reads of accounts and of throttles. */
import type { Account } from '../../../core/accounts/account.ts'
import type { NamedAccounts, Slice } from '../../../core/store.ts'
import type { Database } from '../database.ts'
import { findAccount, selectAccounts, toAccount, wasAdministratorMade } from '../rows/account-rows.ts'
import { throttleOf } from '../rows/throttle-rows.ts'
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

/** Returns the reads, without removed accounts. */
export function accountReads(db: Database): ImmediateReads<Names> {
  return {
    accountById: (id) => findAccount(db, id),
    accountByUuid: (uuid) => db.find(toAccount, `${selectAccounts} AND a.uuid = :uuid`, { uuid }),
    accountByName: (username, role) =>
      db.find(toAccount, `${selectAccounts} AND a.role = :role AND a.username = :username`, { username, role }),
    accountByEmail: (emailKey) => db.find(toAccount, `${selectAccounts} AND a.email_key = :emailKey`, { emailKey }),
    accounts: ({ after, limit }) =>
      db.list(toAccount, `${selectAccounts} AND a.kind = 'person' AND a.id > :after ORDER BY a.id LIMIT :limit`, {
        after: after ?? 0,
        limit,
      }),
    accountsByName: ({ role, sftpgoRole }, page) => namedPage(db, { role, sftpgoRole }, page),
    hasAccounts: () => db.has(`SELECT 1 FROM accounts WHERE kind = 'person' AND status <> 'removed' LIMIT 1`),
    personExists: (person) =>
      db.has(
        `SELECT 1 FROM accounts WHERE person = :person AND kind = 'person' AND status <> 'removed'
         UNION ALL
         SELECT 1 FROM accounts WHERE uuid = :person AND person IS NULL AND kind = 'person' AND status <> 'removed'`,
        { person },
      ),
    administrators: () =>
      db.list(toAccount, `${selectAccounts} AND a.role = 'admin' AND a.kind = 'person' ORDER BY a.username`),
    wasAdministratorMade: () => wasAdministratorMade(db),
    throttleTime: () =>
      db.one<{ latestMs: number }>('SELECT latest_ms AS "latestMs" FROM throttle_time WHERE id = 1')?.latestMs ?? 0,
    throttle: (keys) => keys.map(({ digest }) => throttleOf(db, digest)),
    isKnownAddress: (accountId, address, sinceMs) =>
      db.has(
        'SELECT 1 FROM known_addresses WHERE account_id = :accountId AND address = :address AND last_at_ms > :sinceMs',
        { accountId, address, sinceMs },
      ),
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
  return db.list(
    toAccount,
    `${selectAccounts} AND a.id IN (
         SELECT a.id FROM accounts a
         WHERE a.role = :role AND a.kind = 'person' AND a.status <> 'removed'${ofRole}
         ORDER BY ${order} LIMIT :limit OFFSET :offset)
       ORDER BY ${order}`,
    { role, limit, offset, ...(sftpgoRole === null ? {} : { sftpgoRole }) },
  )
}
