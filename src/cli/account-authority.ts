/** Cli: the role and the permissions of administrators, and the last owner, for the verb `account`. */
import type { Command } from 'commander'
import type { Authority } from '../main/account-command.ts'
import type { Account, StoreCommand } from '../main/store-command.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { nameOf } from './find-account.ts'
import { printNotice } from './output.ts'
import { collect } from './values.ts'

/** The flags of an authority. */
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
  return command.option('--force', 'Continues even if no owner who can sign in remains.')
}

/**
 * Reads the authority of the flags; empty if they name none.
 *
 * @param role the value of `--role`.
 * @throws UsageError for an unknown name, for both flags together, and for the role user.
 */
export async function readAuthority(
  { adminRole, permission }: AuthorityFlags,
  role: string | undefined,
): Promise<{ readonly authority?: Authority }> {
  if (adminRole === undefined && permission === undefined) return {}
  if (adminRole !== undefined && permission !== undefined) {
    throw new UsageError('--admin-role and --permission exclude each other.')
  }
  if (role === 'user') throw new UsageError('--admin-role and --permission need --role admin.')
  const { permissionNames, roleNames, toAuthority } = await import('../main/account-command.ts')
  const [flag, named, known] =
    adminRole === undefined
      ? (['--permission', permission ?? [], permissionNames] as const)
      : (['--admin-role', [adminRole], roleNames] as const)
  if (!named.every((name) => known.includes(name))) throw new UsageError(`${flag} takes ${known.join(' or ')}.`)
  return { authority: toAuthority(named) }
}

/** @throws CommandFailure when a user would get an authority without the role admin. */
export function requireAdministrator(account: Account, role: string | undefined): void {
  if ((role ?? account.role) === 'admin') return
  throw new CommandFailure(`${nameOf(account)} is no administrator; give --role admin as well.`)
}

/**
 * Runs a change that may remove the last owner. With `--force` it prints the consequence and then makes the change.
 *
 * @throws CommandFailure when the account is the last owner who can sign in and `--force` was not given.
 */
export async function keepLastOwner<Outcome>(
  on: { readonly command: StoreCommand; readonly account: Account; readonly flags: AuthorityFlags },
  change: (how: { readonly mayEndLastOwner: boolean }) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await change({ mayEndLastOwner: false })
  } catch (cause) {
    if (!on.command.isLastOwner(cause)) throw cause
    const last = `${nameOf(on.account)} is the last owner who can sign in`
    if (on.flags.force !== true) throw new CommandFailure(`${last}; create another owner first, or give --force.`)
    await printNotice(
      `${last}. No administrator can be created and no key rotated until account add --role admin creates an owner.`,
    )
    return change({ mayEndLastOwner: true })
  }
}
