import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { changeAccount } from '../../../src/core/administration/administer-accounts.ts'
import { addServer, removeServer, setChangeState } from '../../../src/core/terminals/inventory.ts'
import type { Terminal, Transport } from '../../../src/terminals/transports/transport.ts'
import { auditTrail, call } from '../../fixtures/control-calls.ts'
import { EchoTransport } from '../../fixtures/echo-transport.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const

/** What reached the terminals, and those that run. */
const taken: string[] = []
const running = new Set<Terminal>()
const echo = new EchoTransport()

/** Echo terminals that keep what reached them. */
const transport: Transport = {
  open: async (request, listener) => {
    const terminal = await echo.open(request, listener)
    running.add(terminal)
    void terminal.exited.then(() => running.delete(terminal))
    return {
      write: (bytes) => {
        taken.push(Buffer.from(bytes).toString())
        return terminal.write(bytes)
      },
      drained: () => terminal.drained(),
      resize: (size) => terminal.resize(size),
      pause: () => terminal.pause(),
      resume: () => terminal.resume(),
      end: () => terminal.end(),
      exited: terminal.exited,
    }
  },
  close: () => echo.close(),
}

let world: TerminalWorld

before(async () => {
  world = await terminalWorld({ transport })
})

after(() => world.close())

async function watch(username: string, ptySessionId: string): Promise<{ socket: TerminalSocket; access: string }> {
  const access = await world.signIn(username)
  return { access, socket: await world.enter(await world.join(access, ptySessionId, 'observer')) }
}

async function signOut(access: string): Promise<void> {
  const { status } = await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token: access })
  assert.equal(status, 204)
}

test('GTW-15 once a sign-out is answered, nothing that is typed reaches the terminal, which ends with 4423', async () => {
  const access = await world.signIn('ada')
  const ada = await world.enter(await world.start(access))
  await ada.see('$ ')
  let typed = 0
  const typing = setInterval(() => {
    typed += 1
    if (ada.webSocket.readyState === ada.webSocket.OPEN) ada.type(`${typed}.`)
  }, 0)
  await ada.see('20.')
  await signOut(access)
  const takenAtAnswer = taken.length
  assert.equal((await ada.closed).code, 4423)
  clearInterval(typing)
  assert.equal(taken.length, takenAtAnswer)
  assert.equal(running.size, 0)
  const stored = await world.ports.store.ptySessionById(ada.ptySessionId())
  assert.deepEqual([stored?.state, stored?.endReason], ['closed', 'revoked'])
})

test('GTW-15 ending every session of an account, and disabling it, end its terminals', async () => {
  const access = await world.signIn('ada')
  const one = await world.enter(await world.start(access))
  await call(world, { method: 'DELETE', path: '/api/v1/sessions', token: access })
  assert.equal((await one.closed).code, 4423)
  const two = await world.begin('otto')
  const otto = await world.ports.store.accountByName('otto', 'user')
  assert.ok(otto)
  const how = { by: null, request }
  await changeAccount(world.ports, otto, { change: { status: 'disabled' }, how })
  assert.equal((await two.closed).code, 4423)
  const disabled = await world.ports.store.accountByName('otto', 'user')
  assert.ok(disabled)
  await changeAccount(world.ports, disabled, { change: { status: 'enabled' }, how })
})

test('GTW-16 an observer whose session ends loses its socket, and nothing else changes', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  const { socket: olga, access } = await watch('olga', ada.ptySessionId())
  await signOut(access)
  assert.equal((await olga.closed).code, 4423)
  await ada.next('event', ({ event }) => event.kind === 'left' && event.participant.username === 'olga')
  ada.type('size\r')
  await ada.see('80 x 24')
  ada.type('exit 0\r')
  await ada.closed
})

test('GTW-17 a group that is left ends the terminals that it allowed', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  const account = await world.ports.store.accountByName('ada', 'user')
  assert.ok(account)
  const changed = await changeAccount(world.ports, account, {
    change: { removeGroups: ['ops'] },
    how: { by: null, request },
  })
  assert.equal((await ada.closed).code, 4423)
  await changeAccount(world.ports, changed, { change: { addGroups: ['ops'] }, how: { by: null, request } })
})

test('GTW-17 a change that is closed and a server that is removed end what they allowed, observers included', async () => {
  const own = await terminalWorld()
  try {
    const ada = await own.begin('ada')
    const olga = await own.enter(await own.join(await own.signIn('olga'), ada.ptySessionId(), 'observer'))
    await setChangeState(own.ports, { id: 'CR1', state: 'closed' }, request)
    assert.deepEqual([(await ada.closed).code, (await olga.closed).code], [4423, 4423])
    const server = await own.ports.store.serverByName('web-1')
    assert.ok(server)
    const check = await own.enter(await own.startCheck(await own.signIn('ada')))
    await removeServer(own.ports, 'web-1', request)
    assert.equal((await check.closed).code, 4423)
    await addServer(own.ports, server, request)
  } finally {
    await own.close()
  }
})

test('GTW-18 a sign-out that races the opening of a socket leaves no terminal behind', async () => {
  for (let round = 0; round < 40; round += 1) {
    const access = await world.signIn('ada')
    const socket = openTerminalSocket(await world.start(access))
    const opening = once(socket.webSocket, 'open').then(() =>
      socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } }),
    )
    if (round % 4 > 0) await opening
    if (round % 4 > 1) await socket.next('welcome').catch(() => undefined)
    await signOut(access)
    await opening
    assert.ok([4401, 4423].includes((await socket.closed).code))
  }
  assert.equal(running.size, 0)
})

test('GTW-19 an end through the API reaches the terminal with its own reason, and the trail names the account', async () => {
  const ada = await world.begin('ada')
  const { socket: olga } = await watch('olga', ada.ptySessionId())
  const root = await world.signIn('root')
  const path = `/api/v1/pty_sessions/${ada.ptySessionId()}/end`
  const { status } = await call(world, { method: 'POST', path, token: root })
  assert.equal(status, 204)
  const { error } = await ada.next('error')
  assert.equal(error.code, 'ended-by-admin')
  assert.deepEqual([(await ada.closed).code, (await olga.closed).code], [4410, 4410])
  const trail = (await auditTrail(world)).filter(({ action }) => action === 'pty-end')
  assert.ok(trail.some(({ username }) => username === 'root'))
})
