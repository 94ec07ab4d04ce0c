/** Attacks on the gates of terminals: access that was taken away, or is being checked, passes nothing in either direction. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, afterEach, before, type TestContext, test } from 'node:test'
import { type AdministratorChange, changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { changeServer, setChangeState } from '../../src/core/terminals/inventory.ts'
import { setCatalogue } from '../../src/core/terminals/set-catalogue.ts'
import { setPolicy } from '../../src/core/terminals/set-policy.ts'
import type { PolicyDocument, PolicySubject } from '../../src/core/terminals/terminal-policy.ts'
import type { BlockReason } from '../../src/protocol/terminal-frames.ts'
import { call, goodPassword } from '../fixtures/control-calls.ts'
import { type HandTransport, handTransport, type PlayedTerminal } from '../fixtures/hand-transport.ts'
import { patterns } from '../fixtures/health-check.ts'
import { echoed, passTime } from '../fixtures/pass-time.ts'
import { activeSessions, nothingLeft, quickHash, recordedInput } from '../fixtures/terminal-attack.ts'
import { assertTold, closedInStore } from '../fixtures/terminal-ends.ts'
import { openTerminalSocket, type TerminalSocket } from '../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../fixtures/terminal-world.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const how = { by: null, request }

const hand: HandTransport = handTransport()
let world: TerminalWorld
let database: DatabaseSync
let organizationId: string

before(async () => {
  world = await terminalWorld({ transport: hand, start: quickHash })
  const ada = (await world.ports.store.accountByName('ada', 'user')) ?? assert.fail()
  organizationId = (await world.addOrganization('acme', [ada])).id
  database = new DatabaseSync(join(world.dataDir, 'sallyport.db'))
})

after(async () => {
  database.close()
  await world.close()
})

afterEach(async () => {
  for (const { id } of await activeSessions(world)) await endThroughApi(id)
  await nothingLeft(world)
})

async function endThroughApi(id: string): Promise<void> {
  const path = `/api/v1/pty_sessions/${id}/end`
  assert.equal((await call(world, { method: 'POST', path, token: await world.signIn('root') })).status, 204)
}

type Begun = { readonly ada: TerminalSocket; readonly terminal: PlayedTerminal; readonly written: () => string }

async function begin(): Promise<Begun> {
  const index = hand.terminals.length
  const ada = await world.begin('ada')
  const terminal = await hand.opened(index)
  return { ada, terminal, written: () => Buffer.from(terminal.written).toString() }
}

async function watch(username: string, { ada }: Begun): Promise<TerminalSocket> {
  const socket = await world.enter(await world.join(await world.signIn(username), ada.ptySessionId(), 'observer'))
  await socket.next('snapshot')
  socket.acknowledge()
  return socket
}

async function change(username: string, wanted: AdministratorChange): Promise<void> {
  const account = (await world.ports.store.accountByName(username, 'user')) ?? assert.fail()
  await changeAccount(world.ports, account, { change: wanted, how })
}

async function blocked(socket: TerminalSocket, why: BlockReason): Promise<void> {
  await socket.next('event', ({ event }) => event.kind === 'blocked' && event.why === why)
}

/** Takes a table away until the function that it returns is called, or the test is over. */
function withoutTable(t: TestContext, table: string): () => void {
  database.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`)
  let isAway = true
  const bringBack = (): void => {
    if (isAway) database.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`)
    isAway = false
  }
  t.after(bringBack)
  return bringBack
}

async function policyForTest(t: TestContext, subject: PolicySubject, policy: PolicyDocument): Promise<void> {
  await setPolicy(world.ports, { subject, policy }, request)
  t.after(() => setPolicy(world.ports, { subject, policy: null }, request))
}

/** A token that is a program's, though a person made it. */
async function credentialOfAda(): Promise<string> {
  await change('ada', { email: 'ada@example.org' })
  const post = async (path: string, body: object, token?: string): Promise<Record<string, Record<string, string>>> =>
    (await call(world, { method: 'POST', path, body, ...(token === undefined ? {} : { token }) })).body as never
  const signIn = await post('/v1/account/login', { email: 'ada@example.org', password: goodPassword })
  const made = await post(
    '/v1/credentials',
    { name: 'drill', type: 'USER', organization_id: organizationId },
    signIn.token?.id ?? '',
  )
  return made.credential?.token ?? ''
}

