import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, type TestContext, test } from 'node:test'
import { changeAccount } from '../../../src/core/administration/administer-accounts.ts'
import { Refusal } from '../../../src/core/errors.ts'
import { type EndReason, endReasons } from '../../../src/core/terminals/ends.ts'
import { setPolicy } from '../../../src/core/terminals/set-policy.ts'
import type { PolicyDocument } from '../../../src/core/terminals/terminal-policy.ts'
import { keepAttributes } from '../../../src/http/dialects/sftpgo/attributes.ts'
import { recordPath, recordsFolderOf } from '../../../src/terminals/recording/record-path.ts'
import type { Terminal, Transport } from '../../../src/terminals/transports/transport.ts'
import { call } from '../../fixtures/control-calls.ts'
import { type HandTransport, handTransport } from '../../fixtures/hand-transport.ts'
import { echoed, passTime } from '../../fixtures/pass-time.ts'
import { type RunningSallyport, runSallyport } from '../../fixtures/run-sallyport.ts'
import { atEnd, killedAtEnd, temporaryFolder } from '../../fixtures/sqlite-store.ts'
import { assertKept, assertTold, closedInStore, type EndTraces, storedSessions } from '../../fixtures/terminal-ends.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const

let world: TerminalWorld

/** The reasons that a test of this file has brought about. */
const covered = new Set<EndReason>()

before(async () => {
  world = await terminalWorld()
})

after(() => world.close())

type Expected = EndTraces & { readonly reason: EndReason; readonly in?: RunningSallyport }

/** Asserts that all sockets of a PTY session hear of its end, and what it leaves behind. */
async function assertEnd(sockets: readonly [TerminalSocket, ...TerminalSocket[]], expected: Expected): Promise<void> {
  for (const socket of sockets) await assertTold(socket, expected.reason)
  await assertLeft(sockets[0].ptySessionId(), expected)
}

async function assertLeft(id: string, { in: where = world, ...traces }: Expected): Promise<void> {
  covered.add(traces.reason)
  await assertKept(where, id, traces)
}

async function watch(username: string, ptySessionId: string): Promise<TerminalSocket> {
  return world.enter(await world.join(await world.signIn(username), ptySessionId, 'observer'))
}

/** Sets a policy for the change of this world until the test is over. */
async function setForTest(t: TestContext, policy: PolicyDocument): Promise<void> {
  const subject = { kind: 'change', name: 'CR1' } as const
  await setPolicy(world.ports, { subject, policy }, request)
  t.after(() => setPolicy(world.ports, { subject, policy: null }, request))
}

/** Waits for a warning and returns how many seconds it says are left. */
async function warned(socket: TerminalSocket, what: string): Promise<number> {
  const { event } = await socket.next('event', ({ event: some }) => some.kind === 'warning' && some.what === what)
  return event.kind === 'warning' ? event.secondsLeft : -1
}

test('END-1 the end of a shell has its exit status, in the store and in the record too', async () => {
  const ada = await world.begin('ada')
  ada.type('exit 7\r')
  assert.deepEqual(await ada.next('exit'), { type: 'exit', code: 7, signal: 0, finalSeq: ada.seq() })
  await assertEnd([ada], { reason: 'shell-exit', exitCode: 7 })
})

test('END-2 the implementor and any observer can end it for all, and the account is stored', async () => {
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  ada.send({ type: 'control', control: { action: 'end' } })
  await assertEnd([ada, olga], { reason: 'ended-by-implementor', by: 'ada' })
  const otto = await world.begin('otto')
  const watcher = await watch('olga', otto.ptySessionId())
  watcher.send({ type: 'control', control: { action: 'end' } })
  await assertEnd([otto, watcher], { reason: 'ended-by-observer', by: 'olga' })
})

test('END-3 an administrator ends it through the API', async () => {
  const ada = await world.begin('ada')
  const path = `/api/v1/pty_sessions/${ada.ptySessionId()}/end`
  assert.equal((await call(world, { method: 'POST', path, token: await world.signIn('root') })).status, 204)
  await assertEnd([ada], { reason: 'ended-by-admin', askedBy: 'root' })
})

