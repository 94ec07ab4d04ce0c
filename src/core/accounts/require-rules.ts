/** Core: checks an account against its rules, in one place for all dialects. */
import { Refusal } from '../errors.ts'
import type { Account } from './account.ts'
import { canSettleAt, dueOf } from './due.ts'
import { type BrokenRule, brokenRule, type RuleContext } from './rules.ts'

/** The sentence for a user who has proved to hold the account. */
const sentences: Readonly<Record<BrokenRule, string>> = {
  door: 'A rule of the account does not allow this API.',
  password: 'A rule of the account does not allow a sign-in by password.',
  network: 'A rule of the account does not allow this address.',
  'access-time': 'A rule of the account does not allow access at this time.',
}

/**
 * Refuses an account whose rules forbid this request. A rule refuses; it ends nothing.
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
 * Refuses a sign-in after a right password, if the account rules forbid it. A dialect with its own sentence for a rule
 * checks that rule before.
 *
 * @throws CREDENTIALS_INVALID if a rule forbids it, or if the dialect cannot do the due action; the reason is in its
 * detail. An application password needs no due action.
 */
export function admitByRules(account: Account, ruleContext: RuleContext): void {
  const broken = brokenRule(account.rules, ruleContext)
  if (broken !== null) throw new Refusal('CREDENTIALS_INVALID', { detail: `the rule ${broken} denies it` })
  if (!ruleContext.isByPassword || canSettleAt(ruleContext.door, dueOf(account, ruleContext.nowMs))) return
  throw new Refusal('CREDENTIALS_INVALID', { detail: 'something is due that cannot be done at this door' })
}
