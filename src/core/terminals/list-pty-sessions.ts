/** Core: lists the PTY sessions that an account may know of, with the names of the participants. */
import type { PtySessionPage } from '../store.ts'
import {
  findKnownPtySession,
  type KnownPtySession,
  mayKnow,
  type ReachPorts,
  reachOf,
  type Viewer,
} from './pty-session-reach.ts'
import type { PtySessionFilter } from './server.ts'

/** A PTY session as users see it: usernames instead of numbers. */
export type PtySessionView = KnownPtySession & {
  readonly startedBy: string
  /** The implementor; null: there is none. */
  readonly implementor: string | null
  /** The observers now, each once. */
  readonly observers: readonly string[]
}

/** A filter for PTY sessions; `startedBy` is a username, or `admin:NAME` if both roles have it. */
export type PtySessionInput = Omit<PtySessionFilter, 'reach' | 'startedByAccountId'> & {
  readonly startedBy: string | null
}

/** One page; `hasMore`: there are more after it. */
export type PtySessionViews = { readonly items: readonly PtySessionView[]; readonly hasMore: boolean }

/** Returns one page of the PTY sessions that the viewer may know of, newest first. */
export async function listPtySessions(
  ports: ReachPorts,
  viewer: Viewer,
  { input, page }: { readonly input: PtySessionInput; readonly page: PtySessionPage },
): Promise<PtySessionViews> {
  const { startedBy, ...rest } = input
  const starter = startedBy === null ? null : await findStarter(ports, startedBy)
  if (starter === 'nobody') return { items: [], hasMore: false }
  const filter = { ...rest, startedByAccountId: starter, reach: await reachOf(ports, viewer) }
  const wanted = page.limit + 1
  const found: KnownPtySession[] = []
  let { before } = page
  for (;;) {
    const rows = await ports.store.ptySessions(filter, { limit: wanted, before })
    for (const ptySession of rows) {
      const known = { ptySession, attachments: await ports.store.ptyAttachments(ptySession.id) }
      if (found.length < wanted && (await mayKnow(ports, viewer, known))) found.push(known)
    }
    before = rows.at(-1) ?? null
    if (found.length === wanted || rows.length < wanted) break
  }
  const items: PtySessionView[] = []
  for (const known of found.slice(0, page.limit)) items.push(await viewOf(ports, known))
  return { items, hasMore: found.length === wanted }
}

/**
 * Returns one PTY session.
 *
 * @throws PTY_SESSION_NOT_FOUND if there is none that the viewer may know of.
 */
export async function showPtySession(ports: ReachPorts, viewer: Viewer, id: string): Promise<PtySessionView> {
  return viewOf(ports, await findKnownPtySession(ports, viewer, id))
}

async function findStarter({ store }: ReachPorts, name: string): Promise<number | 'nobody'> {
  const asAdmin = /^admin:(.+)$/s.exec(name)?.[1]
  const account =
    asAdmin === undefined
      ? ((await store.accountByName(name, 'user')) ?? (await store.accountByName(name, 'admin')))
      : await store.accountByName(asAdmin, 'admin')
  return account?.id ?? 'nobody'
}

async function viewOf(ports: ReachPorts, known: KnownPtySession): Promise<PtySessionView> {
  const { ptySession, attachments } = known
  const watching = attachments.filter(({ role, leftAtMs }) => role === 'observer' && leftAtMs === null)
  const implementorId = ptySession.implementorAccountId
  return {
    ...known,
    startedBy: await nameOf(ports, known, ptySession.startedByAccountId),
    implementor: implementorId === null ? null : await nameOf(ports, known, implementorId),
    observers: [...new Set(watching.map(({ username }) => username))],
  }
}

/** A removed account has the name that it was attached under, or its number. */
async function nameOf({ store }: ReachPorts, { attachments }: KnownPtySession, accountId: number): Promise<string> {
  const attached = attachments.find((one) => one.accountId === accountId)
  return attached?.username ?? (await store.accountById(accountId))?.username ?? `account ${accountId}`
}
