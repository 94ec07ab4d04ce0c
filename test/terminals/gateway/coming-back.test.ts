import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Refusal } from '../../../src/core/errors.ts'
import type { TerminalEvent } from '../../../src/protocol/terminal-frames.ts'
import type { TerminalListener } from '../../../src/terminals/transports/transport.ts'
import { call } from '../../fixtures/control-calls.ts'
import { type HandTransport, handTransport } from '../../fixtures/hand-transport.ts'
import { answered, echoed, passTime } from '../../fixtures/pass-time.ts'
import { comeBack } from '../../fixtures/terminal-attack.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

const listeners: TerminalListener[] = []
/** What the opening of the next terminal waits for. */
let opening: Promise<void> = Promise.resolve()
/** What the end of every terminal waits for. */
let ending: Promise<void> = Promise.resolve()
const hand: HandTransport = handTransport({ before: () => opening })
const logged: unknown[] = []
let world: TerminalWorld

before(async () => {
  const put = (facts: object): void => void logged.push(facts)
  world = await terminalWorld({
    transport: {
      ...hand,
      open: async (request, listener) => {
        listeners.push(listener)
        const terminal = await hand.open(request, listener)
        return { ...terminal, end: () => ending.then(() => terminal.end()) }
      },
    },
    log: { info: put, warn: put, error: put },
  })
})

after(() => world.close())

async function begin(username: string) {
  const index = hand.terminals.length
  const access = await world.signIn(username)
  const socket = await world.enter(await world.start(access))
  return { socket, access, terminal: await hand.opened(index) }
}

async function watch(username: string, to: TerminalSocket): Promise<TerminalSocket> {
  const socket = await world.enter(await world.join(await world.signIn(username), to.ptySessionId(), 'observer'))
  await socket.next('snapshot')
  socket.acknowledge()
  return socket
}

/** Resolves with the participants of the next event that a user joined or left. */
async function attendance(socket: TerminalSocket, kind: 'joined' | 'left', username: string): Promise<string[]> {
  const { event } = await socket.next(
    'event',
    ({ event }) => event.kind === kind && event.participant.username === username,
  )
  return (event as TerminalEvent & { kind: 'left' }).participants.map((one) => one.username)
}

const holderOf = async (socket: TerminalSocket): Promise<number | null | undefined> =>
  (await world.ports.store.ptySessionById(socket.ptySessionId()))?.implementorAccountId

test('GTW-9 a slot that was given up and taken again is free once more when its holder leaves', async () => {
  const { socket: ada, access, terminal } = await begin('ada')
  ada.send({ type: 'control', control: { action: 'release' } })
  await attendance(ada, 'joined', 'ada')
  await echoed(ada)
  const again = await world.enter(await world.join(access, ada.ptySessionId(), 'implementor'))
  again.send({ type: 'bye' })
  await again.closed
  await attendance(ada, 'left', 'ada')
  while ((await holderOf(ada)) !== null) await answered(ada)
  const olga = await world.enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'implementor'))
  const welcome = olga.frames.find((frame) => frame.type === 'welcome')
  assert.equal(welcome?.welcome.role, 'implementor')
  terminal.exit({})
  await olga.closed
})

test('GTW-9 of two tokens for a free slot the first gets it, and the second is closed with 4403', async () => {
  const { socket: ada, terminal } = await begin('ada')
  ada.send({ type: 'control', control: { action: 'release' } })
  await attendance(ada, 'joined', 'ada')
  while ((await holderOf(ada)) !== null) await answered(ada)
  const join = async (username: string) => world.join(await world.signIn(username), ada.ptySessionId(), 'implementor')
  const [first, second] = [await join('olga'), await join('otto')]
  const olga = await world.enter(first)
  const otto = openTerminalSocket(second)
  assert.deepEqual(await otto.closed, { code: 4403, reason: 'The PTY session has an implementor already.' })
  terminal.exit({})
  await olga.closed
})

