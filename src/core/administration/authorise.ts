/** Core: decides whether an account may administer. Every dialect and the command line ask here. */
import type { Account } from '../accounts/account.ts'
import { grantedBy, type Permission } from '../accounts/permissions.ts'
import type { RequestFacts } from '../audit/act.ts'
import { Refusal, type RefusalCode } from '../errors.ts'
import { type AdministrativeAct, administrativeActs } from './acts.ts'

/** The account whose authority is checked. */
export type Administrator = Pick<Account, 'authority'>

/** The actor and the dialect. The command line has no signed-in account and holds every permission. */
export type Actor = {
  readonly by: (Pick<Account, 'id'> & Administrator) | null
  readonly request: Pick<RequestFacts, 'by'>
}

/** The subject of an act; absent members play no part. */
export type Target = {
  /** The account that the act changes. */
  readonly account?: Pick<Account, 'id'> & Administrator
  /** Permissions that the account gains by the act. */
  readonly gives?: readonly Permission[]
  /** The act changes something that no account may change of itself. */
  readonly isNeverOwn?: boolean
}

/**
 * Lets an administrative act pass.
 *
 * `sftpgo` checks its own list of permissions before it comes here. Every other dialect needs the permission of the
 * act. In all dialects an actor cannot grant more than they hold, and cannot change an administrator who holds more.
 *
 * @throws ROLE_DENIED if the permission is missing; BEYOND_OWN_PERMISSIONS; OWN_ACCOUNT.
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

/** Returns whether an account holds the permission of an act, for answers that depend on it and refuse no caller. */
export function holds(account: Administrator, act: AdministrativeAct): boolean {
  return grantedBy(account.authority).includes(administrativeActs[act].permission)
}

/** Returns the refusal for a missing permission, with its name for the log and the audit trail. */
export function permissionMissing(permission: string): Refusal {
  return new Refusal('ROLE_DENIED', { missing: [permission] })
}

/** Returns the refusal for a missing permission, if the caller must not learn that the subject exists. */
export function hiddenFrom(act: AdministrativeAct, code: RefusalCode): Refusal {
  return new Refusal(code, { missing: [administrativeActs[act].permission] })
}
