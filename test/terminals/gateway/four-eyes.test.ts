import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { changeAccount } from '../../../src/core/administration/administer-accounts.ts'
import { setPolicy } from '../../../src/core/terminals/set-policy.ts'
import type { PolicyDocument } from '../../../src/core/terminals/terminal-policy.ts'
import { auditTrail, call, goodPassword } from '../../fixtures/control-calls.ts'
import { type HandTransport, handTransport, type PlayedTerminal } from '../../fixtures/hand-transport.ts'
import { answered, echoed, passTime } from '../../fixtures/pass-time.ts'
import { comeBack } from '../../fixtures/terminal-attack.ts'
import { blocked, control, unblocked } from '../../fixtures/terminal-events.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const subject = { kind: 'change', name: 'CR1' } as const

const hand: HandTransport = handTransport()
let world: TerminalWorld

before(async () => {
  world = await terminalWorld({ transport: hand, change: { requestedBy: 'otto' } })
  await world.addAccount({ username: 'tess', password: goodPassword, groups: ['ops'] })
  const twin = await world.addAccount({ username: 'ada-too', password: goodPassword, groups: ['ops'] })
  await changeAccount(world.ports, twin, { change: { person: 'ada' }, how: { by: null, request } })
})

after(() => world.close())

/** A terminal with an implementor, and the input that reached it. */
type Begun = { readonly socket: TerminalSocket; readonly terminal: PlayedTerminal; readonly written: () => string }

/** Begins as `ada`, under a policy of the change until the test is over. */
async function begin(t: TestContext, observers: PolicyDocument['observers'] | null): Promise<Begun> {
  await setPolicy(world.ports, { subject, policy: observers == null ? {} : { observers } }, request)
  const index = hand.terminals.length
  const socket = await world.begin('ada')
  const terminal = await hand.opened(index)
  t.after(async () => {
    terminal.exit({})
    await socket.closed
    await setPolicy(world.ports, { subject, policy: null }, request)
  })
  return { socket, terminal, written: () => Buffer.from(terminal.written).toString() }
}

async function join(username: string, { socket }: Begun, role: 'observer' | 'implementor'): Promise<TerminalSocket> {
  const joined = await world.enter(await world.join(await world.signIn(username), socket.ptySessionId(), role))
  joined.acknowledge()
  return joined
}

const watch = (username: string, begun: Begun): Promise<TerminalSocket> => join(username, begun, 'observer')

test('EYE-1 input is dropped and acknowledged with an event until another user watches, and passes from then on', async (t) => {
  const begun = await begin(t, { count: 1 })
  const { socket: ada, written } = begun
  await blocked(ada, 'observers-missing')
  ada.type('rm\r')
  assert.equal((await ada.next('inputAck')).inputSeq, 1)
  await blocked(ada, 'observers-missing')
  assert.equal(written(), '')
  await watch('olga', begun)
  await unblocked(ada)
  ada.type('ls\r')
  await echoed(ada)
  assert.equal(written(), 'ls\r')
})

test('EYE-2 an observer whose tab is hidden does not watch', async (t) => {
  const begun = await begin(t, { count: 1, onLeave: 'pause' })
  const { socket: ada, written } = begun
  const olga = await watch('olga', begun)
  await unblocked(ada)
  control(olga, { action: 'visible', visible: false })
  await echoed(olga)
  ada.type('rm\r')
  await echoed(ada)
  assert.equal(written(), '')
  control(olga, { action: 'visible', visible: true })
  await unblocked(ada)
  ada.type('ls\r')
  await echoed(ada)
  assert.equal(written(), 'ls\r')
})

