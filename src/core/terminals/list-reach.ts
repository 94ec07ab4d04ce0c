/** Core: lists the servers and change requests that an account may work on at this moment, by its groups alone. */
import { isRefusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import { type AccessQuestion, judgeAccess, share } from './policy.ts'
import { openReach, type Viewer } from './pty-session-reach.ts'
import type { ChangeRequest, Server } from './server.ts'

type InventoryReads = Pick<Ports['store'], 'servers' | 'changes'>

/** PTY sessions that are told with a change request at most. */
const toldPtySessions = 100

/** Returns the servers that list a group of the viewer, sorted by name. */
export async function reachableServers(
  store: InventoryReads,
  viewer: Pick<Viewer, 'groups'>,
): Promise<readonly Server[]> {
  return (await store.servers()).filter(({ groups }) => share(viewer.groups, groups))
}

/**
 * Returns the change requests under which the viewer may open a terminal at `nowMs` (Unix milliseconds), on one of their
 * servers and as one of their OS users at least, sorted by id.
 */
export async function reachableChanges(
  store: InventoryReads,
  viewer: Pick<Viewer, 'groups'>,
  nowMs: number,
): Promise<readonly ChangeRequest[]> {
  const servers = await reachableServers(store, viewer)
  return (await store.changes()).filter((change) =>
    servers.some((server) =>
      change.osUsers.some((osUser) => mayOpen({ account: viewer, server, osUser, change, nowMs })),
    ),
  )
}

/** Returns the ids of the newest 100 PTY sessions under a change request that the viewer may know of, the newest first. */
export async function ptySessionsUnder(
  store: InventoryReads & Pick<Ports['store'], 'ptySessions'>,
  viewer: Viewer,
  change: ChangeRequest,
): Promise<readonly string[]> {
  const servers = await reachableServers(store, viewer)
  const reach = { accountId: viewer.id, serverNames: servers.map(({ name }) => name), changeIds: [change.id] }
  const filter = {
    state: null,
    purpose: null,
    changeId: change.id,
    serverName: null,
    startedByAccountId: null,
    reach: openReach(viewer, reach),
    createdFromMs: null,
    createdToMs: null,
  }
  const found = await store.ptySessions(filter, { limit: toldPtySessions, before: null })
  return found.map(({ id }) => id)
}

function mayOpen(question: AccessQuestion): boolean {
  try {
    judgeAccess(question)
    return true
  } catch (cause) {
    if (isRefusal(cause)) return false
    throw cause
  }
}