const ofChange = { kind: 'change', name: 'CR1' } as const

test('ATT-8 once an end through the API is answered, nothing that is typed reaches the terminal, nor what waited', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { ada, terminal } = await begin()
    const typing = setInterval(() => {
      for (let key = 0; key < 20 && ada.webSocket.readyState === ada.webSocket.OPEN; key += 1) ada.type('x')
    }, 0)
    await ada.next('inputAck')
    await endThroughApi(ada.ptySessionId())
    const reached = terminal.written.length
    assert.equal((await ada.closed).code, 4410)
    clearInterval(typing)
    assert.equal(terminal.written.length, reached)
  }
})

test('ATT-9 whoever is looked at anew neither types nor sees, and goes on where it stopped', async (t) => {
  const begun = await begin()
  const { ada, terminal, written } = begun
  const [olga, otto] = [await watch('olga', begun), await watch('otto', begun)]
  const bringBack = withoutTable(t, 'servers')
  await change('ada', { email: 'ada@example.org' })
  await change('olga', { email: 'olga@example.org' })
  ada.type('x')
  await blocked(ada, 'access-under-review')
  terminal.put('only for some')
  await otto.see('only for some')
  for (const socket of [ada, olga]) {
    socket.send({ type: 'resync' })
    socket.send({ type: 'control', control: { action: 'message', text: 'hear me' } })
    await echoed(socket)
    assert.equal(socket.text(), '')
  }
  await echoed(otto)
  assert.ok(!otto.frames.some((frame) => frame.type === 'event' && frame.event.kind === 'message'))
  bringBack()
  for (const socket of [ada, olga]) await socket.see('only for some')
  ada.type('y')
  await echoed(ada)
  assert.equal(written(), 'y')
})

test('ATT-9 an end and a pause are taken of somebody who is looked at', async (t) => {
  const begun = await begin()
  const olga = await watch('olga', begun)
  withoutTable(t, 'servers')
  await change('olga', { email: null })
  olga.send({ type: 'control', control: { action: 'pause' } })
  await blocked(begun.ada, 'paused-by-observer')
  olga.send({ type: 'control', control: { action: 'end' } })
  await assertTold(begun.ada, 'ended-by-observer')
})

test('ATT-10 a paste that waits is thrown away when its access is looked at, and does not pass without a lease', async (t) => {
  await policyForTest(t, ofChange, { observers: { count: 1, onLeave: 'pause' } })
  const begun = await begin()
  const { ada, written } = begun
  await watch('otto', begun)
  await ada.next('event', ({ event }) => event.kind === 'unblocked')
  ada.type('rm one\rrm two\r')
  await blocked(ada, 'paste-unconfirmed')
  await change('ada', { email: null })
  ada.send({ type: 'control', control: { action: 'confirm-paste', confirmed: true } })
  await echoed(ada)
  assert.equal(written(), '')
  world.clock.advance(1_000)
  ada.type('rm three\rrm four\r')
  await blocked(ada, 'paste-unconfirmed')
  const bringBack = withoutTable(t, 'revocations')
  world.clock.advance(1_500)
  ada.send({ type: 'control', control: { action: 'confirm-paste', confirmed: true } })
  await blocked(ada, 'node-without-lease')
  assert.equal(written(), '')
  bringBack()
})

test('ATT-11 an end of the account that is set while it is attached ends its terminal in time', async (t) => {
  const { ada } = await begin()
  const now = Math.floor(world.clock.wallMs() / 1000)
  t.after(() => change('ada', { expiresAt: null }))
  await change('ada', { expiresAt: now + 10 })
  await passTime(world, 8_000, [ada])
  assert.equal(ada.webSocket.readyState, ada.webSocket.OPEN)
  await passTime(world, 2_000)
  await assertTold(ada, 'revoked')
})

test('ATT-11 a group that is taken away takes its catalogue along, though another group lets its member stay', async (t) => {
  await change('ada', { addGroups: ['web'] })
  t.after(() => change('ada', { removeGroups: ['web'] }))
  const document = { commands: [{ words: ['uptime'] }] }
  await setCatalogue({ ...world.ports, patterns }, { group: 'web', document }, request)
  const index = hand.terminals.length
  const ada = await world.enter(await world.startCheck(await world.signIn('ada')))
  ada.type('uptime\r')
  const run = await hand.opened(index)
  run.exit({})
  await change('ada', { removeGroups: ['web'] })
  ada.type('uptime\r')
  await ada.see('uptime is not a command of your catalogue')
  assert.equal(hand.terminals.length, index + 1)
})

