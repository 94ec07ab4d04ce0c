/** Attacks by two requests at once: in every order, no user without access is attached, and no shell is left. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { after, afterEach, before, test } from 'node:test'
import { addChange, setChangeState } from '../../src/core/terminals/inventory.ts'
import { systemTimers } from '../../src/terminals/timers.ts'
import { LocalTransport } from '../../src/terminals/transports/local.ts'
import { SpawnBound } from '../../src/terminals/transports/spawn-bound.ts'
import type { Transport } from '../../src/terminals/transports/transport.ts'
import { call } from '../fixtures/control-calls.ts'
import { whyNoPty } from '../fixtures/pty.ts'
import { changeRequest } from '../fixtures/records.ts'
import { activeSessions, attachedInStore, comeBack, nothingLeft, quickHash } from '../fixtures/terminal-attack.ts'
import { closedInStore } from '../fixtures/terminal-ends.ts'
import { type Closing, openTerminalSocket, type TerminalSocket } from '../fixtures/terminal-socket.ts'
import { type TerminalWorld, type Ticket, terminalWorld } from '../fixtures/terminal-world.ts'

const skip = whyNoPty()
const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const osUser = userInfo().username

/** Twelve in every run; SALLYPORT_TERMINAL_ROUNDS=500 for the long form. */
const rounds = Number(process.env.SALLYPORT_TERMINAL_ROUNDS ?? 12)
const options = { skip, timeout: 60_000 * Math.max(1, rounds / 12) }

let world: TerminalWorld

before(async () => {
  const bound = new SpawnBound(systemTimers)
  const local = new LocalTransport({ timers: systemTimers, bound, isAllowed: async () => null })
  // A login shell that is killed while it begins could leave locks of its user's profile behind.
  const transport: Transport = {
    open: (wanted, listener) => local.open({ ...wanted, command: 'exec /bin/sh -i' }, listener),
    close: () => local.close(),
  }
  world = await terminalWorld({ transport, osUser, start: quickHash })
})

after(() => world.close())

afterEach(async () => {
  for (const { id } of await activeSessions(world)) await endThroughApi(id)
  await nothingLeft(world)
  while ((await children()).length > 0) await new Promise((resolve) => setImmediate(resolve))
})

/** The processes that this one started and that are still there. */
async function children(): Promise<string[]> {
  const tasks = await readdir('/proc/self/task')
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8').catch(() => '')),
  )
  return lists
    .join(' ')
    .split(' ')
    .filter((id) => id !== '')
}

/** The processes of this machine that were started with a command line. */
async function running(commandLine: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    ids.map(async (id) =>
      (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')) === commandLine ? [id] : [],
    ),
  )
  return found.flat()
}

async function endThroughApi(id: string): Promise<void> {
  const path = `/api/v1/pty_sessions/${id}/end`
  assert.equal((await call(world, { method: 'POST', path, token: await world.signIn('root') })).status, 204)
}

async function signOut(token: string): Promise<void> {
  assert.equal((await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token })).status, 204)
}

/** Comes in with a ticket without waiting for anything; resolves once it is closed. */
function hasty(ticket: Ticket): { readonly socket: TerminalSocket; readonly closed: Promise<Closing> } {
  const socket = openTerminalSocket(ticket)
  const sent = socket.opened.then(() => socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } }))
  return { socket, closed: sent.then(() => socket.closed) }
}

/** Lets other things happen for a while that differs from round to round. */
async function stagger(round: number): Promise<void> {
  for (let turn = 0; turn < (round * 7) % 40; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves once the store has no attachment of these names. */
async function gone(...usernames: readonly string[]): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    (await attachedInStore(world)).some(({ username }) => usernames.includes(username))
  while (await isThere()) await stagger(1)
}

test('ATT-17 of a sign-out and a resume that race the sign-out wins', options, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const access = await world.signIn('ada')
    const ada = await world.enter(await world.start(access))
    ada.webSocket.terminate()
    await ada.closed
    const resumed = comeBack(world, ada)
    await stagger(round)
    await signOut(access)
    assert.ok([4401, 4404, 4423].includes((await (await resumed).closed).code))
    assert.equal((await closedInStore(world, ada.ptySessionId())).endReason, 'revoked')
    await gone('ada')
  }
})

