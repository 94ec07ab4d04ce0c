/** Core: what an account has to do before it is served: set up a second factor, set a new password. */

import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import type { Account } from './account.ts'
import { noRules } from './rules.ts'

const dayMs = 86_400_000

/** What is due of an account. */
export type Due = { readonly secondFactor: boolean; readonly passwordChange: boolean }

const nothing: Due = { secondFactor: false, passwordChange: false }

/** What of an account decides. */
type Owing = Pick<Account, 'rules' | 'totpSealed' | 'passwordChangedAtMs' | 'createdAtMs'>

/** Returns what is due of an account at `nowMs` (Unix milliseconds). */
export function dueOf({ rules, totpSealed, passwordChangedAtMs, createdAtMs }: Owing, nowMs: number): Due {
  if (rules === noRules) return nothing
  const { needsSecondFactor, passwordChangeDue, passwordMaxAgeDays } = rules
  const isOld = passwordMaxAgeDays > 0 && nowMs >= (passwordChangedAtMs ?? createdAtMs) + passwordMaxAgeDays * dayMs
  return { secondFactor: needsSecondFactor && totpSealed === null, passwordChange: passwordChangeDue || isOld }
}

/**
 * Lets an account pass of which nothing is due.
 *
 * @throws ACTION_DUE with what is due in its fields.
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

/** What an account can settle at each door: it has a route for it. */
const settles: Readonly<Record<Dialect, Due>> = {
  control: { secondFactor: true, passwordChange: true },
  sftpgo: { secondFactor: true, passwordChange: true },
  pacerpro: nothing,
  giantswarm: { secondFactor: false, passwordChange: true },
  koyeb: nothing,
}

/** Tells whether an account can do at a door what is due of it: where it cannot, a sign-in would lead nowhere. */
export function canSettleAt(door: Dialect, due: Due): boolean {
  const can = settles[door]
  return (can.secondFactor || !due.secondFactor) && (can.passwordChange || !due.passwordChange)
}
