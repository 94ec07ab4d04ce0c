/** Core: decides who may be implementor or observer of a PTY session. The same decision is made at mint, at attach and when access changes. */
import type { Account } from '../accounts/account.ts'
import { Refusal } from '../errors.ts'
import type { Session } from '../sessions/session.ts'
import { groupLists, judgeAccess, judgeOpening, share } from './access.ts'
import type { ChangeRequest, PtyRole, Server } from './server.ts'
import type { TerminalPolicy } from './terminal-policy.ts'

/** An account that wants a role in a PTY session under a policy. */
export type RoleQuestion = {
  readonly account: Pick<Account, 'groups' | 'person'>
  /** How it signed in; null: not known yet; judged later. */
  readonly session: Pick<Session, 'isApplicationPassword' | 'credentialId'> | null
  readonly role: PtyRole
  readonly server: Server
  readonly osUser: string
  /** null for a health check. */
  readonly change: ChangeRequest | null
  readonly policy: Pick<TerminalPolicy, 'observers'>
  /** The implementor's account; null: there is none, or it is not known. */
  readonly implementorPerson: string | null
  readonly nowMs: number
}

/**
 * Refuses an account that may not take the role. An implementor is judged by `judgeAccess`. An observer needs a group
 * of each list of the policy, or without a policy the groups that reach server and change. If observers are needed,
 * both must be persons who signed in themselves and neither requested nor approved the change, and no account observes
 * itself.
 *
 * @throws the refusals of `judgeAccess`; OBSERVER_DENIED, SIGN_IN_NOT_INTERACTIVE, PARTY_TO_CHANGE.
 */
export function judgeRole(question: RoleQuestion): void {
  if (question.role === 'implementor') judgeAccess(question)
  else {
    judgeObserverGroups(question)
    judgeOpening(question)
  }
  if (question.policy.observers !== null) judgeFourEyes(question)
}

function judgeObserverGroups({ account, server, change, policy }: RoleQuestion): void {
  const from = policy.observers?.from ?? []
  const lists = from.length > 0 ? from : groupLists(server, change)
  if (!lists.every((groups) => share(account.groups, groups))) throw new Refusal('OBSERVER_DENIED')
}

function judgeFourEyes({ account, session, role, change, implementorPerson }: RoleQuestion): void {
  if (session !== null && (session.isApplicationPassword || session.credentialId !== null))
    throw new Refusal('SIGN_IN_NOT_INTERACTIVE')
  if (partiesOf(change).includes(account.person)) throw new Refusal('PARTY_TO_CHANGE')
  if (role === 'observer' && account.person === implementorPerson)
    throw new Refusal('OBSERVER_DENIED', { message: 'The implementor of a session does not observe it too.' })
}

/** Returns the persons who requested and approved a change, if they were given. */
export function partiesOf(change: Pick<ChangeRequest, 'requestedBy' | 'approvedBy'> | null): readonly string[] {
  return [change?.requestedBy ?? null, change?.approvedBy ?? null].filter((person) => person !== null)
}
