import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { call } from '../../fixtures/control-calls.ts'
import { echoPattern } from '../../fixtures/echo-transport.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

let world: TerminalWorld

before(async () => {
  world = await terminalWorld()
})

after(() => world.close())

async function watch(username: string, ptySessionId: string): Promise<TerminalSocket> {
  return world.enter(await world.join(await world.signIn(username), ptySessionId, 'observer'))
}

async function leave(...sockets: readonly TerminalSocket[]): Promise<void> {
  for (const socket of sockets) {
    socket.send({ type: 'bye' })
    await socket.closed
  }
}

/** Opens a socket that resumes, and sends the offset at which to continue. */
async function resume(
  before: TerminalSocket,
  from: { seq: number; inputSeq: number },
  secret = before.resumeSecret(),
): Promise<TerminalSocket> {
  const offers = ['X-Proxy-Session-Token', `resume.${secret}`, 'pty.v1']
  const socket = openTerminalSocket({ proxyUrl: world.url, token: '', offers })
  await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24, resume: from } })
  return socket
}

test('GTW-8 an observer gets the screen, then every byte, and its input is dropped with an event', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  const olga = await watch('olga', ada.ptySessionId())
  const snapshot = await olga.next('snapshot')
  assert.ok(snapshot.seq <= ada.seq())
  const joined = await ada.next(
    'event',
    ({ event }) => event.kind === 'joined' && event.participant.username === 'olga',
  )
  assert.deepEqual(
    joined.event.kind === 'joined' && joined.event.participants.map(({ username, role }) => [username, role]),
    [
      ['ada', 'implementor'],
      ['olga', 'observer'],
    ],
  )
  ada.type('size\r')
  await Promise.all([ada.see('80 x 24'), olga.see('80 x 24')])
  olga.type('exit 1\r')
  const blocked = await olga.next('event', ({ event }) => event.kind === 'blocked')
  assert.equal(blocked.event.kind === 'blocked' && blocked.event.why, 'not-implementor')
  assert.equal((await olga.next('inputAck')).inputSeq, 1)
  ada.type('bytes 32\r')
  await olga.see(echoPatternText(32))
  assert.ok(!olga.text().includes('exit 1'))
  await leave(olga, ada)
})

test('GTW-9 a second implementor is not let in while one is there, and is once that one has left', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  const olga = await world.signIn('olga')
  const wanted = { pty_session_id: ada.ptySessionId(), start_role: 'implementor' }
  const ask = async (): Promise<number> =>
    (await call(world, { method: 'POST', path: '/api/v1/pty_token/join', token: olga, body: wanted })).status
  assert.equal(await ask(), 409)
  const watcher = await watch('otto', ada.ptySessionId())
  await leave(ada)
  await watcher.next('event', ({ event }) => event.kind === 'left')
  const taker = await world.enter(await world.join(olga, ada.ptySessionId(), 'implementor'))
  taker.type('size\r')
  await taker.see('80 x 24')
  await leave(watcher, taker)
})

test('GTW-9 an implementor that gives the slot up becomes an observer, and another may type', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  ada.send({ type: 'control', control: { action: 'release' } })
  const event = await ada.next(
    'event',
    ({ event: { kind, ...rest } }) =>
      kind === 'joined' && 'participant' in rest && rest.participant.role === 'observer',
  )
  assert.equal(event.event.kind, 'joined')
  ada.type('size\r')
  await ada.next('event', ({ event: blocked }) => blocked.kind === 'blocked')
  const taker = await world.enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'implementor'))
  taker.type('size\r')
  await taker.see('80 x 24')
  await leave(ada, taker)
})

