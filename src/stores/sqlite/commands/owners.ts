/** SQLite store: the last-owner check, and the mark that there was an administrator; both under the one write lock. */
import type { Account } from '../../../core/accounts/account.ts'
import { isStandingOwner } from '../../../core/administration/standing-owner.ts'
import { selectAccounts, toAccount } from '../rows/account-rows.ts'
import type { Tx } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'

/** Returns whether the change would leave no owner who can sign in; `after` null: the account is removed. */
export function endsLastOwner(tx: Tx, before: Account, after: Account | null): boolean {
  if (!isStandingOwner(before) || (after !== null && isStandingOwner(after))) return false
  const sql = `${selectAccounts} AND a.role = 'admin' AND a.admin_role = 'owner' AND a.id <> :id`
  return !tx.db.list(toAccount, sql, { id: before.id }).some(isStandingOwner)
}

/** Marks that there was an administrator; the first time is kept. */
export function markAdministratorMade(tx: Tx, nowMs: number): void {
  keepMark(tx, { mark: 'administrator-made', nowMs })
}

/** Sets a mark that is never removed. */
export function keepMark(tx: Tx, { mark, nowMs }: Input<'keepMark'>): Output<'keepMark'> {
  const sql = 'INSERT INTO store_marks (name, at_ms) VALUES (:mark, :nowMs) ON CONFLICT DO NOTHING'
  return { kind: tx.db.run(sql, { mark, nowMs }) === 1 ? 'kept' : 'known' }
}