test('EYE-3 an observer that has not shown output from more than 2 s ago does not watch, the first screen included', async (t) => {
  const begun = await begin(t, { count: 1, onLeave: 'pause' })
  const { socket: ada, terminal, written } = begun
  const access = await world.signIn('olga')
  const olga = await world.enter(await world.join(access, ada.ptySessionId(), 'observer'))
  await olga.next('snapshot')
  await passTime(world, 2_001, [ada, olga])
  ada.type('rm\r')
  await echoed(ada)
  assert.equal(written(), '')
  olga.send({ type: 'ack', seq: olga.seq() })
  await answered(olga)
  for (const text of ['one', 'two']) {
    terminal.put(text)
    await olga.next('output')
    if (text === 'one') olga.send({ type: 'ack', seq: olga.seq() })
  }
  await echoed(olga)
  ada.type('a')
  await echoed(ada)
  assert.equal(written(), 'a')
  await passTime(world, 2_001, [ada, olga])
  ada.type('b')
  await echoed(ada)
  assert.equal(written(), 'a')
  olga.acknowledge()
  await answered(olga)
  ada.type('c')
  await echoed(ada)
  assert.equal(written(), 'ac')
})

test('EYE-4 an observer whose socket has fallen silent does not watch, from the moment at which 5 s are over', async (t) => {
  const begun = await begin(t, { count: 1, onLeave: 'pause' })
  const { socket: ada, written } = begun
  const olga = await watch('olga', begun)
  await answered(olga)
  olga.webSocket.pause()
  // An answer that is still on its way is heard before the time passes.
  await answered(ada)
  await passTime(world, 4_000, [ada])
  ada.type('a')
  await echoed(ada)
  world.clock.advance(2_000)
  ada.type('b')
  await echoed(ada)
  assert.equal(written(), 'a')
  olga.webSocket.resume()
  await answered(olga)
  await answered(ada)
  ada.type('c')
  await echoed(ada)
  assert.equal(written(), 'ac')
})

test('EYE-5 the same person under another name, and the requester of the change, may not watch', async (t) => {
  const begun = await begin(t, { count: 1 })
  for (const [username, type] of [
    ['ada-too', 'observer-denied'],
    ['otto', 'party-to-change'],
  ] as const) {
    const token = await world.signIn(username)
    const body = { pty_session_id: begun.socket.ptySessionId(), start_role: 'observer' }
    const { status } = await call(world, { method: 'POST', path: '/api/v1/pty_token/join', token, body })
    assert.deepEqual([username, status, type], [username, 403, type])
  }
})

test('EYE-5 they are sent away when a policy begins to ask for observers, and do not count for a moment', async (t) => {
  const begun = await begin(t, null)
  const { socket: ada, written } = begun
  const [otto, twin] = [await watch('otto', begun), await watch('ada-too', begun)]
  ada.type('a')
  await echoed(ada)
  await setPolicy(world.ports, { subject, policy: { observers: { count: 1 } } }, request)
  ada.type('b')
  assert.deepEqual([(await otto.closed).code, (await twin.closed).code], [4423, 4423])
  await blocked(ada, 'observers-missing')
  ada.type('c')
  await echoed(ada)
  assert.equal(written(), 'a')
})

test('EYE-6 with pause, input is blocked when the observer has left, and passes again with another', async (t) => {
  const begun = await begin(t, { count: 1, onLeave: 'pause' })
  const { socket: ada, written } = begun
  const olga = await watch('olga', begun)
  await unblocked(ada)
  olga.send({ type: 'bye' })
  await blocked(ada, 'observers-missing')
  await passTime(world, 20_000, [ada])
  ada.type('a')
  await echoed(ada)
  await watch('tess', begun)
  await unblocked(ada)
  ada.type('b')
  await echoed(ada)
  assert.equal(written(), 'b')
})

test('EYE-7 an observer is asked to confirm; input is blocked while a confirmation is missing, and passes again with it', async (t) => {
  const begun = await begin(t, { count: 1, onLeave: 'pause', presenceMinutes: 1 })
  const { socket: ada, written } = begun
  const olga = await watch('olga', begun)
  await unblocked(ada)
  await passTime(world, 60_000, [ada, olga])
  const { event } = await olga.next('event', ({ event: some }) => some.kind === 'presence')
  assert.equal(event.kind === 'presence' && event.byMs, world.clock.wallMs() + 60_000)
  ada.type('a')
  await passTime(world, 60_000, [ada, olga])
  await blocked(ada, 'presence-missing')
  ada.type('b')
  await echoed(ada)
  assert.equal(written(), 'a')
  control(ada, { action: 'present' })
  control(olga, { action: 'present' })
  await echoed(olga)
  await unblocked(ada)
  ada.type('c')
  await echoed(ada)
  assert.equal(written(), 'ac')
})

