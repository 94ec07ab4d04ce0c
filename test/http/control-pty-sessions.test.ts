/** Tests listing, showing and ending PTY sessions. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { PtySessionDetail, PtySessionItem, PtySessionList } from '../../src/protocol/control.ts'
import { auditTrail, enrol, goodPassword } from '../fixtures/control-calls.ts'
import { type Person, type PtyWorld, ptyWorld, signedIn } from '../fixtures/pty-world.ts'
import { auditOf, startMs } from '../fixtures/records.ts'

let world: PtyWorld

before(async () => {
  world = await ptyWorld()
})

after(() => world.close())

const change = { purpose: 'change_request', changeId: 'CR1' } as const

async function list(by: Person, query = ''): Promise<PtySessionList> {
  const answer = await world.ask(by, { path: `/api/v1/pty_sessions${query}` })
  assert.equal(answer.status, 200)
  return answer.body as unknown as PtySessionList
}

async function idsOf(by: Person, query = ''): Promise<string[]> {
  return (await list(by, query)).items.map(({ id }) => id)
}

async function detail(by: Person, id: string): Promise<PtySessionDetail> {
  const answer = await world.ask(by, { path: `/api/v1/pty_sessions/${id}` })
  assert.equal(answer.status, 200)
  return answer.body as unknown as PtySessionDetail
}

function end(by: Person | null, id: string): ReturnType<PtyWorld['ask']> {
  return world.ask(by, { method: 'POST', path: `/api/v1/pty_sessions/${id}/end` })
}

test('PTY-1 an item has every member of a PTY session, its implementor and its observers', async () => {
  const { ada, bob } = world.people
  const { id } = await world.open(ada, { ...change, createdAtMs: startMs + 5 })
  world.terminals.record(id, '')
  await world.watch(bob, id)
  await world.watch(bob, id)
  await world.leave(await world.watch(ada, id))
  const expected: PtySessionItem = {
    id,
    state: 'active',
    purpose: 'change_request',
    change_id: 'CR1',
    server: 'web-1',
    os_user: 'ops',
    started_by: 'ada',
    implementor: 'ada',
    observers: ['bob'],
    created_at: new Date(startMs + 5).toISOString(),
    active_at: new Date(startMs).toISOString(),
    closed_at: null,
    end: null,
    exit_code: null,
    recording: true,
  }
  const { items } = await list(ada, '?change_id=CR1')
  assert.deepEqual(
    items.find((item) => item.id === id),
    expected,
  )
})

test('PTY-1 an account sees the PTY sessions that it may see, and an administrator sees all', async () => {
  const { ada, bob, eve, kit, root } = world.people
  const serverName = `host-${randomUUID()}`
  const started = await world.open(eve, { serverName })
  const attached = await world.open(bob, { serverName, ...change, createdAtMs: startMs + 1 })
  await world.watch(ada, attached.id)
  const other = await world.open(bob, { serverName, createdAtMs: startMs + 2 })
  const query = `?server=${serverName}`
  const all = [other.id, attached.id, started.id]
  assert.deepEqual(
    [await idsOf(eve, query), await idsOf(ada, query), await idsOf(bob, query), await idsOf(kit, query)],
    [[started.id], [attached.id], [other.id, attached.id], []],
  )
  assert.deepEqual(await idsOf(root, query), all)
  const reached = (await world.open(bob, { serverName: 'web-1', createdAtMs: startMs + 9 })).id
  const foreign = (await world.open(bob, { serverName: 'web-1', ...change, changeId: 'CR2' })).id
  const listed = await idsOf(ada, '?server=web-1&limit=100')
  assert.deepEqual([listed.includes(reached), listed.includes(foreign)], [true, false])
})

test('PTY-1, PTY-5 an account that a policy names as observer sees the PTY session, and no other member of that group does', async () => {
  const { store } = world.sallyport.ports
  const { bob, kit } = world.people
  const set = (from: readonly string[] | null) =>
    store.execute('setPolicy', {
      subject: { kind: 'change', name: 'CR1' },
      policy: from === null ? null : { observers: { count: 1, from } },
      nowMs: startMs,
      audit: auditOf('policy'),
    })
  const { id } = await world.open(bob, { ...change, createdAtMs: startMs + 20 })
  const { id: health } = await world.open(bob, { createdAtMs: startMs + 21 })
  for (const later of [22, 23]) await world.open(bob, { createdAtMs: startMs + later })
  const path = `/api/v1/pty_sessions/${id}`
  const seen = async () => [await idsOf(kit), (await world.ask(kit, { path })).status]
  assert.deepEqual(await seen(), [[], 404])
  await set(['audit'])
  const known = await idsOf(kit)
  assert.deepEqual(
    [known.includes(id), known.includes(health), (await world.ask(kit, { path })).status],
    [true, false, 200],
  )
  // A hidden one between them takes no place on a page.
  assert.deepEqual(await idsOf(kit, '?limit=1'), [id])
  await set(['others'])
  assert.deepEqual(await seen(), [[], 404])
  await set(null)
})

test('PTY-2 pages have every PTY session once, even if others start between them', async () => {
  const { ada, eve } = world.people
  const serverName = `host-${randomUUID()}`
  const added: string[] = []
  for (let index = 0; index < 7; index += 1) {
    // Two of one millisecond, and one of another account between them, which takes no place on a page.
    added.unshift((await world.start(ada, { serverName, createdAtMs: startMs + (index >> 1) })).id)
    await world.start(eve, { serverName, createdAtMs: startMs + (index >> 1) })
  }
  for (const limit of [1, 2, 3, 6, 7, 8]) {
    const found: string[] = []
    const sizes: number[] = []
    let next: string | null = ''
    while (next !== null) {
      const page: PtySessionList = await list(
        ada,
        `?server=${serverName}&limit=${limit}${next === '' ? '' : `&after=${next}`}`,
      )
      found.push(...page.items.map(({ id }) => id))
      sizes.push(page.items.length)
      next = page.next
      await world.start(eve, { serverName, createdAtMs: startMs + 100 })
    }
    assert.deepEqual([new Set(found), found.length], [new Set(added), 7])
    assert.deepEqual(sizes.slice(0, -1), sizes.slice(0, -1).fill(limit))
  }
})

test('PTY-2 a page has 20 items by default', async () => {
  const { ada } = world.people
  const serverName = `host-${randomUUID()}`
  for (let index = 0; index < 21; index += 1) await world.start(ada, { serverName })
  const page = await list(ada, `?server=${serverName}`)
  assert.deepEqual([page.items.length, typeof page.next], [20, 'string'])
})

test('PTY-3 every filter narrows the list', async () => {
  const { ada, bob, root } = world.people
  const server = `host-${randomUUID()}`
  const [created, active, closed] = [
    (await world.start(ada, { serverName: server, createdAtMs: startMs })).id,
    (await world.open(bob, { serverName: server, createdAtMs: startMs + 1_000, ...change })).id,
    (await world.open(ada, { serverName: server, createdAtMs: startMs + 2_000, ...change, changeId: 'CR2' })).id,
  ]
  await world.finish(closed)
  const at = (ms: number) => encodeURIComponent(new Date(startMs + ms).toISOString())
  const filters: readonly (readonly [string, readonly string[]])[] = [
    ['', [closed, active, created]],
    ['&state=created', [created]],
    ['&state=active', [active]],
    ['&state=closed', [closed]],
    ['&purpose=health_check', [created]],
    ['&purpose=change_request', [closed, active]],
    ['&change_id=CR1', [active]],
    ['&started_by=ada', [closed, created]],
    ['&started_by=ada&state=closed', [closed]],
    ['&started_by=nobody', []],
    ['&started_by=admin:root', []],
    ['&change_id=CR9', []],
    [`&created_from=${at(1_000)}`, [closed, active]],
    [`&created_to=${at(1_000)}`, [created]],
    [`&created_from=${at(1_000)}&created_to=${at(2_000)}`, [active]],
    [
      `&created_from=${encodeURIComponent(new Date(startMs + 1_000).toISOString().replace('Z', '+00:00'))}`,
      [closed, active],
    ],
  ]
  for (const [query, ids] of filters) {
    assert.deepEqual([query, await idsOf(root, `?server=${server}${query}`)], [query, ids])
  }
  const admin = await world.start(root, { serverName: server })
  assert.deepEqual(await idsOf(root, `?server=${server}&started_by=admin:root`), [admin.id])
  assert.deepEqual(await idsOf(root, `?server=${server}&started_by=root`), [admin.id])
})

const wrongValues: readonly (readonly [query: string, parameter: string])[] = [
  ['state=open', 'state'],
  ['purpose=iexpress', 'purpose'],
  ['state=active&state=closed', 'state'],
  ['server=', 'server'],
  ['limit=0', 'limit'],
  ['limit=101', 'limit'],
  ['limit=1.5', 'limit'],
  ['limit=', 'limit'],
  ['created_from=yesterday', 'created_from'],
  ['created_to=2026-13-01T00:00:00Z', 'created_to'],
  ['created_to=2026-01-01', 'created_to'],
  ['after=x', 'after'],
  ['after=', 'after'],
]

for (const [query, parameter] of wrongValues) {
  test(`PTY-4 ${query} is refused with the name of its parameter`, async () => {
    const { status, headers, body } = await world.ask(world.people.ada, { path: `/api/v1/pty_sessions?${query}` })
    const { fields } = body as unknown as { readonly fields: readonly { readonly field: string }[] }
    assert.deepEqual(
      [status, headers['content-type'], new Set(fields.map(({ field }) => field))],
      [400, 'application/problem+json', new Set([parameter])],
    )
  })
}

const idPaths: readonly (readonly ['GET' | 'POST', string])[] = [
  ['GET', ''],
  ['POST', '/end'],
  ['GET', '/recording'],
  ['GET', '/live'],
]

for (const [method, rest] of idPaths) {
  test(`PTY-5 ${method} /{id}${rest} answers another account like an unknown PTY session, and needs a token`, async () => {
    const { ada, eve, kit } = world.people
    const { id } = await world.open(ada)
    world.terminals.record(id, 'secret')
    world.terminals.run(id)
    const ask = (by: Person | null, wanted: string) =>
      world.ask(by, { method, path: `/api/v1/pty_sessions/${wanted}${rest}` })
    const [foreign, absent, odd] = [await ask(eve, id), await ask(eve, randomUUID()), await ask(eve, '%00..%2f')]
    assert.deepEqual(
      [foreign, absent, odd].map(({ status, body }) => [status, body.type]),
      Array.from({ length: 3 }, () => [404, 'pty-session-not-found']),
    )
    assert.deepEqual(foreign.body, absent.body)
    assert.equal((await ask(kit, id)).status, 404)
    assert.equal((await ask(null, id)).status, 401)
    assert.deepEqual([(await detail(ada, id)).state, world.terminals.followersOf(id)], ['active', []])
  })
}

test('PTY-6 a closed PTY session has its end and its attachments with their times', async () => {
  const { ada, bob } = world.people
  const { id, attachmentId } = await world.open(ada)
  const watching = await world.watch(bob, id)
  await world.leave(watching)
  await world.finish(id)
  const at = (ms: number) => new Date(startMs + ms).toISOString()
  const common = { ip: '192.0.2.7', joined_at: at(0) }
  const attachments = [
    {
      ...common,
      id: attachmentId,
      username: 'ada',
      role: 'implementor' as const,
      left_at: at(1),
      cause: 'shell-exit',
    },
    { ...common, id: watching, username: 'bob', role: 'observer' as const, left_at: at(0), cause: 'left' },
  ].sort((one, other) => (one.id < other.id ? -1 : 1))
  assert.deepEqual(await detail(ada, id), {
    id,
    state: 'closed',
    purpose: 'health_check',
    change_id: null,
    server: 'web-1',
    os_user: 'ops',
    started_by: 'ada',
    implementor: null,
    observers: [],
    created_at: at(0),
    active_at: at(0),
    closed_at: at(1),
    end: { reason: 'shell-exit', sentence: 'The shell has ended.' },
    exit_code: 0,
    recording: false,
    attachments,
  })
})

test('PTY-6 a removed account keeps the name of its attachment, and other accounts keep their numbers', async () => {
  const { sallyport, people } = world
  const { store } = sallyport.ports
  await sallyport.addAccount({ username: 'zoe', password: goodPassword })
  const zoe = await signedIn(sallyport, 'zoe')
  const [opened, started] = [await world.open(zoe), await world.start(zoe)]
  await store.execute('removeAccount', {
    accountId: zoe.account.id,
    newEpoch: randomUUID(),
    nowMs: startMs,
    audit: auditOf('account-remove'),
  })
  const names = [(await detail(people.root, opened.id)).started_by, (await detail(people.root, started.id)).started_by]
  assert.deepEqual(names, ['zoe', `account ${zoe.account.id}`])
})

test('PTY-7 implementor, observer and administrator each end with an own reason, once, with an audit event', async () => {
  const { ada, bob, eve, root } = world.people
  const { store } = world.sallyport.ports
  const cases: readonly (readonly [Person, string])[] = [
    [ada, 'ended-by-implementor'],
    [eve, 'ended-by-observer'],
    [root, 'ended-by-admin'],
  ]
  for (const [by, reason] of cases) {
    const { id } = await world.open(ada)
    await world.watch(eve, id)
    const { seq } = await store.logHead()
    const before = (await auditTrail(world.sallyport)).length
    // An account that may see it and is no participant gets the same answer.
    assert.equal((await end(bob, id)).status, 404)
    const first = await end(by, id)
    assert.deepEqual([first.status, first.body], [204, ''])
    assert.equal((await end(by, id)).status, 204)
    assert.equal((await end(root, id)).status, 204)
    const written = (await auditTrail(world.sallyport)).slice(before)
    const { username } = by.account
    assert.deepEqual(
      written.map((event) => [event.action, event.username, event.subject, event.detail]),
      [['pty-end', username, `pty_session:${id}`, { reason }]],
    )
    assert.equal((await store.logHead()).seq, seq + 1)
    assert.equal((await store.ptySessionById(id))?.endReason, reason)
    // It has ended once its node has written the end.
    assert.deepEqual([(await detail(ada, id)).state, (await detail(ada, id)).end], ['active', null])
    await world.finish(id)
    assert.equal((await detail(ada, id)).end?.reason, reason)
    assert.equal((await end(by, id)).status, 204)
  }
})

test('PTY-7 a PTY session that was never opened ends at once when its starter ends it', async () => {
  const { ada } = world.people
  const started = await world.start(ada)
  assert.equal((await end(ada, started.id)).status, 204)
  const over = await detail(ada, started.id)
  assert.deepEqual([over.state, over.end?.reason], ['closed', 'ended-by-implementor'])
})

test('PTY-7 without an implementor the last one may end it, and an observer who left may not', async () => {
  const { ada, bob, eve } = world.people
  const { id, attachmentId } = await world.open(ada)
  await world.leave(await world.watch(eve, id))
  await world.leave(attachmentId)
  assert.deepEqual([(await end(eve, id)).status, (await end(bob, id)).status], [404, 404])
  assert.equal((await end(ada, id)).status, 204)
})

test('PTY-7 the starter may not end a session that another implementor has taken over', async () => {
  const { ada, bob } = world.people
  const { store } = world.sallyport.ports
  const { id, attachmentId } = await world.open(ada)
  await world.leave(attachmentId)
  await store.execute('retakePtySlot', { ptySessionId: id, accountId: bob.account.id })
  assert.deepEqual([(await end(ada, id)).status, (await end(bob, id)).status], [404, 204])
})

test('PTY-15 a session that did not prove the second factor of its account cannot end, read or watch', async () => {
  const { sallyport } = world
  await sallyport.addAccount({ username: 'max', password: goodPassword, groups: ['ops'] })
  const { token } = await signedIn(sallyport, 'max')
  await enrol(sallyport, token)
  const { id } = await world.open(world.people.ada)
  const max = { ...world.people.ada, token }
  const statuses = []
  for (const [method, rest] of idPaths.slice(1)) {
    const answer = await world.ask(max, { method, path: `/api/v1/pty_sessions/${id}${rest}` })
    statuses.push([answer.status, answer.body.type])
  }
  assert.deepEqual(
    statuses,
    Array.from({ length: 3 }, () => [403, 'second-factor-not-proven']),
  )
})
