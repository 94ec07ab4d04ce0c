/** Core: who may read a recording, and who may watch a terminal that runs; whoever does is written down first. */
import type { Account } from '../accounts/account.ts'
import { holds, permissionMissing } from '../administration/authorise.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Access } from '../revocation/live-resources.ts'
import type { Session } from '../sessions/session.ts'
import type { Principal } from '../tokens/live-tokens.ts'
import type { Ports } from '../wiring.ts'
import { groupLists } from './access.ts'
import { judgeRole } from './judge-role.ts'
import { policyOf } from './policy-of.ts'
import { findKnownPtySession, type KnownPtySession, tookPart } from './pty-session-reach.ts'

type ReadPorts = Pick<Ports, 'store' | 'settings' | 'clock'>

/** Under which session somebody reads or watches, and what their right to it hangs on. */
export type ReadingRight = { readonly session: Session; readonly access: Access }

/**
 * Lets those who may read recordings and those who took part read the recording of a PTY session that is over. While it runs, reading
 * is watching.
 *
 * @throws PTY_SESSION_NOT_FOUND when there is none that the caller may know of; ROLE_DENIED when the caller may know of it
 * and no more; while it runs, the refusals of `mayWatch`.
 */
export async function mayReadRecording(ports: ReadPorts, principal: Principal, id: string): Promise<ReadingRight> {
  const { account } = principal
  const known = await findKnownPtySession(ports, account, id)
  if (known.ptySession.state !== 'closed') return judgeWatching(ports, principal, known)
  if (!holds(account, 'read-recordings') && !tookPart(known, account.id)) throw permissionMissing('recordings.read')
  return { session: await findSession(ports, principal), access: { serverName: null, changeId: null, groups: [] } }
}

/**
 * Lets those watch a PTY session that may join it as an observer at this moment, whatever their role.
 *
 * @throws PTY_SESSION_NOT_FOUND when there is none that the caller may know of; PTY_SESSION_NOT_ACTIVE; the refusals of
 * `judgeRole`.
 */
export async function mayWatch(ports: ReadPorts, principal: Principal, id: string): Promise<ReadingRight> {
  const known = await findKnownPtySession(ports, principal.account, id)
  if (known.ptySession.state !== 'active') throw new Refusal('PTY_SESSION_NOT_ACTIVE')
  return judgeWatching(ports, principal, known)
}

/** Writes that a recording was read, or a terminal watched, before the first byte of it is sent. */
export async function writeReading(
  ports: Pick<Ports, 'store' | 'clock'>,
  id: string,
  reading: {
    readonly by: Pick<Account, 'id' | 'username'>
    readonly request: RequestFacts
    /** `live`: as it happens. */
    readonly as: 'recording' | 'live'
  },
): Promise<void> {
  const { by, request, as } = reading
  const who = { account: by, atMs: ports.clock.wallMs() }
  const act = { action: 'recording-read', subject: `pty_session:${id}`, detail: { as } } as const
  await ports.store.execute('appendAudit', { events: [auditEvent(request, who, act)] })
}

async function findSession({ store }: Pick<ReadPorts, 'store'>, { session }: Principal): Promise<Session> {
  const found = await store.sessionById(session.id)
  if (found === null) throw new Refusal('TOKEN_REVOKED')
  return found
}

async function judgeWatching(
  ports: ReadPorts,
  principal: Principal,
  { ptySession }: KnownPtySession,
): Promise<ReadingRight> {
  const { store, settings, clock } = ports
  const { account } = principal
  const { serverName, osUser, changeId, purpose, implementorAccountId } = ptySession
  const server = await store.serverByName(serverName)
  if (server === null) throw new Refusal('SERVER_NOT_FOUND')
  const change = changeId === null ? null : await store.changeById(changeId)
  if (changeId !== null && change === null) throw new Refusal('CHANGE_NOT_FOUND')
  const policy = await policyOf(store, { server, change, purpose }, settings.terminals)
  const session = await findSession(ports, principal)
  const implementor = implementorAccountId === null ? null : await store.accountById(implementorAccountId)
  judgeRole({
    account,
    session,
    role: 'observer',
    server,
    osUser,
    change,
    policy,
    implementorPerson: implementor?.person ?? null,
    nowMs: clock.wallMs(),
  })
  return { session, access: { serverName, changeId, groups: groupLists(server, change).flat() } }
}
