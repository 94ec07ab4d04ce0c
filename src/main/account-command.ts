/** Main: judges an account that the command line is asked for, so that no store is made for one that none would take, and names authorities. */
import type { Config } from '../config.ts'
import { type AccountInput, acceptNewAccount } from '../core/accounts/administer.ts'
import { defaultPasswordRules } from '../core/accounts/password-policy.ts'
import { type Authority, knownPermissions, namedRoles, permissions } from '../core/administration/permissions.ts'
import { createCommonPasswords } from '../platform/common-passwords.ts'

/**
 * Refuses what can be judged without a store; `addAccount` judges it again.
 *
 * @throws INPUT_INVALID, PASSWORD_REJECTED as `addAccount` does.
 */
export function judgeNewAccount(
  input: Pick<AccountInput, 'username' | 'email' | 'password'>,
  config: Pick<Config, 'password'>,
): Promise<void> {
  const settings = { password: { ...defaultPasswordRules, ...config.password } }
  return acceptNewAccount({ settings, commonPasswords: createCommonPasswords() }, input)
}

/** An authority as a command gives it. */
export type GivenAuthority = Authority

/** Names of the roles with a fixed list. */
export const roleNames: readonly string[] = namedRoles

/** Names of all permissions. */
export const permissionNames: readonly string[] = permissions

/** Returns the authority of a role's name, or of names of permissions; all of them are known. */
export function toAuthority(names: readonly string[]): GivenAuthority {
  const role = namedRoles.find((name) => names.includes(name))
  return role === undefined ? { role: 'custom', permissions: knownPermissions(names) } : { role }
}
