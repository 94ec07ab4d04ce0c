/** sftpgo: what an account has to do before it is served: set up a second factor, set a new password. */
import type { Account } from '../../../core/accounts/account.ts'
import { dueOf as dueByRules } from '../../../core/accounts/due.ts'
import { Refusal } from '../../../core/errors.ts'
import { readAttributes } from './attributes.ts'

/** The demands that are due; the second factor comes first. */
export type Due = {
  readonly secondFactor: boolean
  /** Protocols for which users need it; empty for administrators, who need it for all. */
  readonly protocols: readonly string[]
  readonly passwordChange: boolean
}

/** Returns the demands that are due for an account at `nowMs`. */
export function dueOf(account: Account, nowMs: number): Due {
  const { requireTwoFactor, twoFactorProtocols, totp } = readAttributes(account)
  const hasFactor = account.totpSealed !== null
  // A factor that was set up elsewhere names no protocols, and is asked for at every one.
  const covers = (protocol: string): boolean => totp.protocols.length === 0 || totp.protocols.includes(protocol)
  const isUncovered = twoFactorProtocols.some((protocol) => !hasFactor || !covers(protocol))
  return {
    secondFactor: isUncovered || (requireTwoFactor && !hasFactor),
    protocols: isUncovered ? twoFactorProtocols : [],
    passwordChange: dueByRules(account, nowMs).passwordChange,
  }
}

/** @throws SECOND_FACTOR_DUE, else PASSWORD_CHANGE_DUE, with the sentences that clients of SFTPGo know. */
export function requireNothingDue(account: Account, nowMs: number): void {
  const { secondFactor, protocols, passwordChange } = dueOf(account, nowMs)
  if (secondFactor) {
    const suffix = protocols.length === 0 ? '' : ` for the following protocols: ${protocols.join(', ')}`
    throw new Refusal('SECOND_FACTOR_DUE', {
      message: `Two-factor authentication requirements not met, please configure two-factor authentication${suffix}`,
    })
  }
  if (passwordChange) {
    throw new Refusal('PASSWORD_CHANGE_DUE', {
      message: 'Password change required. Please set a new password to continue to use your account',
    })
  }
}
