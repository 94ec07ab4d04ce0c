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
 * Refuses unless policy lets the account in.
 *
 * @throws CHANGE_NOT_APPROVED, CHANGE_OUTSIDE_WINDOW (strictly inside, both ends excluded), CHANGE_DOES_NOT_NAME
 * @throws GROUP_DENIED when no group of the account is listed by the server and, for a change, by the change; or the OS user is not.
 */
export function judgeAccess({ account, server, osUser, change, nowMs }: AccessQuestion): void {
  if (!server.osUsers.includes(osUser))
    throw new Refusal('GROUP_DENIED', { detail: 'the server does not list the OS user' })
  if (!share(account.groups, server.groups)) throw new Refusal('GROUP_DENIED')
  if (change === null) return
  if (!share(account.groups, change.groups))
    throw new Refusal('GROUP_DENIED', { detail: 'the change lists other groups' })
  if (!change.servers.includes(server.name) || !change.osUsers.includes(osUser))
    throw new Refusal('CHANGE_DOES_NOT_NAME')
  if (change.state !== 'approved') throw new Refusal('CHANGE_NOT_APPROVED')
  if (nowMs <= change.startsAtMs || nowMs >= change.endsAtMs) throw new Refusal('CHANGE_OUTSIDE_WINDOW')
}

function share(one: readonly string[], other: readonly string[]): boolean {
  return one.some((name) => other.includes(name))
}