test('ATT-11 an account that becomes another person loses its terminal', async (t) => {
  const { ada } = await begin()
  const own = (await world.ports.store.accountByName('ada', 'user'))?.uuid ?? assert.fail()
  t.after(() => change('ada', { person: own }))
  await change('ada', { person: 'otto' })
  await assertTold(ada, 'access-changed')
})

test('ATT-12 a policy of any group that the server lists reaches terminals that run', async (t) => {
  const server = (await world.ports.store.serverByName('web-1')) ?? assert.fail()
  await changeServer(world.ports, { ...server, groups: ['ops', 'dba'] }, request)
  t.after(() => changeServer(world.ports, server, request))
  const { ada, written } = await begin()
  await policyForTest(t, { kind: 'group', name: 'dba' }, { observers: { count: 1 } })
  ada.type('x')
  await blocked(ada, 'observers-missing')
  assert.equal(written(), '')
})

test('ATT-12 a policy that no longer accepts that input is recorded is obeyed by terminals that run', async (t) => {
  await policyForTest(t, ofChange, { recordInput: true })
  const { ada, written } = await begin()
  ada.type('before')
  await echoed(ada)
  await setPolicy(world.ports, { subject: ofChange, policy: { recordInput: false } }, request)
  while (written() !== 'beforeafter') {
    ada.type(written() === 'before' ? 'after' : '')
    await echoed(ada)
  }
  await endThroughApi(ada.ptySessionId())
  await ada.closed
  await closedInStore(world, ada.ptySessionId())
  assert.equal(await recordedInput(world, ada.ptySessionId()), 'before')
})

test('ATT-13 a terminal to which nobody is attached ends when its change is closed', async () => {
  const own = await terminalWorld({ start: quickHash })
  try {
    const ada = await own.begin('ada')
    ada.send({ type: 'bye' })
    await ada.closed
    await setChangeState(own.ports, { id: 'CR1', state: 'closed' }, request)
    assert.equal((await closedInStore(own, ada.ptySessionId())).endReason, 'access-changed')
  } finally {
    await own.close()
  }
})

test('ATT-14 where observers came to be needed, a token of a program is refused at the gateway, and leaves nothing', async (t) => {
  const credential = await credentialOfAda()
  const { proxyUrl, token } = await world.start(credential)
  await policyForTest(t, ofChange, { observers: { count: 1 } })
  const socket = openTerminalSocket({ proxyUrl, token })
  await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  assert.equal((await socket.next('error')).error.code, 'SIGN_IN_NOT_INTERACTIVE')
  assert.equal((await socket.closed).code, 4403)
  assert.deepEqual(await activeSessions(world), [])
})

test('ATT-14 where observers come to be needed, whoever signed in as a program loses its terminal', async (t) => {
  const index = hand.terminals.length
  const ada = await world.enter(await world.start(await credentialOfAda()))
  await hand.opened(index)
  await policyForTest(t, ofChange, { observers: { count: 1 } })
  await assertTold(ada, 'access-changed')
})

test('ATT-15 a terminal that fails at what is typed ends the socket, and no other terminal', async () => {
  const begun = await begin()
  const otto = await world.begin('otto')
  begun.terminal.breakDown()
  begun.ada.type('x')
  assert.equal((await begun.ada.closed).code, 4500)
  otto.type('x')
  assert.equal((await otto.next('inputAck')).inputSeq, 1)
})

test('ATT-16 a hundred are attached to one terminal and no more observers', async () => {
  const begun = await begin()
  const olga = await world.signIn('olga')
  for (let count = 1; count < 100; count += 1) {
    await world.enter(await world.join(olga, begun.ada.ptySessionId(), 'observer'))
  }
  const more = openTerminalSocket(await world.join(olga, begun.ada.ptySessionId(), 'observer'))
  await more.opened
  more.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  assert.equal((await more.next('error')).error.code, 'NO_GATEWAY')
  assert.equal((await more.closed).code, 4503)
  begun.terminal.put('to all')
  await begun.ada.see('to all')
})