test('ATT-17 of a sign-out and a take-over that race the sign-out wins', options, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const ada = await world.begin('ada')
    ada.send({ type: 'bye' })
    await ada.closed
    while ((await attachedInStore(world)).length > 0) await stagger(1)
    const access = await world.signIn('olga')
    const { closed } = hasty(await world.join(access, ada.ptySessionId(), 'implementor'))
    await stagger(round)
    await signOut(access)
    assert.ok([4401, 4404, 4423].includes((await closed).code))
    await gone('olga')
    await endThroughApi(ada.ptySessionId())
  }
})

test('ATT-17 a sign-out of whoever typed, and a take-over by another, leave none of the first', options, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const access = await world.signIn('ada')
    const ada = await world.enter(await world.start(access))
    const olga = hasty(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'observer'))
    ada.send({ type: 'control', control: { action: 'release' } })
    await stagger(round)
    await signOut(access)
    assert.equal((await ada.closed).code, 4423)
    await gone('ada')
    await endThroughApi(ada.ptySessionId()).catch(() => undefined)
    await olga.closed
  }
})

test('ATT-17 a sign-out between the token and the HELLO lets nothing be opened', options, async () => {
  const access = await world.signIn('ada')
  const socket = openTerminalSocket(await world.start(access))
  await socket.opened
  while ((await attachedInStore(world)).length === 0) await stagger(1)
  await signOut(access)
  socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  assert.equal((await socket.closed).code, 4423)
  await gone('ada')
  assert.deepEqual(await children(), [])
})

test('ATT-18 of a change that is closed and a socket that joins, the change wins', options, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const id = `CR-${round}`
    const now = world.clock.wallMs()
    const window = { startsAtMs: now - 60_000, endsAtMs: now + 60_000 }
    const input = { id, servers: ['web-1'], osUsers: [osUser], groups: ['ops'], state: 'requested', ...window } as const
    await addChange(world.ports, changeRequest(input), request)
    await setChangeState(world.ports, { id, state: 'approved' }, request)
    const body = { purpose: 'change_request', change_id: id, server: { os_user: osUser, server_ip: '10.0.0.1' } }
    const token = await world.signIn('ada')
    const started = await call(world, { method: 'POST', path: '/api/v1/pty_token/start', token, body })
    const ada = await world.enter(started.body)
    const olga = hasty(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'observer'))
    await stagger(round)
    await setChangeState(world.ports, { id, state: 'closed' }, request)
    assert.deepEqual([(await ada.closed).code, [4403, 4404, 4423].includes((await olga.closed).code)], [4423, true])
    assert.equal((await closedInStore(world, ada.ptySessionId())).endReason, 'access-changed')
    await gone('ada', 'olga')
  }
})

test('ATT-19 an end through the API wins against everything that happens at the same time', options, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const access = await world.signIn('ada')
    const ada = await world.enter(await world.start(access))
    const id = ada.ptySessionId()
    const otto = await world.enter(await world.join(await world.signIn('otto'), id, 'observer'))
    const olga = hasty(await world.join(await world.signIn('olga'), id, 'observer'))
    otto.webSocket.terminate()
    const resumed = otto.closed.then(() => comeBack(world, otto))
    const mark = `98765.${round}`
    for (let line = 0; line < 20; line += 1) ada.type(line % 2 === 0 ? `sleep ${mark} &\r` : 'yes | head -c 1000000\r')
    ada.send({ type: 'resize', cols: 100 + round, rows: 30 })
    await stagger(round)
    const acts = [endThroughApi(id), endThroughApi(id)]
    if (round % 3 === 0) acts.push(signOut(access))
    if (round % 3 === 1) ada.send({ type: 'bye' })
    await Promise.all(acts)
    await Promise.all([ada.closed, olga.closed, (await resumed).closed])
    assert.equal((await closedInStore(world, id)).state, 'closed')
    await gone('ada', 'olga', 'otto')
    assert.deepEqual(await running(`sleep\0${mark}\0`), [])
  }
})