test('GTW-10 a client of the original table gets its session id, output, who is there, and the end', async () => {
  const { token, proxyUrl } = await world.start(await world.signIn('ada'))
  const socket = new WebSocket(`${proxyUrl.replace('http', 'ws')}/v1/ws`, ['X-Proxy-Session-Token', token])
  const frames: Buffer[] = []
  socket.on('message', (data) => frames.push(data as Buffer))
  const seen = (): string =>
    Buffer.concat(frames.filter(([type]) => type === 0x01).map((frame) => frame.subarray(1))).toString()
  const until = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) await new Promise((resolve) => socket.once('message', resolve))
  }
  await until(() => seen().includes('$ '))
  assert.equal(frames[0]?.[0], 0x15)
  assert.match(frames[0]?.subarray(1).toString() ?? '', /^[0-9a-f-]{36}$/)
  socket.send(Buffer.from([0x10, 0, 100, 0, 30]))
  socket.send(Buffer.from([0x00, ...Buffer.from('bytes 16\r')]))
  await until(() => seen().includes(echoPatternText(16)))
  socket.send(Buffer.from([0x00, ...Buffer.from('exit 0\r')]))
  const code = await new Promise((resolve) => socket.once('close', resolve))
  assert.equal(code, 4410)
  assert.deepEqual(new Set(frames.map(([type]) => type)), new Set([0x15, 0x1c, 0x07, 0x01, 0x13, 0x14]))
})

test('GTW-11 a message reaches all attachments, with its author', async () => {
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  olga.send({ type: 'control', control: { action: 'message', text: 'careful' } })
  for (const socket of [ada, olga]) {
    const { event } = await socket.next('event', ({ event: { kind } }) => kind === 'message')
    assert.deepEqual(event.kind === 'message' && [event.from.username, event.text], ['olga', 'careful'])
  }
  await leave(olga, ada)
})

test('GTW-12 a socket that drops in the middle of output is resumed without a byte lost or repeated', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  ada.acknowledge()
  const total = 3_000_000
  const begin = 2 + `bytes ${total}\r\n`.length
  ada.type(`bytes ${total}\r`)
  const pieces = [ada]
  for (let drop = 0; drop < 5; drop += 1) {
    const last = pieces.at(-1) as TerminalSocket
    await last.next('output')
    await last.next('output')
    last.webSocket.terminate()
    await last.closed
    const next = await resume(last, { seq: last.seq(), inputSeq: 1 })
    const { welcome } = await next.next('welcome')
    assert.deepEqual([welcome.seq, welcome.inputSeq, welcome.role], [last.seq(), 1, 'implementor'])
    next.acknowledge()
    pieces.push(next)
  }
  const last = pieces.at(-1) as TerminalSocket
  last.type('exit 0\r')
  const { finalSeq } = await last.next('exit')
  await last.closed
  const output = Buffer.from(pieces.map((socket) => socket.text()).join(''))
  assert.equal(output.length, finalSeq)
  assert.ok(output.subarray(begin, begin + total).equals(echoPattern(total)))
})

test('GTW-12 the secret of a resume works once', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  ada.webSocket.terminate()
  await ada.closed
  const secret = ada.resumeSecret()
  const back = await resume(ada, { seq: ada.seq(), inputSeq: 0 })
  await back.next('welcome')
  const again = await resume(ada, { seq: ada.seq(), inputSeq: 0 }, secret)
  assert.equal((await again.closed).code, 4401)
  await leave(back)
})

test('GTW-12 input that was taken before the drop is not taken again', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  ada.type('size\r')
  await ada.see('80 x 24')
  ada.webSocket.terminate()
  await ada.closed
  const back = await resume(ada, { seq: ada.seq(), inputSeq: 1 })
  await back.next('welcome')
  back.send({ type: 'input', inputSeq: 1, bytes: Buffer.from('size\r') })
  back.send({ type: 'input', inputSeq: 2, bytes: Buffer.from('exit 0\r') })
  await back.closed
  assert.ok(!back.text().includes('80 x 24'))
})

test('GTW-13 a resume on a second socket closes the first', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  const second = await resume(ada, { seq: ada.seq(), inputSeq: 0 })
  await second.next('welcome')
  assert.equal((await ada.closed).code, 4409)
  second.type('size\r')
  await second.see('80 x 24')
  await leave(second)
})

test('GTW-14 nothing is resumed whose session was ended meanwhile, nor with rubbish', async () => {
  const access = await world.signIn('ada')
  const ada = await world.enter(await world.start(access))
  await ada.see('$ ')
  ada.webSocket.terminate()
  await ada.closed
  await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token: access })
  const back = await resume(ada, { seq: ada.seq(), inputSeq: 0 })
  assert.equal((await back.closed).code, 4401)
  const rubbish = await resume(ada, { seq: 0, inputSeq: 0 }, 'A'.repeat(43))
  assert.equal((await rubbish.closed).code, 4401)
})

function echoPatternText(length: number): string {
  return Buffer.from(echoPattern(length)).toString().trimEnd()
}
