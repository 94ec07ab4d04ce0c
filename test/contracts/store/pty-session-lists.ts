/** Store contract: lists of PTY sessions: filters, order and pages. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Store } from '../../../src/core/store.ts'
import { noPolicySubjects } from '../../../src/core/terminals/pty-session-reach.ts'
import type { PolicySubjects, PtySession, PtySessionFilter } from '../../../src/core/terminals/server.ts'
import { auditOf, changeRequest, everyPtySession, server, startMs } from '../../fixtures/records.ts'
import type { OpenStore, Shared } from './harness.ts'
import { attach, type Caller, joinedBy, signedIn, startedBy } from './pty-harness.ts'

/** Registers the tests. */
export function ptySessionListRules(shared: Shared, open: OpenStore): void {
  test('STO-246 pages of any size list every PTY session once, the newest first, while others are added', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (offsets, limit) => {
          const serverName = `web-${randomUUID()}`
          const add = (createdAtMs: number) => startedBy(store, caller, { serverName, createdAtMs })
          const added: PtySession[] = []
          for (const offset of offsets) added.push((await add(startMs + offset)).ptySession)
          const found: PtySession[] = []
          for (;;) {
            const before = found.at(-1) ?? null
            const page = await store.ptySessions({ ...everyPtySession, serverName }, { limit, before })
            found.push(...page)
            if (page.length < limit) break
            await add(startMs + 5)
          }
          assert.deepEqual(found, added.sort(newestFirst))
        },
      ),
      { numRuns: 15 },
    )
  })

  test('STO-246 a list has the PTY sessions that match every member of its filter, and no others', async () => {
    await using opened = await open()
    const { store } = opened
    const [caller, other] = [await signedIn(store), await signedIn(store)]
    const change = { purpose: 'change_request', changeId: 'CHG-1' } as const
    const [active, changed, closed] = [
      await startedBy(store, caller, { createdAtMs: startMs + 1 }),
      await startedBy(store, other, { createdAtMs: startMs + 2, serverName: 'db-1', ...change }),
      await startedBy(store, caller, { createdAtMs: startMs + 3, ...change, changeId: 'CHG-2' }),
    ]
    await attach(store, active.token)
    const end = { id: closed.ptySession.id, reason: 'ended-by-admin', nowMs: startMs } as const
    await store.execute('endPtySession', { ...end, audit: auditOf('pty-end') })
    const names = new Map(
      Object.entries({ active, changed, closed }).map(([name, { ptySession }]) => [ptySession.id, name]),
    )
    const list = async (filter: Partial<PtySessionFilter>) => {
      const listed = await store.ptySessions({ ...everyPtySession, ...filter }, { limit: 20, before: null })
      return listed.map(({ id }) => names.get(id)).join(' ')
    }
    const wanted: readonly (readonly [Partial<PtySessionFilter>, string])[] = [
      [{}, 'closed changed active'],
      [{ state: 'created' }, 'changed'],
      [{ state: 'active' }, 'active'],
      [{ state: 'closed' }, 'closed'],
      [{ purpose: 'change_request' }, 'closed changed'],
      [{ purpose: 'health_check' }, 'active'],
      [{ changeId: 'CHG-1' }, 'changed'],
      [{ serverName: 'web-1' }, 'closed active'],
      [{ startedByAccountId: caller.account.id }, 'closed active'],
      [{ createdFromMs: startMs + 2 }, 'closed changed'],
      [{ createdToMs: startMs + 2 }, 'active'],
      [{ createdFromMs: startMs + 2, createdToMs: startMs + 3 }, 'changed'],
      [{ serverName: 'web-1', purpose: 'change_request', state: 'closed' }, 'closed'],
      [{ serverName: 'web-1', startedByAccountId: other.account.id }, ''],
    ]
    for (const [filter, names] of wanted) assert.deepEqual([filter, await list(filter)], [filter, names])
  })

  test('STO-247 a reach has what the account started, was attached to, and PTY sessions on its servers under its changes', async () => {
    const { store } = shared()
    const [caller, other] = [await signedIn(store), await signedIn(store)]
    const [mine, web, change, group] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    const listing = { groups: [group] }
    await store.execute('addServer', { server: server({ name: web, ...listing }), audit: auditOf('server') })
    await store.execute('addChange', {
      change: changeRequest({ id: change, ...listing }),
      audit: auditOf('change-request'),
    })
    const start = (by: Caller, serverName: string, changeId: string | null = null) =>
      startedBy(store, by, { serverName, changeId, purpose: changeId === null ? 'health_check' : 'change_request' })
    const visible = [
      await start(caller, mine, randomUUID()),
      await start(other, web),
      await start(other, web, change),
      await start(other, mine),
    ]
    const watched = visible[3] ?? assert.fail()
    await attach(store, watched.token)
    const watching = await joinedBy(store, caller, { ptySessionId: watched.ptySession.id })
    const detached = { attachmentId: await attach(store, watching), cause: 'left', freesSlot: false, nowMs: startMs }
    await store.execute('detachPtyAttachment', { ...detached, audit: auditOf('pty-detach') })
    await start(other, mine)
    await start(other, mine, change)
    await start(other, web, randomUUID())
    const reach = { accountId: caller.account.id, groups: [group, 'another'], watched: noPolicySubjects }
    const found = await idsIn(store, { ...everyPtySession, reach })
    assert.deepEqual(found, new Set(visible.map(({ ptySession }) => ptySession.id)))
    const outsider = { accountId: (await signedIn(store)).account.id, groups: ['another'], watched: noPolicySubjects }
    assert.deepEqual(await idsIn(store, { ...everyPtySession, reach: outsider }), new Set())
    const watchedIn = async (watched: Partial<PolicySubjects>): Promise<number> =>
      (await idsIn(store, { ...everyPtySession, reach: { ...outsider, watched: { ...noPolicySubjects, ...watched } } }))
        .size
    assert.deepEqual(
      [
        await watchedIn({ groups: [group] }),
        await watchedIn({ serverNames: [web] }),
        await watchedIn({ changeIds: [change] }),
      ],
      [4, 3, 2],
    )
  })
}

async function idsIn(store: Store, filter: PtySessionFilter): Promise<Set<string>> {
  return new Set((await store.ptySessions(filter, { limit: 100, before: null })).map(({ id }) => id))
}

function newestFirst(one: PtySession, other: PtySession): number {
  return other.createdAtMs - one.createdAtMs || (one.id < other.id ? 1 : -1)
}
