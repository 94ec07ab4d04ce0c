/** Cli: finds the account that a person names. */
import type { Account, StoreCommand } from '../main/store-command.ts'
import { CommandFailure } from './failure.ts'
import { visible } from './output.ts'

/**
 * Returns the account of `NAME`, `admin:NAME` or `user:NAME`; usernames hold no colon.
 *
 * @throws CommandFailure when there is none, or when both roles have the name and none was said.
 */
export async function findAccount({ reads }: StoreCommand, name: string): Promise<Account> {
  const [, role, username = name] = /^(admin|user):(.*)$/s.exec(name) ?? []
  const [admin, user] = await Promise.all([
    role === 'user' ? null : reads.accountByName(username.trim(), 'admin'),
    role === 'admin' ? null : reads.accountByName(username.trim(), 'user'),
  ])
  const shown = visible(username)
  if (admin !== null && user !== null) {
    throw new CommandFailure(`${shown} is ambiguous; say admin:${shown} or user:${shown}.`)
  }
  const account = admin ?? user
  if (account === null) throw new CommandFailure(`There is no account ${visible(name)}.`)
  return account
}

/** Names an account in a sentence. */
export function nameOf({ username, role }: Pick<Account, 'username' | 'role'>): string {
  return role === 'admin' ? `the administrator ${visible(username)}` : `the account ${visible(username)}`
}
