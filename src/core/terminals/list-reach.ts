/** Core: lists the servers and change requests that an account may work on now, by its groups alone. */
import { isRefusal } from '../errors.ts'
import { everyChange, everyServer } from '../every-row.ts'
import type { Ports } from '../wiring.ts'
import { type AccessQuestion, judgeAccess, share } from './access.ts'
import { noPolicySubjects, openReach, type Viewer } from './pty-session-reach.ts'
import type { ChangeRequest, Server } from './server.ts'

type InventoryReads = Pick<Ports['store'], 'servers' | 'changes' | 'serverByName'>

/** Most PTY sessions that are listed with a change request. */
const toldPtySessions = 100

/** One page of a list, and the key after which the next one starts; null: there is none. */
export type ReachPage<Item> = { readonly items: readonly Item[]; readonly next: string | null }

/** The wanted page: after a key, or the first. */
export type ReachInput = { readonly limit: number; readonly after: string | null }

/** Returns a page of the servers that list a group of the viewer, sorted by name. */
export function reachableServers(
  store: InventoryReads,
  viewer: Pick<Viewer, 'groups'>,
  input: ReachInput,
): Promise<ReachPage<Server>> {
  return take(everyServer(store, input.after), {
    limit: input.limit,
    keyOf: ({ name }) => name,
    fits: async ({ groups }) => share(viewer.groups, groups),
  })
}

/**
 * Returns a page of the change requests under which the viewer may open a terminal at `nowMs` (Unix milliseconds) on at
 * least one server as at least one OS user, sorted by id.
 */
export function reachableChanges(
  store: InventoryReads,
  viewer: Pick<Viewer, 'groups'>,
  input: ReachInput & { readonly nowMs: number },
): Promise<ReachPage<ChangeRequest>> {
  const { nowMs } = input
  return take(everyChange(store, input.after), {
    limit: input.limit,
    keyOf: ({ id }) => id,
    fits: async (change) => {
      if (!share(viewer.groups, change.groups)) return false
      const servers = await serversOf(store, viewer, change)
      return servers.some((server) =>
        change.osUsers.some((osUser) => mayOpen({ account: viewer, server, osUser, change, nowMs })),
      )
    },
  })
}

/** Returns the ids of the newest 100 PTY sessions under a change request that the viewer may know of, newest first. */
export async function ptySessionsUnder(
  store: Pick<Ports['store'], 'ptySessions'>,
  viewer: Viewer,
  change: ChangeRequest,
): Promise<readonly string[]> {
  const { id: accountId, groups } = viewer
  const filter = {
    state: null,
    purpose: null,
    changeId: change.id,
    serverName: null,
    startedByAccountId: null,
    reach: openReach(viewer, { accountId, groups, watched: noPolicySubjects }),
    createdFromMs: null,
    createdToMs: null,
  }
  const found = await store.ptySessions(filter, { limit: toldPtySessions, before: null })
  return found.map(({ id }) => id)
}

async function serversOf(
  store: InventoryReads,
  viewer: Pick<Viewer, 'groups'>,
  change: ChangeRequest,
): Promise<readonly Server[]> {
  const named = await Promise.all(change.servers.map((name) => store.serverByName(name)))
  return named.filter((server) => server !== null).filter(({ groups }) => share(viewer.groups, groups))
}

type Taking<Item> = {
  readonly limit: number
  readonly keyOf: (item: Item) => string
  readonly fits: (item: Item) => Promise<boolean>
}

async function take<Item>(items: AsyncIterable<Item>, { limit, keyOf, fits }: Taking<Item>): Promise<ReachPage<Item>> {
  const found: Item[] = []
  for await (const item of items) {
    if (!(await fits(item))) continue
    const last = found.at(-1)
    if (found.length === limit && last !== undefined) return { items: found, next: keyOf(last) }
    found.push(item)
  }
  return { items: found, next: null }
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
