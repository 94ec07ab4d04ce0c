/** Cli: what the verb `account` says of administrators; which role or permissions, and the last owner. */
import type { Command } from 'commander'
import type { Authority } from '../main/account-command.ts'
import type { Account, StoreCommand } from '../main/store-command.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { nameOf } from './find-account.ts'
import { printNotice } from './output.ts'
import { collect } from './values.ts'

/** Flags of who may do what. */
export type AuthorityFlags = {
  readonly adminRole?: string
  readonly permission?: readonly string[]
  readonly force?: boolean
}

/** Adds `--admin-role` and `--permission`. */
export function addAuthorityOptions(command: Command): Command {
  return command
    .option('--admin-role <NAME>', 'Role of an administrator: owner, operator, approver or auditor. (default owner)')
    .option('--permission <P>', 'Permission of an administrator, instead of a role; may be repeated.', collect)
}

/** Adds `--force`. */
export function addForceOption(command: Command): Command {
  return command.option('--force', 'Goes on although no owner who can sign in is left.')
}

/**
 * Reads the authority that flags name; empty where they name none.
 *
 * @param role what `--role` says; undefined: nothing.
 * @throws UsageError when a name is not known, when both flags are given, or when the role is not admin.
 */
export async function readAuthority(
  { adminRole, permission }: AuthorityFlags,
  role: string | undefined,
): Promise<{ readonly authority?: Authority }> {
  if (adminRole === undefined && permission === undefined) return {}
  if (adminRole !== undefined && permission !== undefined) {
    throw new UsageError('--admin-role and --permission exclude each other.')
  }
  if (role === 'user') throw new UsageError('--admin-role and --permission go with --role admin alone.')
  const { permissionNames, roleNames, toAuthority } = await import('../main/account-command.ts')
  const [flag, named, known] =
    adminRole === undefined
      ? (['--permission', permission ?? [], permissionNames] as const)
      : (['--admin-role', [adminRole], roleNames] as const)
  if (!named.every((name) => known.includes(name))) throw new UsageError(`${flag} takes ${known.join(' or ')}.`)
  return { authority: toAuthority(named) }
}

/** @throws CommandFailure when a user would be given an authority without the role admin. */
export function requireAdministrator(account: Account, role: string | undefined): void {
  if ((role ?? account.role) === 'admin') return
  throw new CommandFailure(`${nameOf(account)} is no administrator; give --role admin as well.`)
}

/**
 * Runs an act that may take the last owner away. With `--force` it is said what will be lost, and then done.
 *
 * @throws CommandFailure when the account is the last owner who can sign in, and `--force` was not given.
 */
export async function keepLastOwner<Outcome>(
  {
    command,
    account,
    flags,
  }: { readonly command: StoreCommand; readonly account: Account; readonly flags: AuthorityFlags },
  act: (how: { readonly mayEndLastOwner: boolean }) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await act({ mayEndLastOwner: false })
  } catch (cause) {
    if (!command.isLastOwner(cause)) throw cause
    const last = `${nameOf(account)} is the last owner who can sign in`
    if (flags.force !== true) throw new CommandFailure(`${last}; make another owner first, or give --force.`)
    await printNotice(`${last}. Until account add --role admin makes one, nobody makes administrators or rotates keys.`)
    return act({ mayEndLastOwner: true })
  }
}
