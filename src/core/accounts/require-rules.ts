/** Core: holds an account against its rules, in one place for every door. */
import { Refusal } from '../errors.ts'
import type { Account } from './account.ts'
import { canSettleAt, dueOf } from './due.ts'
import { type BrokenRule, brokenRule, type RuleContext } from './rules.ts'

/** What may be said to somebody who has proved to hold the account. */
const sentences: Readonly<Record<BrokenRule, string>> = {
  door: 'A rule of the account does not allow this API.',
  password: 'A rule of the account does not allow a sign-in by password.',
  network: 'A rule of the account does not allow this address.',
  'access-time': 'A rule of the account does not allow access at this time.',
}

/**
 * Lets an account pass whose rules allow how it comes. A rule refuses; it ends nothing.
 *
 * @throws ACCESS_DENIED with the reason in its detail.
 */
export function requireRules({ rules }: Pick<Account, 'rules'>, ruleContext: RuleContext): void {
  const broken = brokenRule(rules, ruleContext)
  if (broken === null) return
  const reason = ruleContext.ip === null ? 'no trusted proxy forwarded an address' : `the rule ${broken} denies it`
  throw new Refusal('ACCESS_DENIED', { message: sentences[broken], detail: reason })
}

/**
 * Lets a sign-in pass after a right password. Where a dialect has words of its own for a rule, it says them before.
 *
 * @throws CREDENTIALS_INVALID when a rule denies it, and when something is due that cannot be done at this door; the reason
 *   is in its detail. An application password is asked for nothing that is due.
 */
export function admitByRules(account: Account, ruleContext: RuleContext): void {
  const broken = brokenRule(account.rules, ruleContext)
  if (broken !== null) throw new Refusal('CREDENTIALS_INVALID', { detail: `the rule ${broken} denies it` })
  if (!ruleContext.isByPassword || canSettleAt(ruleContext.door, dueOf(account, ruleContext.nowMs))) return
  throw new Refusal('CREDENTIALS_INVALID', { detail: 'something is due that cannot be done at this door' })
}