test('EYE-8 an observer can pause and resume input; the implementor can do neither', async (t) => {
  const begun = await begin(t, { count: 1 })
  const { socket: ada, written } = begun
  const olga = await watch('olga', begun)
  await unblocked(ada)
  control(olga, { action: 'pause' })
  await blocked(ada, 'paused-by-observer')
  control(ada, { action: 'continue' })
  ada.type('a')
  await echoed(ada)
  assert.equal(written(), '')
  control(olga, { action: 'continue' })
  await unblocked(ada)
  control(ada, { action: 'pause' })
  ada.type('b')
  await echoed(ada)
  assert.equal(written(), 'b')
})

test('EYE-8 an observer who may not resume input gets an event, and the request is not in the trail', async (t) => {
  const begun = await begin(t, null)
  const { socket: ada, terminal } = begun
  const twin = await watch('ada-too', begun)
  control(twin, { action: 'pause' })
  await blocked(ada, 'paused-by-observer')
  control(twin, { action: 'continue' })
  await twin.next('event', ({ event }) => event.kind === 'notice' && event.sentence.includes('another person'))
  control(await watch('olga', begun), { action: 'continue' })
  await unblocked(ada)
  terminal.exit({})
  await ada.closed
  const own = (await auditTrail(world)).filter((one) => one.subject === `pty_session:${ada.ptySessionId()}`)
  const acts = own.flatMap(({ detail }) => (detail as { readonly act?: string } | undefined)?.act ?? [])
  assert.deepEqual(acts, ['pause', 'continue'])
})

test('EYE-9 the next line goes when the terminal has answered the last one, or 50 ms have passed', async (t) => {
  const begun = await begin(t, { count: 1 })
  const { socket: ada, terminal, written } = begun
  await watch('olga', begun)
  await unblocked(ada)
  for (const line of ['one\r', 'two\r', 'three\r']) ada.type(line)
  await echoed(ada)
  assert.equal(written(), 'one\r')
  terminal.put('1')
  await ada.see('1')
  assert.equal(written(), 'one\rtwo\r')
  world.clock.advance(50)
  while (written() !== 'one\rtwo\rthree\r') await answered(ada)
  terminal.put('3')
  await ada.see('3')
  ada.type('four\r')
  await echoed(ada)
  assert.equal(written(), 'one\rtwo\rthree\rfour\r')
})

test('EYE-10 a paste of several lines waits for its client to confirm it, and is refused over 4 KiB', async (t) => {
  const begun = await begin(t, { count: 1 })
  const { socket: ada, terminal, written } = begun
  const olga = await watch('olga', begun)
  await unblocked(ada)
  ada.type('one\rtwo\r')
  await blocked(ada, 'paste-unconfirmed')
  control(olga, { action: 'confirm-paste', confirmed: true })
  await echoed(olga)
  assert.equal(written(), '')
  control(ada, { action: 'confirm-paste', confirmed: true })
  await echoed(ada)
  terminal.put('1')
  await ada.see('1')
  assert.equal(written(), 'one\rtwo\r')
  ada.type('three\rfour\r')
  await blocked(ada, 'paste-unconfirmed')
  control(ada, { action: 'confirm-paste', confirmed: false })
  ada.type('a\r'.repeat(2_049))
  await blocked(ada, 'paste-too-large')
  terminal.put('2')
  await ada.see('2')
  ada.type('five\r')
  await echoed(ada)
  assert.equal(written(), 'one\rtwo\rfive\r')
})

