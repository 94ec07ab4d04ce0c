/** Core: actions that an account must do first: set up a second factor, set a new password. */

import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import type { Account } from './account.ts'
import { noRules } from './rules.ts'

const dayMs = 86_400_000

/** An action that is due. */
export type Due = { readonly secondFactor: boolean; readonly passwordChange: boolean }

const nothing: Due = { secondFactor: false, passwordChange: false }

/** The facts that decide. */
type Owing = Pick<Account, 'rules' | 'totpSealed' | 'passwordChangedAtMs' | 'createdAtMs'>

/** Returns the action that is due at `nowMs` (Unix milliseconds). */
export function dueOf({ rules, totpSealed, passwordChangedAtMs, createdAtMs }: Owing, nowMs: number): Due {
  if (rules === noRules) return nothing
  const { needsSecondFactor, passwordChangeDue, passwordMaxAgeDays } = rules
  const isOld = passwordMaxAgeDays > 0 && nowMs >= (passwordChangedAtMs ?? createdAtMs) + passwordMaxAgeDays * dayMs
  return { secondFactor: needsSecondFactor && totpSealed === null, passwordChange: passwordChangeDue || isOld }
}

/**
 * Refuses an account with a due action.
 *
 * @throws ACTION_DUE with the action in its fields.
 */
export function requireNothingDue(account: Owing, nowMs: number): void {
  const { secondFactor, passwordChange } = dueOf(account, nowMs)
  if (!secondFactor && !passwordChange) return
  const what = secondFactor ? 'set up a second factor' : 'set a new password'
  throw new Refusal('ACTION_DUE', {
    message: `The account has to ${what} first.`,
    fields: [
      ...(secondFactor ? [{ field: 'second_factor', description: 'has to be set up first' }] : []),
      ...(passwordChange ? [{ field: 'password', description: 'has to be changed first' }] : []),
    ],
  })
}

/** The due actions that an account can do in each dialect. */
const settles: Readonly<Record<Dialect, Due>> = {
  control: { secondFactor: true, passwordChange: true },
  sftpgo: { secondFactor: true, passwordChange: true },
  pacerpro: nothing,
  giantswarm: { secondFactor: false, passwordChange: true },
  koyeb: nothing,
}

/** Returns whether an account can do its due action in a dialect. If not, a sign-in there is useless. */
export function canSettleAt(door: Dialect, due: Due): boolean {
  const can = settles[door]
  return (can.secondFactor || !due.secondFactor) && (can.passwordChange || !due.passwordChange)
}
