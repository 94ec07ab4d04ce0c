/** The gateway: the owner of a terminal while others work in it, or while it is unattended. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import {
  type AdministratorChange,
  changeAccount,
  removeAccount,
} from '../../../src/core/administration/administer-accounts.ts'
import { Refusal } from '../../../src/core/errors.ts'
import { setChangeState } from '../../../src/core/terminals/inventory.ts'
import { setCatalogue } from '../../../src/core/terminals/set-catalogue.ts'
import { verifyToken } from '../../../src/core/tokens/verify.ts'
import { call } from '../../fixtures/control-calls.ts'
import { type HandTransport, handTransport, type PlayedTerminal } from '../../fixtures/hand-transport.ts'
import { patterns } from '../../fixtures/health-check.ts'
import { answered, passTime } from '../../fixtures/pass-time.ts'
import { closedInStore } from '../../fixtures/terminal-ends.ts'
import type { TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const how = { by: null, request }

let world: TerminalWorld
let hand: HandTransport

before(async () => {
  hand = handTransport()
  world = await terminalWorld({ transport: hand })
})

after(() => world.close())

/** A user at a terminal. */
type Attached = { readonly socket: TerminalSocket; readonly access: string }

async function begin(username: string): Promise<Attached & { readonly terminal: PlayedTerminal }> {
  const index = hand.terminals.length
  const access = await world.signIn(username)
  const socket = await world.enter(await world.start(access))
  return { socket, access, terminal: await hand.opened(index) }
}

async function accountOf(username: string): Promise<Account> {
  return (await world.ports.store.accountByName(username, 'user')) ?? assert.fail(username)
}

async function change(username: string, what: AdministratorChange): Promise<void> {
  await changeAccount(world.ports, await accountOf(username), { change: what, how })
}

async function signOut(token: string): Promise<void> {
  const { status } = await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token })
  assert.equal(status, 204)
}

/** Leaves, and resolves once the slot is free in the store too. */
async function leave({ socket }: Attached): Promise<void> {
  socket.send({ type: 'bye' })
  await socket.closed
  const isHeld = async (): Promise<boolean> =>
    (await world.ports.store.ptySessionById(socket.ptySessionId()))?.implementorAccountId !== null
  while (await isHeld()) await new Promise((resolve) => setImmediate(resolve))
}

async function takeOver(username: string, from: Attached): Promise<Attached> {
  const access = await world.signIn(username)
  return { access, socket: await world.enter(await world.join(access, from.socket.ptySessionId(), 'implementor')) }
}

const wordOf: Readonly<Record<string, (ada: Attached) => Promise<void>>> = {
  'a sign-out': ({ access }) => signOut(access),
  'an account that is disabled': () => change('ada', { status: 'disabled' }),
  'a password that is set': () => change('ada', { password: 'a lamp above the harbour' }),
  'a group that is left': () => change('ada', { removeGroups: ['ops'] }),
}

const undo: AdministratorChange = {
  status: 'enabled',
  addGroups: ['ops'],
  password: 'correct horse battery staple',
}

for (const [name, act] of Object.entries(wordOf)) {
  test(`GTW-28 a terminal that was left ends with ${name}`, async () => {
    const ada = await begin('ada')
    await leave(ada)
    await act(ada)
    const { endReason } = await closedInStore(world, ada.socket.ptySessionId())
    assert.deepEqual([ada.terminal.isEnded(), endReason], [true, name.includes('group') ? 'access-changed' : 'revoked'])
    await change('ada', undo)
  })
}

test('GTW-28 a terminal whose socket dropped long ago ends with the sign-out, and so does one that is held for a return', async () => {
  for (const seconds of [0, 40]) {
    const ada = await begin('ada')
    ada.socket.webSocket.terminate()
    await ada.socket.closed
    await passTime(world, seconds * 1_000)
    await signOut(ada.access)
    const { endReason } = await closedInStore(world, ada.socket.ptySessionId())
    assert.deepEqual([ada.terminal.isEnded(), endReason], [true, 'revoked'])
  }
})

test('GTW-28 a terminal that was left ends with its change, and another change of its last implementor lets it go on', async () => {
  const own = handTransport()
  const other = await terminalWorld({ transport: own })
  try {
    const ada = await other.begin('ada')
    const terminal = await own.opened(0)
    ada.send({ type: 'bye' })
    await ada.closed
    const account = (await other.ports.store.accountByName('ada', 'user')) ?? assert.fail()
    await changeAccount(other.ports, account, { change: { addGroups: ['others'] }, how })
    const otto = await other.enter(await other.join(await other.signIn('otto'), ada.ptySessionId(), 'observer'))
    await answered(otto)
    assert.ok(!terminal.isEnded())
    await setChangeState(other.ports, { id: 'CR1', state: 'closed' }, request)
    const { endReason } = await closedInStore(other, ada.ptySessionId())
    assert.deepEqual([terminal.isEnded(), endReason], [true, 'access-changed'])
  } finally {
    await other.close()
  }
})

test('GTW-28 the sign-out of an earlier implementor changes nothing, whether another one types or has left', async () => {
  const ada = await begin('ada')
  await leave(ada)
  const otto = await takeOver('otto', ada)
  await signOut(ada.access)
  await answered(otto.socket)
  otto.socket.type('x')
  await otto.socket.next('inputAck')
  assert.deepEqual([ada.terminal.isEnded(), [...ada.terminal.written]], [false, [...Buffer.from('x')]])
  await leave(otto)
  await change('ada', { password: undo.password ?? '' })
  await signOut(otto.access)
  const { endReason } = await closedInStore(world, ada.socket.ptySessionId())
  assert.deepEqual([ada.terminal.isEnded(), endReason], [true, 'revoked'])
})

