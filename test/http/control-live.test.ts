/** Tests watching a running terminal. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import type { Terminals } from '../../src/http/context.ts'
import { auditTrail } from '../fixtures/control-calls.ts'
import { type Person, type PtyWorld, ptyWorld, signedIn } from '../fixtures/pty-world.ts'
import { auditOf, startMs } from '../fixtures/records.ts'
import { asking, controlOver, controlWithoutTrail } from '../fixtures/terminals-in-memory.ts'

let world: PtyWorld

before(async () => {
  world = await ptyWorld()
})

after(() => world.close())

async function readings(): Promise<(readonly [unknown, unknown, unknown])[]> {
  const events = (await auditTrail(world.sallyport)).filter(({ action }) => action === 'recording-read')
  return events.map(({ username, subject, detail }) => [username, subject, detail])
}

async function setGroups(username: string, change: { addGroups?: string[]; removeGroups?: string[] }): Promise<void> {
  const { store } = world.sallyport.ports
  const account = (await store.accountByName(username, 'user')) ?? assert.fail()
  const input = { accountId: account.id, change, rotation: null, seen: null, nowMs: startMs }
  await store.execute('changeAccount', { ...input, audit: auditOf('account-change') })
}

/** Watches over a socket; `next` resolves with the next line, or null at the end. */
async function follow(
  by: Person,
  id: string,
): Promise<{
  readonly status: number
  readonly next: () => Promise<string | null>
  readonly leave: () => Promise<void>
}> {
  const url = await listening()
  const response = await fetch(`${url}/api/v1/pty_sessions/${id}/live`, {
    headers: { authorization: `Bearer ${by.token}` },
  })
  const reader = response.body?.getReader() ?? assert.fail()
  return {
    status: response.status,
    next: async () => {
      const { value } = await reader.read()
      return value === undefined ? null : new TextDecoder().decode(value)
    },
    leave: () => reader.cancel(),
  }
}

let address: Promise<string> | undefined

function listening(): Promise<string> {
  address ??= world.app.listen({ host: '127.0.0.1', port: 0 })
  return address
}

async function running(by: Person): Promise<string> {
  const { id } = await world.open(by)
  world.terminals.run(id)
  return id
}

test('PTY-13, PTY-14, PTY-12 an account that may observe gets lines as they happen, until the terminal ends', async () => {
  const { ada, bob } = world.people
  const id = await running(ada)
  const before = (await readings()).length
  const live = await follow(bob, id)
  assert.deepEqual((await readings()).slice(before), [['bob', `pty_session:${id}`, { as: 'live' }]])
  assert.deepEqual(world.terminals.followersOf(id), [{ accountId: bob.account.id }])
  for (const line of ['[0,"o","a"]\n', '[1,"o","b"]\n']) {
    world.terminals.say(id, line)
    assert.equal(await live.next(), line)
  }
  world.terminals.end(id)
  assert.equal(await live.next(), null)
})

test('PTY-13 a PTY session that is not open, has ended, runs elsewhere, or may not be observed cannot be watched', async () => {
  const { ada, bob, eve, root } = world.people
  const watch = async (by: Person, id: string) => {
    const { status, body } = await world.ask(by, { path: `/api/v1/pty_sessions/${id}/live` })
    return [status, body.type]
  }
  const waiting = await world.start(ada)
  const { id: over } = await world.open(ada)
  await world.finish(over)
  const { id: elsewhere } = await world.open(ada)
  const id = await running(ada)
  await world.watch(eve, id)
  assert.deepEqual(
    [
      await watch(bob, waiting.id),
      await watch(ada, over),
      await watch(bob, elsewhere),
      await watch(root, id),
      await watch(eve, id),
    ],
    [
      [409, 'pty-session-not-active'],
      [409, 'pty-session-not-active'],
      [404, 'recording-not-found'],
      [403, 'observer-denied'],
      [403, 'observer-denied'],
    ],
  )
  assert.deepEqual(world.terminals.followersOf(id), [])
})