test('EYE-10 a paste that comes right after another is asked about in its turn', async (t) => {
  const begun = await begin(t, { count: 1 })
  const { socket: ada, terminal, written } = begun
  await watch('olga', begun)
  await unblocked(ada)
  ada.type('one\rtwo\r')
  ada.type('three\rfour\r')
  await blocked(ada, 'paste-unconfirmed')
  control(ada, { action: 'confirm-paste', confirmed: true })
  await echoed(ada)
  terminal.put('1')
  await blocked(ada, 'paste-unconfirmed')
  assert.equal(written(), 'one\rtwo\r')
  control(ada, { action: 'confirm-paste', confirmed: true })
  await echoed(ada)
  for (const answer of ['2', '3']) {
    terminal.put(answer)
    await ada.see(answer)
  }
  assert.equal(written(), 'one\rtwo\rthree\rfour\r')
})

test('EYE-11 held input is never sent for another client', async (t) => {
  const begun = await begin(t, { count: 1 })
  const { socket: ada, written } = begun
  await watch('olga', begun)
  await unblocked(ada)
  ada.type('one\rtwo\r')
  await blocked(ada, 'paste-unconfirmed')
  control(ada, { action: 'release' })
  await echoed(ada)
  const tess = await join('tess', begun, 'implementor')
  tess.type('three\r')
  control(tess, { action: 'confirm-paste', confirmed: true })
  await echoed(tess)
  assert.equal(written(), 'three\r')
})

test('EYE-12 a client that gave the slot up is an observer from then on, also if it resumes on another socket', async (t) => {
  const begun = await begin(t, { count: 1, onLeave: 'pause' })
  const { socket: ada, written } = begun
  control(ada, { action: 'release' })
  ada.acknowledge()
  await echoed(ada)
  const tess = await join('tess', begun, 'implementor')
  await unblocked(tess)
  ada.webSocket.terminate()
  await blocked(tess, 'observers-missing')
  const back = openTerminalSocket({
    proxyUrl: world.url,
    token: '',
    offers: ['X-Proxy-Session-Token', `resume.${ada.resumeSecret()}`, 'pty.v1'],
  })
  await back.opened
  back.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24, resume: { seq: ada.seq(), inputSeq: 0 } } })
  assert.equal((await back.next('welcome')).welcome.role, 'observer')
  await unblocked(tess)
  tess.type('a')
  await echoed(tess)
  assert.equal(written(), 'a')
})

test('EYE-13 a policy that is set during a session applies to the next key, and so does its removal', async (t) => {
  const begun = await begin(t, null)
  const { socket: ada, written } = begun
  ada.type('one\rtwo\r')
  await echoed(ada)
  assert.equal(written(), 'one\rtwo\r')
  await watch('olga', begun)
  await setPolicy(world.ports, { subject, policy: { observers: { count: 1 } } }, request)
  await answered(ada)
  ada.type('three\rfour\r')
  await blocked(ada, 'paste-unconfirmed')
  control(ada, { action: 'confirm-paste', confirmed: false })
  await setPolicy(world.ports, { subject, policy: {} }, request)
  await answered(ada)
  ada.type('five\rsix\r')
  await echoed(ada)
  assert.equal(written(), 'one\rtwo\rfive\rsix\r')
})

test('EYE-14 the implementor can end the session at any moment, also while input is blocked', async (t) => {
  const { socket: ada } = await begin(t, { count: 1 })
  await blocked(ada, 'observers-missing')
  control(ada, { action: 'end' })
  assert.equal((await ada.next('error')).error.code, 'ended-by-implementor')
})

test('EYE-15 a client that joins or resumes while input is paused gets this at once, and its end', async (t) => {
  const begun = await begin(t, null)
  const { socket: ada } = begun
  const olga = await watch('olga', begun)
  control(olga, { action: 'pause' })
  await blocked(ada, 'paused-by-observer')
  const otto = await watch('otto', begun)
  await blocked(otto, 'paused-by-observer')
  otto.webSocket.terminate()
  await otto.closed
  control(olga, { action: 'continue' })
  await unblocked(ada)
  const back = await comeBack(world, otto, { seq: otto.seq(), inputSeq: 0 })
  await back.next('welcome')
  await unblocked(back)
  back.webSocket.terminate()
  await back.closed
  control(olga, { action: 'pause' })
  await blocked(ada, 'paused-by-observer')
  await blocked(await comeBack(world, back, { seq: back.seq(), inputSeq: 0 }), 'paused-by-observer')
})