test('END-4 the sign-out of its implementor ends it, and so do a group that is left and a rule of the account', async () => {
  const access = await world.signIn('ada')
  const ada = await world.enter(await world.start(access))
  const olga = await watch('olga', ada.ptySessionId())
  await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token: access })
  await assertEnd([ada, olga], { reason: 'revoked' })
  const again = await world.begin('ada')
  const account = (await world.ports.store.accountByName('ada', 'user')) ?? assert.fail()
  const how = { by: null, request }
  const changed = await changeAccount(world.ports, account, { change: { removeGroups: ['ops'] }, how })
  await assertEnd([again], { reason: 'access-changed' })
  await changeAccount(world.ports, changed, { change: { addGroups: ['ops'] }, how })
  const [last, rules] = [await world.begin('ada'), (filters: object) => keepAttributes('user', { filters })] as const
  await changeAccount(world.ports, changed, { change: { attributes: rules({ denied_protocols: ['HTTP'] }) }, how })
  await assertEnd([last], { reason: 'access-denied' })
  await changeAccount(world.ports, changed, { change: { attributes: rules({}) }, how })
})

test('END-5 a window ends it at its instant, after warnings 30, 10, 5 and 1 minute before', async () => {
  const own = await terminalWorld()
  try {
    const ada = await own.begin('ada')
    const endsAtMs = own.clock.wallMs() + 3_600_000
    for (const minutes of [30, 10, 5, 1]) {
      own.clock.set(endsAtMs - minutes * 60_000)
      assert.equal(await warned(ada, 'window'), minutes * 60)
    }
    own.clock.set(endsAtMs - 1)
    await own.ports.node.renew()
    ada.type('size\r')
    await ada.see('80 x 24')
    own.clock.set(endsAtMs)
    await assertEnd([ada], { reason: 'window-over', in: own })
  } finally {
    await own.close()
  }
})

test('END-6 a session without input ends, after warnings 30, 20 and 10 seconds before', async (t) => {
  await setForTest(t, { idleMinutes: 1 })
  const ada = await world.begin('ada')
  await ada.see('$ ')
  for (const secondsLeft of [30, 20, 10]) {
    await passTime(world, secondsLeft === 30 ? 30_000 : 10_000, [ada])
    assert.equal(await warned(ada, 'idle'), secondsLeft)
  }
  ada.type('a')
  await ada.see('a')
  await passTime(world, 59_999, [ada])
  assert.equal(ada.webSocket.readyState, ada.webSocket.OPEN)
  world.clock.advance(1)
  await assertEnd([ada], { reason: 'idle' })
})

test('END-7 a session whose implementor is gone for too long ends, even if observers watch', async (t) => {
  await setForTest(t, { headlessMinutes: 1 })
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  ada.send({ type: 'bye' })
  assert.equal(await warned(olga, 'headless'), 60)
  await passTime(world, 30_000, [olga])
  assert.equal(await warned(olga, 'headless'), 30)
  await passTime(world, 30_000, [olga])
  await assertEnd([olga], { reason: 'headless' })
})

test('END-8 a session that too few observers are left to watch ends 5 s later, with a warning', async (t) => {
  await setForTest(t, { observers: { count: 1 } })
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  await ada.next('event', ({ event }) => event.kind === 'unblocked')
  olga.send({ type: 'bye' })
  assert.equal(await warned(ada, 'observers'), 5)
  await passTime(world, 4_999, [ada])
  assert.equal(ada.webSocket.readyState, ada.webSocket.OPEN)
  world.clock.advance(1)
  await assertEnd([ada], { reason: 'observers-missing' })
})

test('END-9 a session whose observers owe their confirmation for too long ends', async (t) => {
  await setForTest(t, { observers: { count: 1, presenceMinutes: 1 } })
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  olga.acknowledge()
  await passTime(world, 60_000, [ada, olga])
  await olga.next('event', ({ event }) => event.kind === 'presence')
  await passTime(world, 60_000, [ada, olga])
  await ada.next('event', ({ event }) => event.kind === 'blocked' && event.why === 'presence-missing')
  await passTime(world, 60_000, [ada, olga])
  await assertEnd([ada, olga], { reason: 'presence-missing' })
})

test('END-10 a node that shuts down sends 1001 before it closes the sockets', async (t) => {
  const dataDir = temporaryFolder(t)
  const own = await terminalWorld({ dataDir })
  const ada = await own.begin('ada')
  const closing = own.close()
  await assertTold(ada, 'node-drained')
  await closing
  const again = await runSallyport({ dataDir })
  atEnd(t, () => again.close())
  await assertLeft(ada.ptySessionId(), { reason: 'node-drained', in: again })
})

