/** Main: judges an account that the command line is asked for, so that no store is made for one that none would take. */
import type { Config } from '../config.ts'
import { type AccountWish, acceptNewAccount } from '../core/accounts/administer.ts'
import { defaultPasswordRules } from '../core/accounts/password-policy.ts'
import { createCommonPasswords } from '../platform/common-passwords.ts'

/**
 * Refuses what can be judged without a store; `addAccount` judges it again.
 *
 * @throws INPUT_INVALID, PASSWORD_REJECTED as `addAccount` does.
 */
export function judgeNewAccount(
  wish: Pick<AccountWish, 'username' | 'email' | 'password'>,
  config: Pick<Config, 'password'>,
): Promise<void> {
  const settings = { password: { ...defaultPasswordRules, ...config.password } }
  return acceptNewAccount({ settings, commonPasswords: createCommonPasswords() }, wish)
}