test('GTW-22 all attachments get one event when a socket drops and one when it is back', async () => {
  const { socket: ada, terminal } = await begin('ada')
  const olga = await watch('olga', ada)
  ada.webSocket.terminate()
  assert.deepEqual(await attendance(olga, 'left', 'ada'), ['olga'])
  const back = await comeBack(world, ada)
  assert.deepEqual(await attendance(olga, 'joined', 'ada'), ['ada', 'olga'])
  back.webSocket.terminate()
  assert.deepEqual(await attendance(olga, 'left', 'ada'), ['olga'])
  await passTime(world, 61_000, [olga])
  const told = olga.frames.filter((frame) => frame.type === 'event' && frame.event.kind === 'left')
  assert.equal(told.length, 2)
  terminal.exit({})
  await olga.closed
})

test('GTW-23 a secret is spent by the resume that succeeds, not by one that drops or meets a store that cannot be read', async (t) => {
  const { socket: ada, terminal } = await begin('ada')
  const offers = ['X-Proxy-Session-Token', `resume.${ada.resumeSecret()}`, 'pty.v1']
  ada.webSocket.terminate()
  await ada.closed
  const dropping = openTerminalSocket({ proxyUrl: world.url, token: '', offers })
  await dropping.opened
  dropping.webSocket.terminate()
  await dropping.closed
  const { store } = world.ports
  const read = t.mock.method(store, 'ptySessionById', async () => {
    throw new Refusal('STORE_UNAVAILABLE', { retryAfterSeconds: 1 })
  })
  const refused = openTerminalSocket({ proxyUrl: world.url, token: '', offers })
  assert.deepEqual([(await refused.next('error')).error.retry, (await refused.closed).code], ['resume', 4503])
  read.mock.restore()
  const back = await comeBack(world, ada)
  await back.next('welcome')
  const spent = openTerminalSocket({ proxyUrl: world.url, token: '', offers })
  assert.equal((await spent.closed).code, 4401)
  terminal.exit({})
  await back.closed
})

test('GTW-24 a size that comes while the terminal is being opened reaches it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  opening = promise
  const index = hand.terminals.length
  const ada = await world.begin('ada')
  ada.send({ type: 'resize', cols: 132, rows: 50 })
  await ada.next('size', ({ cols }) => cols === 132)
  resolve()
  opening = Promise.resolve()
  const terminal = await hand.opened(index)
  await echoed(ada)
  assert.deepEqual(
    [terminal.request.size, ...terminal.sizes].map(({ cols, rows }) => [cols, rows]),
    [
      [80, 24],
      [132, 50],
    ],
  )
  terminal.exit({})
  await ada.closed
})

test("GTW-25 a transport's message reaches all attachments, and the log has why it failed", async () => {
  const { socket: ada, terminal } = await begin('ada')
  const sentence = 'A program ignored the hang-up and was killed.'
  listeners.at(-1)?.onNotice?.(sentence)
  const { event } = await ada.next('event', (frame) => frame.event.kind === 'notice')
  assert.deepEqual(event, { kind: 'notice', sentence })
  const failure = { kind: 'not-possible-here', detail: 'only root can run a shell as another OS user' } as const
  terminal.exit({ code: -1, failure })
  await ada.closed
  assert.ok(logged.some((facts) => JSON.stringify(facts).includes(JSON.stringify(failure))))
})

test('GTW-15 a signed-out client gets no more output, however long the terminal takes to end', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  ending = promise
  const { socket: ada, access, terminal } = await begin('ada')
  ada.acknowledge()
  terminal.put('before')
  await ada.see('before')
  const { status } = await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token: access })
  terminal.put('after')
  await echoed(ada)
  resolve()
  assert.deepEqual([status, (await ada.closed).code, ada.text()], [204, 4423, 'before'])
})

test('FLW-4 a frame that comes after 15 seconds of silence cuts its socket, and is not taken', async () => {
  const slow = await terminalWorld({ transport: hand, tickMs: 3_600_000 })
  try {
    const index = hand.terminals.length
    const ada = await slow.begin('ada')
    const terminal = await hand.opened(index)
    ada.type('a')
    await ada.next('inputAck')
    slow.clock.advance(15_200)
    ada.type('b')
    await ada.closed
    assert.equal(Buffer.from(terminal.written).toString(), 'a')
    const back = await comeBack(slow, ada, { seq: ada.seq(), inputSeq: 1 })
    await back.next('welcome')
    back.send({ type: 'input', inputSeq: 2, bytes: Buffer.from('c') })
    await echoed(back)
    assert.equal(Buffer.from(terminal.written).toString(), 'ac')
    terminal.exit({})
    await back.closed
  } finally {
    await slow.close()
  }
})
