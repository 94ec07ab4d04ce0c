/** Core: decides whether somebody may act as an administrator; every door and the command line ask here, and nowhere else. */
import type { Account } from '../accounts/account.ts'
import type { RequestFacts } from '../audit/act.ts'
import { Refusal, type RefusalCode } from '../errors.ts'
import { type AdministrativeAct, administrativeActs } from './acts.ts'
import { grantedBy, type Permission } from './permissions.ts'

/** Whose power is asked for. */
export type Administrator = Pick<Account, 'authority'>

/** Who acts, and by which door. Nobody is signed in on the command line, and it holds everything. */
export type Actor = {
  readonly by: (Pick<Account, 'id'> & Administrator) | null
  readonly request: Pick<RequestFacts, 'by'>
}

/** What an act is done to; what is left out plays no part in it. */
export type Target = {
  /** The account that is touched. */
  readonly account?: Pick<Account, 'id'> & Administrator
  /** Permissions that the account holds after the act, and that it does not hold before by the same authority. */
  readonly gives?: readonly Permission[]
  /** The act changes what nobody changes of themselves. */
  readonly isNeverOwn?: boolean
}

/**
 * Lets an administrative act pass.
 *
 * The door `sftpgo` has a list of permissions of its own, and asks that list before it comes here. Every other door asks
 * for the permission of the act. At all doors nobody gives more than they hold, and nobody touches an administrator who
 * holds more.
 *
 * @throws ROLE_DENIED when the permission is missing; BEYOND_OWN_PERMISSIONS; OWN_ACCOUNT.
 */
export function authorise(actor: Actor, act: AdministrativeAct, target: Target = {}): void {
  const { by, request } = actor
  if (by === null) {
    if (request.by === 'command') return
    throw new Error(`nobody is signed in, and ${act} was asked for at ${request.by}`)
  }
  const { permission, touches } = administrativeActs[act]
  const held = grantedBy(by.authority)
  if (request.by !== 'sftpgo' && !held.includes(permission)) throw permissionMissing(permission)
  const isOwn = target.account?.id === by.id
  if (isOwn && target.isNeverOwn === true) throw new Refusal('OWN_ACCOUNT')
  const touched = touches && !isOwn ? grantedBy(target.account?.authority ?? null) : []
  const beyond = [...new Set([...touched, ...(target.gives ?? [])])].filter((one) => !held.includes(one))
  if (beyond.length > 0) throw new Refusal('BEYOND_OWN_PERMISSIONS', { missing: beyond })
}

/** Tells whether an account holds the permission of an act; for what shows more to some and refuses nobody. */
export function holds(account: Administrator, act: AdministrativeAct): boolean {
  return grantedBy(account.authority).includes(administrativeActs[act].permission)
}

/** Returns the refusal of somebody who lacks a permission, which the log and the audit trail name. */
export function permissionMissing(permission: string): Refusal {
  return new Refusal('ROLE_DENIED', { missing: [permission] })
}

/** Returns the refusal of somebody who lacks the permission of an act, and is not to learn that there is its subject. */
export function hiddenFrom(act: AdministrativeAct, code: RefusalCode): Refusal {
  return new Refusal(code, { missing: [administrativeActs[act].permission] })
}