test('PTY-14 no line follows the end of the token of the request', async () => {
  const { ada } = world.people
  const bob = await signedIn(world.sallyport, 'bob')
  const id = await running(ada)
  const live = await follow(bob, id)
  world.terminals.say(id, 'before')
  assert.equal(await live.next(), 'before')
  assert.equal((await world.ask(bob, { method: 'DELETE', path: '/api/v1/sessions/current' })).status, 204)
  world.terminals.say(id, 'after')
  assert.equal(await live.next(), null)
  assert.deepEqual(world.terminals.followersOf(id), [])
})

test('PTY-14 no line follows the loss of the group that allowed to watch; after another change the lines go on', async () => {
  const { ada, bob } = world.people
  const id = await running(ada)
  const live = await follow(bob, id)
  await setGroups('bob', { addGroups: ['other'] })
  world.terminals.say(id, 'still')
  assert.equal(await live.next(), 'still')
  await setGroups('bob', { removeGroups: ['ops'] })
  world.terminals.say(id, 'after')
  assert.equal(await live.next(), null)
  await setGroups('bob', { addGroups: ['ops'], removeGroups: ['other'] })
})

test('PTY-14 a client that disconnects is no follower any more', async () => {
  const { ada, bob } = world.people
  const id = await running(ada)
  const live = await follow(bob, id)
  world.terminals.say(id, 'line')
  await live.next()
  await live.leave()
  await world.terminals.unfollowed(id)
  assert.deepEqual(world.terminals.followersOf(id), [])
})

for (const place of ['preHandler', 'serverByName']) {
  test(`PTY-12, PTY-14 a client that disconnects at ${place}, before its first byte, is no follower and writes no audit event`, async (t) => {
    const { ada, bob } = world.people
    const id = await running(ada)
    const reached = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    const letIn = Promise.withResolvers<boolean>()
    const places: string[] = []
    const pass = async (name: string): Promise<void> => {
      places.push(name)
      if (name !== place) return
      reached.resolve()
      await gone.promise
    }
    const report = (signal: AbortSignal): void => letIn.resolve(signal.aborted)
    const app = controlOver(asking(world.sallyport, pass), reporting(report))
    app.addHook('preHandler', () => pass('preHandler'))
    t.after(() => app.close())
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const connection = once(app.server, 'connection')
    const request = get(`${url}/api/v1/pty_sessions/${id}/live`, { headers: { authorization: `Bearer ${bob.token}` } })
    request.on('error', () => undefined)
    await reached.promise
    const [socket]: Socket[] = await connection
    const closed = once(socket ?? assert.fail(), 'close')
    request.destroy()
    await closed
    gone.resolve()
    assert.deepEqual([await letIn.promise, world.terminals.followersOf(id)], [true, []])
    assert.ok(!places.includes('appendAudit'))
  })
}

/** Terminals that report each new follower to the test. */
function reporting(report: (signal: AbortSignal) => void): Terminals {
  const { terminals } = world
  return {
    hasRecording: (id) => terminals.hasRecording(id),
    exportRecording: (id) => terminals.exportRecording(id),
    follow: (id, follower, signal) => {
      report(signal)
      return terminals.follow(id, follower, signal)
    },
  }
}

test('PTY-12 watching is refused if its audit event cannot be stored', async (t) => {
  const { ada, bob } = world.people
  const id = await running(ada)
  const app = controlWithoutTrail(world.sallyport, world.terminals)
  t.after(() => app.close())
  const answer = await app.inject({
    url: `/api/v1/pty_sessions/${id}/live`,
    headers: { host: '127.0.0.1', authorization: `Bearer ${bob.token}` },
  })
  assert.deepEqual([answer.statusCode, world.terminals.followersOf(id)], [500, []])
})

test('PTY-14 a server that closes ends the answers of followers', async () => {
  const { ada, bob } = world.people
  const id = await running(ada)
  const app = controlOver(world.sallyport, world.terminals)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(`${url}/api/v1/pty_sessions/${id}/live`, {
    headers: { authorization: `Bearer ${bob.token}` },
  })
  const ended = response.text()
  await app.close()
  assert.deepEqual([await ended, world.terminals.followersOf(id)], ['', []])
})
