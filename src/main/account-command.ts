/** Main: checks accounts and authorities of the command line before the store is opened. */
import type { Config } from '../config.ts'
import { defaultPasswordRules } from '../core/accounts/password-policy.ts'
import { type Authority, knownPermissions, namedRoles, permissions } from '../core/accounts/permissions.ts'
import {
  type AcceptedAccount,
  type AccountInput,
  acceptNewAccount,
} from '../core/administration/administer-accounts.ts'
import { createCommonPasswords } from '../platform/common-passwords.ts'

/**
 * Checks a new account before a store is created for it.
 *
 * @throws INPUT_INVALID, PASSWORD_REJECTED
 */
export function acceptAccount(account: AccountInput, config: Pick<Config, 'password'>): Promise<AcceptedAccount> {
  const settings = { password: { ...defaultPasswordRules, ...config.password } }
  return acceptNewAccount({ settings, commonPasswords: createCommonPasswords() }, account)
}

export type { Authority }

/** Names of the roles with fixed permissions. */
export const roleNames: readonly string[] = namedRoles

/** Names of all permissions. */
export const permissionNames: readonly string[] = permissions

/** Returns the authority of the name of a role, or of names of permissions. All names must be known. */
export function toAuthority(names: readonly string[]): Authority {
  const role = namedRoles.find((name) => names.includes(name))
  return role === undefined ? { role: 'custom', permissions: knownPermissions(names) } : { role }
}
