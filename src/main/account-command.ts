/** Main: judges an account that the command line is asked for, so that no store is made for one that none would take. */
import type { Config } from '../config.ts'
import type { AccountWish } from '../core/accounts/administer.ts'
import { isEmail, normaliseUsername } from '../core/accounts/names.ts'
import { checkPassword, defaultPasswordRules } from '../core/accounts/password-policy.ts'
import { Refusal } from '../core/errors.ts'
import { createCommonPasswords } from '../platform/common-passwords.ts'

/**
 * Refuses what can be judged without a store; `addAccount` judges it again.
 *
 * @throws INPUT_INVALID, PASSWORD_REJECTED as `addAccount` does.
 */
export async function judgeNewAccount(
  { username: text, email, password }: Pick<AccountWish, 'username' | 'email' | 'password'>,
  config: Pick<Config, 'password'>,
): Promise<void> {
  const name = normaliseUsername(text)
  if (name.kind === 'rejected') throw new Refusal('INPUT_INVALID', { message: name.reason })
  if (email !== null && !isEmail(email.trim())) {
    throw new Refusal('INPUT_INVALID', { message: 'The e-mail address is not well formed.' })
  }
  if (password === null) return
  const rules = { ...defaultPasswordRules, ...config.password }
  const { username } = name
  const verdict = await checkPassword(
    { username, email, password, hasSecondFactor: false, rules },
    createCommonPasswords(),
  )
  if (verdict.kind === 'rejected') throw new Refusal('PASSWORD_REJECTED', { message: verdict.reason })
}
