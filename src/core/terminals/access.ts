/** Core: who may open or join a terminal, and when; the same decision at mint, at attach and whenever access changes. */
import type { Account } from '../accounts/account.ts'
import { Refusal } from '../errors.ts'
import type { ChangeRequest, Server } from './server.ts'

/** What is judged: an account that wants to work on a server as an OS user, under a change request or none. */
export type AccessQuestion = {
  readonly account: Pick<Account, 'groups'>
  readonly server: Server
  readonly osUser: string
  /** null for a health check. */
  readonly change: ChangeRequest | null
  readonly nowMs: number
}

/**
 * Refuses unless policy lets the account in as an implementor; `judgeRole` judges observers too.
 *
 * @throws CHANGE_NOT_APPROVED, CHANGE_OUTSIDE_WINDOW (strictly inside, both ends excluded), CHANGE_DOES_NOT_NAME
 * @throws GROUP_DENIED when no group of the account is listed by the server and, for a change, by the change; or the OS user is not.
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
 * Refuses unless the server and the change let anybody at all work as the OS user now; groups are not looked at.
 *
 * @throws GROUP_DENIED when the server does not list the OS user; CHANGE_NOT_APPROVED, CHANGE_OUTSIDE_WINDOW, CHANGE_DOES_NOT_NAME.
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

/** Tells whether two lists of groups have one in common. */
export function share(one: readonly string[], other: readonly string[]): boolean {
  return one.some((name) => other.includes(name))
}

/** Returns the lists of groups of which whoever reaches a server is in one of each: the server's, and the change's where there is one. */
export function groupLists(server: Server, change: ChangeRequest | null): readonly (readonly string[])[] {
  return change === null ? [server.groups] : [server.groups, change.groups]
}