test('END-10 a socket that is on its way in when the node is shut down opens nothing', async (t) => {
  const dataDir = temporaryFolder(t)
  const own = await terminalWorld({ dataDir })
  const socket = openTerminalSocket(await own.start(await own.signIn('ada')))
  await socket.opened
  const closing = own.close()
  assert.equal((await socket.closed).code, 1001)
  await closing
  const again = await runSallyport({ dataDir })
  atEnd(t, () => again.close())
  const [stored] = await storedSessions(again)
  assert.notEqual(stored?.state, 'active')
})

test('END-11 a node that cannot read the store takes no input, and ends its terminals a minute later', async () => {
  const own = await terminalWorld()
  const database = new DatabaseSync(join(own.dataDir, 'sallyport.db'))
  try {
    const ada = await own.begin('ada')
    await ada.see('$ ')
    for (const table of ['revocations', 'pty_sessions']) database.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`)
    await passTime(own, 2_000, [ada])
    ada.type('size\r')
    await ada.next('event', ({ event }) => event.kind === 'blocked' && event.why === 'node-without-lease')
    await passTime(own, 56_000, [ada])
    assert.deepEqual([ada.webSocket.readyState, ada.text()], [ada.webSocket.OPEN, '$ '])
    await passTime(own, 4_000, [ada])
    await assertTold(ada, 'lease-lost')
    for (const table of ['revocations', 'pty_sessions']) database.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`)
    await assertLeft(ada.ptySessionId(), { reason: 'lease-lost', in: own })
  } finally {
    database.close()
    await own.close()
  }
})

test('END-12 what ran when its process was killed is closed by the next one', async (t) => {
  const dataDir = temporaryFolder(t)
  const kill = await killedAtEnd(t, 'dying-gateway.ts', dataDir)
  await kill()
  const again = await runSallyport({ dataDir })
  atEnd(t, () => again.close())
  const [lost] = await storedSessions(again)
  await assertLeft(lost?.id ?? '', { reason: 'node-lost', in: again, exitCode: null, isRecorded: false })
})

test('END-13 a terminal whose record cannot be written ends with 4507, and so does one whose record cannot be begun', async (t) => {
  const dataDir = temporaryFolder(t)
  const folder = join(dataDir, 'recordings')
  mkdirSync(folder)
  covered.add('recorder-failed')
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder])
  if (mounted.status !== 0) return t.skip('this user may not mount a small file system')
  atEnd(t, () => {
    spawnSync('umount', [folder])
  })
  const own = await terminalWorld({ dataDir, config: { terminals: { openFloorMib: 0, endFloorMib: 0 } } })
  atEnd(t, () => own.close())
  const ada = await own.begin('ada')
  ada.type('bytes 4000000\r')
  await assertEnd([ada], { reason: 'recorder-failed', in: own, isRecorded: false })
  const ticket = await own.start(await own.signIn('otto'))
  const otto = openTerminalSocket(ticket)
  await otto.opened
  otto.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  assert.equal((await otto.next('error')).error.code, 'RECORDER_UNAVAILABLE')
  assert.equal((await otto.closed).code, endReasons['recorder-failed'].closeCode)
  const stored = await storedSessions(own)
  assert.deepEqual(new Set(stored.map(({ endReason }) => endReason)), new Set(['recorder-failed']))
})

test('END-14 a session that is not opened in time is closed, and so is one whose socket never says HELLO', async () => {
  const access = await world.signIn('ada')
  const newest = async (): Promise<string> => (await storedSessions(world))[0]?.id ?? ''
  await world.start(access)
  const left = await newest()
  world.clock.advance(121_000)
  await world.ports.store.execute('collectExpired', { nowMs: world.clock.wallMs(), throttleMs: 0, limit: 500 })
  await assertLeft(left, { reason: 'never-opened', exitCode: null, isRecorded: false })
  const socket = openTerminalSocket(await world.start(access))
  const silent = await newest()
  await socket.opened
  socket.webSocket.terminate()
  await assertLeft(silent, { reason: 'never-opened', by: 'ada', exitCode: null, isRecorded: false })
})

/** A world whose terminals a test plays, or in which none can be opened. */
async function handWorld(
  t: TestContext,
  refuse?: () => void,
): Promise<{ readonly hand: HandTransport; readonly own: TerminalWorld }> {
  const hand = handTransport(refuse === undefined ? {} : { refuse })
  const own = await terminalWorld({ transport: hand })
  atEnd(t, () => own.close())
  return { hand, own }
}

const failures = [
  'host-key-mismatch',
  'connection-refused',
  'unreachable',
  'ca-not-trusted',
  'principal-refused',
  'login-refused',
  'connection-lost',
  'not-possible-here',
] as const

