/** Core: decides who may open or join a terminal, and when. The same decision is made at mint, at attach and when access changes. */
import type { Account } from '../accounts/account.ts'
import { Refusal } from '../errors.ts'
import type { ChangeRequest, Server } from './server.ts'

/** An account that wants to work on a server as an OS user, under a change request or none. */
export type AccessQuestion = {
  readonly account: Pick<Account, 'groups'>
  readonly server: Server
  readonly osUser: string
  /** null for a health check. */
  readonly change: ChangeRequest | null
  readonly nowMs: number
}

/**
 * Refuses an account that may not be the implementor. `judgeRole` also judges observers.
 *
 * @throws CHANGE_NOT_APPROVED, CHANGE_OUTSIDE_WINDOW (both ends are outside), CHANGE_DOES_NOT_NAME
 * @throws GROUP_DENIED if neither the server nor the change request lists a group of the account, or the server does
 * not list the OS user.
 */
export function judgeAccess(question: AccessQuestion): void {
  const { account, server, osUser, change } = question
  refuseForeignUser(server, osUser)
  if (!share(account.groups, server.groups)) throw new Refusal('GROUP_DENIED')
  if (change !== null && !share(account.groups, change.groups))
    throw new Refusal('GROUP_DENIED', { detail: 'the change lists other groups' })
  judgeChange(question)
}

/**
 * Refuses if no account at all may work as the OS user now. Groups are not checked.
 *
 * @throws GROUP_DENIED if the server does not list the OS user; CHANGE_NOT_APPROVED, CHANGE_OUTSIDE_WINDOW,
 * CHANGE_DOES_NOT_NAME.
 */
export function judgeOpening(question: Omit<AccessQuestion, 'account'>): void {
  refuseForeignUser(question.server, question.osUser)
  judgeChange(question)
}

function refuseForeignUser(server: Server, osUser: string): void {
  if (!server.osUsers.includes(osUser))
    throw new Refusal('GROUP_DENIED', { detail: 'the server does not list the OS user' })
}

function judgeChange({ server, osUser, change, nowMs }: Omit<AccessQuestion, 'account'>): void {
  if (change === null) return
  if (!change.servers.includes(server.name) || !change.osUsers.includes(osUser))
    throw new Refusal('CHANGE_DOES_NOT_NAME')
  if (change.state !== 'approved') throw new Refusal('CHANGE_NOT_APPROVED')
  if (nowMs <= change.startsAtMs || nowMs >= change.endsAtMs) throw new Refusal('CHANGE_OUTSIDE_WINDOW')
}

/** Returns whether two lists of groups have one in common. */
export function share(one: readonly string[], other: readonly string[]): boolean {
  return one.some((name) => other.includes(name))
}

/** Returns lists of groups. A user must be in one group of each: the list of the server, and that of the change request if there is one. */
export function groupLists(server: Server, change: ChangeRequest | null): readonly (readonly string[])[] {
  return change === null ? [server.groups] : [server.groups, change.groups]
}
