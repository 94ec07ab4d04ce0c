/** Core: changes of an account by itself. If its attributes changed meanwhile, the change is computed again. */
import { type Act, auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { Account } from './account.ts'
import type { AccountChange } from './commands.ts'

/** One change, computed from the account as it is. */
export type OwnChange = {
  readonly change: AccountChange
  /** The session that stays while every other one ends; 0: none stays; null: no session ends. */
  readonly keptSessionRow: number | null
  readonly act: Pick<Act, 'action' | 'detail'>
}

/** The change and its request. */
export type OwnChangePlan = {
  /** Called with the current account at each try; returns null for no change, and throws to refuse. */
  readonly plan: (account: Account) => OwnChange | null
  readonly request: RequestFacts
}

/** Tries: a second one fails only if the attributes change all the time. */
const tries = 3

/**
 * Changes an account in its own name; returns the changed account.
 *
 * @throws the refusals of `plan`; EMAIL_TAKEN; LAST_OWNER; ACCOUNT_NOT_FOUND if it was removed.
 * @throws STATE_CHANGED if its sessions ended meanwhile.
 */
export async function changeOwnAccount(
  ports: Pick<Ports, 'clock' | 'random' | 'store'>,
  account: Account,
  { plan, request }: OwnChangePlan,
): Promise<Account> {
  let current = account
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const own = plan(current)
    if (own === null) return current
    const nowMs = ports.clock.wallMs()
    const result = await ports.store.execute('changeAccount', {
      accountId: account.id,
      change: own.change,
      rotation:
        own.keptSessionRow === null ? null : { newEpoch: ports.random.uuid(), keptSessionRow: own.keptSessionRow },
      seen: { epoch: account.epoch, passwordHash: current.passwordHash },
      seenAttributes: current.attributes,
      nowMs,
      audit: auditEvent(request, { account, atMs: nowMs }, { ...own.act, subject: `account:${account.id}` }),
    })
    if (result.kind === 'changed') return result.account
    if (result.kind === 'email-taken') throw new Refusal('EMAIL_TAKEN')
    if (result.kind === 'last-owner') throw new Refusal('LAST_OWNER')
    current = await readAgain(ports, account)
  }
  throw new Refusal('STATE_CHANGED')
}

async function readAgain(ports: Pick<Ports, 'store'>, account: Account): Promise<Account> {
  const current = await ports.store.accountById(account.id)
  if (current === null) throw new Refusal('ACCOUNT_NOT_FOUND')
  if (current.epoch !== account.epoch) throw new Refusal('STATE_CHANGED')
  return current
}
