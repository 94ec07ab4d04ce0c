/** Core: which PTY sessions an account may know of; one that it may not know of is answered as one that there is not. */
import type { Account } from '../accounts/account.ts'
import { type Administrator, holds } from '../administration/authorise.ts'
import { Refusal } from '../errors.ts'
import { everyPolicy } from '../every-row.ts'
import type { Ports } from '../wiring.ts'
import { share } from './access.ts'
import { policyOf } from './policy-of.ts'
import type { PolicySubjects, PtyAttachment, PtySession, PtySessionFilter } from './server.ts'
import type { PolicySubject } from './terminal-policy.ts'

/** Who looks. */
export type Viewer = Pick<Account, 'id' | 'groups'> & Administrator

/** What looking needs. */
export type ReachPorts = Pick<Ports, 'store' | 'settings'>

/** A PTY session with everybody who was attached to it, oldest first. */
export type KnownPtySession = {
  readonly ptySession: PtySession
  readonly attachments: readonly PtyAttachment[]
}

/**
 * Returns a PTY session that the viewer may know of.
 *
 * @throws PTY_SESSION_NOT_FOUND alike when there is none and when it is none of theirs.
 */
export async function findKnownPtySession(ports: ReachPorts, viewer: Viewer, id: string): Promise<KnownPtySession> {
  const ptySession = await ports.store.ptySessionById(id)
  if (ptySession === null) throw new Refusal('PTY_SESSION_NOT_FOUND')
  const known = { ptySession, attachments: await ports.store.ptyAttachments(id) }
  if (!(await mayKnow(ports, viewer, known))) throw new Refusal('PTY_SESSION_NOT_FOUND')
  return known
}

/**
 * Tells whether a viewer may know of a PTY session: who may end terminals of any that is not over, who may read recordings
 * of any that is; everybody of what they started, were attached
 * to, have a group for (of the server, and of the change request where there is one), or may observe by policy.
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

/** Live terminals are facts for who may end them; of what is over its recording is left, for who may read those. */
function seesAll(viewer: Viewer, state: PtySession['state']): boolean {
  return holds(viewer, state === 'closed' ? 'read-recordings' : 'see-live-terminals')
}

function seesEverything(viewer: Viewer): boolean {
  return seesAll(viewer, 'active') && seesAll(viewer, 'closed')
}

/** What groups reach. */
type Reached = { readonly accountId: number; readonly groups: readonly string[]; readonly watched: PolicySubjects }

/** Nothing that a policy calls anybody to observe. */
export const noPolicySubjects: PolicySubjects = { groups: [], serverNames: [], changeIds: [] }

/** Returns what groups reach together with what permissions open; null: everything. */
export function openReach(viewer: Viewer, reached: Reached): PtySessionFilter['reach'] {
  if (seesEverything(viewer)) return null
  return { ...reached, isLiveOpen: seesAll(viewer, 'active'), isClosedOpen: seesAll(viewer, 'closed') }
}

/** Tells whether an account started a PTY session or was attached to it. */
export function tookPart({ ptySession, attachments }: KnownPtySession, accountId: number): boolean {
  return ptySession.startedByAccountId === accountId || attachments.some((one) => one.accountId === accountId)
}

/** Returns what holds all that `mayKnow` may answer yes for, and little else; null for who sees all. */
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
