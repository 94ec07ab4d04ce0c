/** Cli: finds the account that the user names. */
import type { Account, StoreCommand } from '../main/store-command.ts'
import { CommandFailure } from './failure.ts'
import { visible } from './output.ts'

/** The help of an argument that names an account. */
export const accountHelp = 'username; admin:NAME or user:NAME if both roles have it'

/**
 * Returns the account of `NAME`, `admin:NAME` or `user:NAME`; usernames hold no colon.
 *
 * @throws CommandFailure when there is none, or when both roles have the name and the user gave no role.
 */
export async function findAccount({ reads }: StoreCommand, name: string): Promise<Account> {
  const [, role, username = name] = /^(admin|user):(.*)$/s.exec(name) ?? []
  const [admin, user] = await Promise.all([
    role === 'user' ? null : reads.accountByName(username.trim(), 'admin'),
    role === 'admin' ? null : reads.accountByName(username.trim(), 'user'),
  ])
  const shown = visible(username)
  if (admin !== null && user !== null) {
    throw new CommandFailure(`${shown} is ambiguous; use admin:${shown} or user:${shown}.`)
  }
  const account = admin ?? user
  if (account === null) throw new CommandFailure(`There is no account ${visible(name)}.`)
  return account
}

/** Returns an account as a sentence names it. */
export function nameOf({ username, role }: Pick<Account, 'username' | 'role'>): string {
  return role === 'admin' ? `the administrator ${visible(username)}` : `the account ${visible(username)}`
}
