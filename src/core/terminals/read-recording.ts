/** Core: decides who may read a recording or watch a running terminal. The audit event is stored before the first byte is sent. */

import type { Account } from '../accounts/account.ts'
import { holds, permissionMissing } from '../administration/authorise.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Access } from '../revocation/live-resources.ts'
import type { Principal } from '../sessions/principal.ts'
import type { Session } from '../sessions/session.ts'
import type { Ports } from '../wiring.ts'
import { groupLists } from './access.ts'
import { judgeRole } from './judge-role.ts'
import { policyOf } from './policy-of.ts'
import { findKnownPtySession, type KnownPtySession, tookPart } from './pty-session-reach.ts'

type ReadPorts = Pick<Ports, 'store' | 'settings' | 'clock'>

/** The session of the reader, and what the right to read depends on. */
export type ReadingRight = { readonly session: Session; readonly access: Access }

/**
 * Lets accounts that may read recordings, and participants, read the recording of an ended PTY session. While it runs,
 * reading is watching.
 *
 * @throws PTY_SESSION_NOT_FOUND if there is none that the caller may know of; ROLE_DENIED if the caller may know of it
 * but not read it; while it runs, the refusals of `mayWatch`.
 */
export async function mayReadRecording(ports: ReadPorts, principal: Principal, id: string): Promise<ReadingRight> {
  const { account } = principal
  const known = await findKnownPtySession(ports, account, id)
  if (known.ptySession.state !== 'closed') return judgeWatching(ports, principal, known)
  if (!holds(account, 'read-recordings') && !tookPart(known, account.id)) throw permissionMissing('recordings.read')
  return { session: await findSession(ports, principal), access: { serverName: null, changeId: null, groups: [] } }
}

/**
 * Lets an account watch a running PTY session if it may join as an observer now.
 *
 * @throws PTY_SESSION_NOT_FOUND if there is none that the caller may know of; PTY_SESSION_NOT_ACTIVE; the refusals of
 * `judgeRole`.
 */
export async function mayWatch(ports: ReadPorts, principal: Principal, id: string): Promise<ReadingRight> {
  const known = await findKnownPtySession(ports, principal.account, id)
  if (known.ptySession.state !== 'active') throw new Refusal('PTY_SESSION_NOT_ACTIVE')
  return judgeWatching(ports, principal, known)
}

/** Stores the audit event of a read or watched recording before the first byte is sent. */
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
