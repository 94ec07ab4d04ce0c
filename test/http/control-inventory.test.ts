/** control: the servers and change requests that the caller may work on now. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ChangeRequest } from '../../src/core/terminals/server.ts'
import type { ChangeRequestList, ServerList } from '../../src/protocol/control.ts'
import { type Person, type PtyWorld, ptyWorld } from '../fixtures/pty-world.ts'
import { auditOf, changeRequest, server, startMs } from '../fixtures/records.ts'

let world: PtyWorld

before(async () => {
  world = await ptyWorld()
})

after(() => world.close())

async function get(by: Person, path: string): Promise<unknown> {
  const answer = await world.ask(by, { path: `/api/v1/${path}` })
  assert.equal(answer.status, 200)
  return answer.body
}

async function addChange(parts: Partial<ChangeRequest>): Promise<ChangeRequest> {
  const window = { startsAtMs: startMs - 1, endsAtMs: startMs + 1, state: 'approved' } as const
  const change = changeRequest({ servers: ['web-1'], groups: ['ops'], ...window, ...parts })
  await world.sallyport.ports.store.execute('addChange', { change, audit: auditOf('change-request') })
  return change
}

test('PTY-16 only servers that list a group of the caller are listed, without their keys', async () => {
  const { ada, eve, root } = world.people
  const { store } = world.sallyport.ports
  const web = (await store.serverByName('web-1')) ?? assert.fail()
  const item = {
    name: 'web-1',
    address: web.address,
    port: 22,
    os_users: ['ops'],
    transport: 'ssh' as const,
    groups: ['ops'],
  }
  assert.deepEqual(await get(ada, 'servers'), { items: [item], next: null })
  // Administrators also reach servers only through their groups.
  for (const by of [eve, root]) assert.deepEqual(await get(by, 'servers'), { items: [], next: null })
  assert.equal((await world.ask(null, { path: '/api/v1/servers' })).status, 401)
})

test('PTY-16 pages of servers are sorted by name, and none is skipped or repeated while others are added', async () => {
  const { store } = world.sallyport.ports
  const { kit } = world.people
  const add = (name: string) =>
    store.execute('addServer', { server: server({ name, groups: ['audit'] }), audit: auditOf('server') })
  for (const name of ['c', 'a', 'e', 'b', 'd']) await add(name)
  const first = (await get(kit, 'servers?limit=2')) as ServerList
  await add('aa')
  const second = (await get(kit, `servers?limit=2&after=${first.next}`)) as ServerList
  const third = (await get(kit, `servers?limit=2&after=${second.next}`)) as ServerList
  assert.deepEqual(
    [first, second, third].map(({ items, next }) => [items.map(({ name }) => name).join(' '), next]),
    [
      ['a b', 'b'],
      ['c d', 'd'],
      ['e', null],
    ],
  )
})

for (const query of ['limit=0', 'limit=x', 'limit=1000']) {
  test(`PTY-4 ${query} is refused in the lists of the inventory too`, async () => {
    for (const list of ['servers', 'change_requests']) {
      const { status, body } = await world.ask(world.people.ada, { path: `/api/v1/${list}?${query}` })
      const { fields } = body as unknown as { readonly fields: readonly { readonly field: string }[] }
      assert.deepEqual([status, fields.map(({ field }) => field)], [400, ['limit']])
    }
  })
}

test('PTY-17 a change request is listed with all its members and the PTY sessions that the caller may see', async () => {
  const { ada, bob, kit, eve } = world.people
  const change = await addChange({
    id: 'CR-full',
    summary: 'a drill',
    servers: ['web-1', 'db-1'],
    osUsers: ['ops', 'root'],
    groups: ['ops', 'dba'],
  })
  const under = { purpose: 'change_request', changeId: change.id } as const
  const older = await world.open(bob, under)
  const newer = await world.open(ada, { ...under, createdAtMs: startMs + 1 })
  await world.open(bob, { ...under, serverName: 'db-1' })
  const { items } = (await get(ada, 'change_requests')) as ChangeRequestList
  assert.deepEqual(
    items.find(({ id }) => id === change.id),
    {
      id: 'CR-full',
      summary: 'a drill',
      starts_at: new Date(change.startsAtMs).toISOString(),
      ends_at: new Date(change.endsAtMs).toISOString(),
      state: 'approved',
      servers: ['web-1', 'db-1'],
      os_users: ['ops', 'root'],
      groups: ['ops', 'dba'],
      pty_sessions: [newer.id, older.id],
    },
  )
  for (const by of [kit, eve]) assert.deepEqual(await get(by, 'change_requests'), { items: [], next: null })
})

test('PTY-17 only change requests under which the caller may work now are listed', async () => {
  const { ada } = world.people
  const reachable = await addChange({ id: 'CR-a' })
  await addChange({ id: 'CR-requested', state: 'requested' })
  await addChange({ id: 'CR-closed', state: 'closed' })
  await addChange({ id: 'CR-over', startsAtMs: startMs - 2, endsAtMs: startMs })
  await addChange({ id: 'CR-early', startsAtMs: startMs, endsAtMs: startMs + 2 })
  await addChange({ id: 'CR-group', groups: ['dba'] })
  await addChange({ id: 'CR-server', servers: ['db-1'] })
  await addChange({ id: 'CR-user', osUsers: ['nobody'] })
  const { items } = (await get(ada, 'change_requests')) as ChangeRequestList
  assert.deepEqual(
    items.map(({ id }) => id),
    ['CR-a', 'CR-full', 'CR1'].filter((id) => id === reachable.id || items.some((item) => item.id === id)),
  )
  const page = (await get(ada, 'change_requests?limit=1')) as ChangeRequestList
  const next = (await get(ada, `change_requests?limit=1&after=${page.next}`)) as ChangeRequestList
  assert.deepEqual([page.items, page.next, next.items.length], [items.slice(0, 1), 'CR-a', 1])
})