test('GTW-28 a client that gave the slot up and watches is still the owner', async () => {
  const ada = await begin('ada')
  ada.socket.send({ type: 'control', control: { action: 'release' } })
  await ada.socket.next('event', ({ event }) => event.kind === 'joined' && event.participant.role === 'observer')
  await signOut(ada.access)
  assert.equal((await ada.socket.closed).code, 4423)
  const { endReason } = await closedInStore(world, ada.socket.ptySessionId())
  assert.deepEqual([ada.terminal.isEnded(), endReason], [true, 'revoked'])
})

const ends: Readonly<Record<string, () => Promise<void>>> = {
  disabled: () => change('ada', { status: 'disabled' }),
  'expired by an administrator': () => change('ada', { expiresAt: Math.floor(world.clock.wallMs() / 1000) }),
  removed: async () => removeAccount(world.ports, await accountOf('ada'), how),
}

for (const [name, act] of Object.entries(ends)) {
  test(`GTW-29 once the account that started a terminal is ${name}, nothing that another one types reaches it, and it ends`, async () => {
    const ada = await begin('ada')
    await leave(ada)
    const { socket } = await takeOver('otto', ada)
    let typed = 0
    const typing = setInterval(() => {
      typed += 1
      if (socket.webSocket.readyState === socket.webSocket.OPEN) socket.type('x')
    }, 0)
    await socket.next('inputAck')
    await act()
    const takenAtAnswer = ada.terminal.written.length
    assert.equal((await socket.closed).code, 4423)
    clearInterval(typing)
    assert.ok(takenAtAnswer > 0 && typed > takenAtAnswer)
    const { endReason } = await closedInStore(world, socket.ptySessionId())
    assert.deepEqual([ada.terminal.written.length, ada.terminal.isEnded(), endReason], [takenAtAnswer, true, 'revoked'])
    if (name === 'removed') await world.addAccount({ username: 'ada', password: undo.password ?? '', groups: ['ops'] })
    else await change('ada', { ...undo, expiresAt: null })
  })
}

test('GTW-29, REV-14 a terminal ends at the second at which the account that started it expires', async () => {
  const ada = await begin('ada')
  await leave(ada)
  const { socket } = await takeOver('otto', ada)
  await change('ada', { expiresAt: Math.floor(world.clock.wallMs() / 1000) + 8 })
  await passTime(world, 7_000, [socket])
  assert.ok(!ada.terminal.isEnded())
  await passTime(world, 1_000)
  assert.equal((await socket.closed).code, 4423)
  assert.equal((await closedInStore(world, socket.ptySessionId())).endReason, 'revoked')
  await change('ada', { expiresAt: null })
})

/** Resolves once the look has begun. */
type HeldLook = { readonly asked: Promise<void> }

/** Holds the next read of an account until `first` resolves; it fails as `first` does. */
async function heldLook(t: TestContext, access: string, first: () => Promise<void>): Promise<HeldLook> {
  const { store } = world.ports
  const { session } = await verifyToken(world.ports, access, () => null)
  const asked = Promise.withResolvers<void>()
  const read = store.sessionById
  const held = t.mock.method(store, 'sessionById', async (id: string) => {
    if (id !== session.id) return read(id)
    held.mock.restore()
    asked.resolve()
    await first()
    return read(id)
  })
  return { asked: asked.promise }
}

test('GTW-28 a client that takes a terminal over while its last implementor is judged keeps it', async (t) => {
  const ada = await begin('ada')
  await leave(ada)
  const ticket = await world.join(await world.signIn('otto'), ada.socket.ptySessionId(), 'implementor')
  const taken = Promise.withResolvers<void>()
  const { asked } = await heldLook(t, ada.access, () => taken.promise)
  await change('ada', { removeGroups: ['ops'] })
  await asked
  const otto = await world.enter(ticket)
  taken.resolve()
  await answered(otto)
  otto.type('x')
  await otto.next('inputAck')
  assert.deepEqual([ada.terminal.isEnded(), [...ada.terminal.written]], [false, [...Buffer.from('x')]])
  await change('ada', { addGroups: ['ops'] })
})

test('GTW-28 a terminal that was left is judged as soon as the store can be read again', async (t) => {
  const ada = await begin('ada')
  await leave(ada)
  const { asked } = await heldLook(t, ada.access, () => Promise.reject(new Refusal('STORE_UNAVAILABLE')))
  await change('ada', { removeGroups: ['ops'] })
  await asked
  const { endReason } = await closedInStore(world, ada.socket.ptySessionId())
  assert.deepEqual([ada.terminal.isEnded(), endReason], [true, 'access-changed'])
  await change('ada', { addGroups: ['ops'] })
})

for (const canRead of [true, false]) {
  test(`HLT-26 a command whose author changed ${canRead ? 'continues if the author still may run it' : 'ends if the store cannot be read'}`, async (t) => {
    await setCatalogue(
      { ...world.ports, patterns },
      { group: 'ops', document: { commands: [{ words: ['uptime'] }] } },
      request,
    )
    const access = await world.signIn('ada')
    const index = hand.terminals.length
    const socket = await world.enter(await world.startCheck(access))
    await socket.see('> ')
    socket.type('uptime\r')
    const command = await hand.opened(index)
    const { store } = world.ports
    const fail = async (): Promise<never> => {
      throw new Refusal('STORE_UNAVAILABLE')
    }
    const broken = canRead ? null : t.mock.method(store, 'sessionById', fail)
    await change('ada', { addGroups: ['others'] })
    await answered(socket)
    assert.equal(command.isEnded(), !canRead)
    broken?.mock.restore()
    socket.send({ type: 'control', control: { action: 'end' } })
    await socket.closed
  })
}
