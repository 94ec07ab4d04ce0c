/** Core: which PTY sessions an account may know of. For all others it gets the answer for a session that does not exist. */
import type { Account } from '../accounts/account.ts'
import { type Administrator, holds } from '../administration/authorise.ts'
import { Refusal } from '../errors.ts'
import { everyPolicy } from '../every-row.ts'
import type { Ports } from '../wiring.ts'
import { share } from './access.ts'
import { policyOf } from './policy-of.ts'
import type { PolicySubjects, PtyAttachment, PtySession, PtySessionFilter } from './server.ts'
import type { PolicySubject } from './terminal-policy.ts'

/** The account that asks. */
export type Viewer = Pick<Account, 'id' | 'groups'> & Administrator

/** The ports of the checks. */
export type ReachPorts = Pick<Ports, 'store' | 'settings'>

/** A PTY session with all its attachments, oldest first. */
export type KnownPtySession = {
  readonly ptySession: PtySession
  readonly attachments: readonly PtyAttachment[]
}

/**
 * Returns a PTY session that the viewer may know of.
 *
 * @throws PTY_SESSION_NOT_FOUND if there is none, or the viewer may not know of it.
 */
export async function findKnownPtySession(ports: ReachPorts, viewer: Viewer, id: string): Promise<KnownPtySession> {
  const ptySession = await ports.store.ptySessionById(id)
  if (ptySession === null) throw new Refusal('PTY_SESSION_NOT_FOUND')
  const known = { ptySession, attachments: await ports.store.ptyAttachments(id) }
  if (!(await mayKnow(ports, viewer, known))) throw new Refusal('PTY_SESSION_NOT_FOUND')
  return known
}

/**
 * Returns whether a viewer may know of a PTY session. An administrator who may end terminals may know of all live ones,
 * and one who may read recordings of all ended ones. Every account may know of sessions that it started, was attached
 * to, has a group for (of the server, and of the change request if there is one), or may observe by policy.
 */
export async function mayKnow(ports: ReachPorts, viewer: Viewer, known: KnownPtySession): Promise<boolean> {
  if (seesAll(viewer, known.ptySession.state) || tookPart(known, viewer.id)) return true
  const { serverName, changeId, purpose } = known.ptySession
  const server = await ports.store.serverByName(serverName)
  const change = changeId === null ? null : await ports.store.changeById(changeId)
  if (server === null || (changeId !== null && change === null)) return false
  if (share(viewer.groups, server.groups) && (change === null || share(viewer.groups, change.groups))) {
    return true
  }
  const { observers } = await policyOf(ports.store, { server, change, purpose }, ports.settings.terminals)
  const lists = observers?.from ?? []
  return lists.length > 0 && lists.every((groups) => share(viewer.groups, groups))
}

/** A live terminal concerns those who may end it. An ended one has a recording, which concerns those who may read it. */
function seesAll(viewer: Viewer, state: PtySession['state']): boolean {
  return holds(viewer, state === 'closed' ? 'read-recordings' : 'see-live-terminals')
}

function seesEverything(viewer: Viewer): boolean {
  return seesAll(viewer, 'active') && seesAll(viewer, 'closed')
}

/** What an account may reach by its groups. */
type Reached = { readonly accountId: number; readonly groups: readonly string[]; readonly watched: PolicySubjects }

/** No policy that makes an account an observer. */
export const noPolicySubjects: PolicySubjects = { groups: [], serverNames: [], changeIds: [] }

/** Returns what groups and permissions let an account reach; null: everything. */
export function openReach(viewer: Viewer, reached: Reached): PtySessionFilter['reach'] {
  if (seesEverything(viewer)) return null
  return { ...reached, isLiveOpen: seesAll(viewer, 'active'), isClosedOpen: seesAll(viewer, 'closed') }
}

/** Returns whether an account started a PTY session or was attached to it. */
export function tookPart({ ptySession, attachments }: KnownPtySession, accountId: number): boolean {
  return ptySession.startedByAccountId === accountId || attachments.some((one) => one.accountId === accountId)
}

/** Returns a filter that includes all sessions that `mayKnow` accepts, and few others; null for an account that may know of all. */
export async function reachOf({ store }: ReachPorts, viewer: Viewer): Promise<PtySessionFilter['reach']> {
  const { id: accountId, groups } = viewer
  const isAsked = groups.length > 0 && !seesEverything(viewer)
  return openReach(viewer, { accountId, groups, watched: isAsked ? await watchedBy(store, viewer) : noPolicySubjects })
}

async function watchedBy(store: ReachPorts['store'], viewer: Viewer): Promise<PolicySubjects> {
  const names: Record<PolicySubject['kind'], string[]> = { group: [], server: [], change: [] }
  for await (const { subject, policy } of everyPolicy(store)) {
    if (share(policy.observers?.from ?? [], viewer.groups)) names[subject.kind].push(subject.name)
  }
  return { groups: names.group, serverNames: names.server, changeIds: names.change }
}