test('END-15 every failure of the transport has its own sentence, and its detailed message is not sent', async (t) => {
  const { hand, own } = await handWorld(t)
  for (const [index, kind] of failures.entries()) {
    const ada = await own.begin('ada')
    const terminal = await hand.opened(index)
    terminal.exit({ code: -1, failure: { kind, detail: 'between us' } })
    await assertEnd([ada], { reason: kind, in: own, exitCode: null })
    assert.ok(!JSON.stringify(ada.frames).includes('between us'))
  }
  assert.equal(new Set(failures.map((kind) => endReasons[kind].sentence)).size, failures.length)
})

test('END-16 a terminal that cannot be opened ends at once; too many at a time is distinguished from an error of ours', async (t) => {
  let cause: Error = new Refusal('NO_GATEWAY')
  const { own } = await handWorld(t, () => {
    throw cause
  })
  await assertEnd([await own.begin('ada')], { reason: 'gateway-busy', in: own, exitCode: null })
  cause = new TypeError('a fault')
  await assertEnd([await own.begin('ada')], { reason: 'internal', in: own, exitCode: null })
})

test('END-17 of two ends the first is sent, and the other has no effect', async () => {
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  ada.type('exit 0\r')
  olga.send({ type: 'control', control: { action: 'end' } })
  const { endReason } = await closedInStore(world, ada.ptySessionId())
  const { error } = await ada.next('error')
  assert.equal(error.code, endReason)
  assert.equal((await olga.next('error')).error.code, endReason)
})

test('END-19 a client that attaches during the end gets the reason, and does not wait', async (t) => {
  const hand = handTransport()
  const { promise: isOver, resolve: letEnd } = Promise.withResolvers<void>()
  const end =
    (terminal: Terminal): Terminal['end'] =>
    () =>
      isOver.then(() => terminal.end())
  const open: Transport['open'] = async (wanted, listener) => {
    const terminal = await hand.open(wanted, listener)
    return { ...terminal, end: end(terminal) }
  }
  const own = await terminalWorld({ transport: { open, close: hand.close } })
  atEnd(t, () => own.close())
  const ada = await own.begin('ada')
  await hand.opened(0)
  const ticket = await own.join(await own.signIn('olga'), ada.ptySessionId(), 'observer')
  ada.send({ type: 'control', control: { action: 'end' } })
  await echoed(ada)
  const olga = openTerminalSocket(ticket)
  await olga.opened
  olga.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  assert.equal((await olga.next('error')).error.code, 'PTY_SESSION_NOT_ACTIVE')
  assert.equal((await olga.closed).code, 4404)
  letEnd()
  await assertEnd([ada], { reason: 'ended-by-implementor', by: 'ada', in: own })
})

test('END-20 a recording that has its limit ends the session, after warnings at 75 % and 90 % of it', async (t) => {
  const own = await terminalWorld({ config: { terminals: { recordingLimitMib: 1 } } })
  atEnd(t, () => own.close())
  const ada = await own.begin('ada')
  const olga = await own.enter(await own.join(await own.signIn('olga'), ada.ptySessionId(), 'observer'))
  for (const socket of [ada, olga]) socket.acknowledge()
  for (const [percent, bytes] of [
    [75, 800_000],
    [90, 150_000],
  ]) {
    ada.type(`bytes ${bytes}\r`)
    const sentence = `The recording has reached ${percent} % of its limit of 1 MiB. The session ends at the limit.`
    for (const socket of [ada, olga]) {
      const { event } = await socket.next('event', ({ event: some }) => some.kind === 'notice')
      assert.deepEqual(event, { kind: 'notice', sentence })
    }
  }
  ada.type('bytes 200000\r')
  await assertEnd([ada, olga], { reason: 'recording-full', in: own })
  const { size } = statSync(recordPath(recordsFolderOf(own.dataDir), ada.ptySessionId()))
  assert.ok(size >= 1_048_576 && size < 3_145_728, `the recording has ${size} bytes`)
})

test('END-21 a terminal ends when the disk of the recordings has less room than its floor', async (t) => {
  let free = 600
  const own = await terminalWorld({ freeBytes: async () => free * 1_048_576 })
  atEnd(t, () => own.close())
  const ada = await own.begin('ada')
  free = 256
  await echoed(ada)
  free = 255
  await assertEnd([ada], { reason: 'disk-low', in: own })
})

test('END-18 every reason of the table is brought about by a test of this file', () => {
  assert.deepEqual([...covered].sort(), Object.keys(endReasons).sort())
})
