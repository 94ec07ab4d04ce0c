/** Attacks by a client with a socket, or half of one: it loses its own, and other users notice nothing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { decodeClientFrame } from '../../src/protocol/decode-client-frame.ts'
import { encodeClientFrame } from '../../src/protocol/encode-frame.ts'
import { call, verify } from '../fixtures/control-calls.ts'
import { echoed } from '../fixtures/pass-time.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'
import {
  activeSessions,
  assertOpen,
  attachedInStore,
  comeBack,
  dice,
  likelyFrame,
  mutated,
  nothingLeft,
  quickHash,
} from '../fixtures/terminal-attack.ts'
import { openTerminalSocket, type TerminalSocket } from '../fixtures/terminal-socket.ts'
import { type TerminalWorld, type Ticket, terminalWorld } from '../fixtures/terminal-world.ts'
import { keepServerSockets } from '../fixtures/watched-transport.ts'

/** 20,000 in every run; SALLYPORT_TERMINAL_FRAMES=1000000 for the long form. */
const cases = Number(process.env.SALLYPORT_TERMINAL_FRAMES ?? 20_000)
const idleLimits = { timeout: 60_000 * Math.max(1, cases / 20_000) }

/** So short that a test can wait for the end of each. */
const timeouts = { headersMs: 300, requestMs: 400, idleMs: 300, checkMs: 50, lingerMs: 100 } as const

let world: TerminalWorld
let serverSockets: readonly Socket[]

before(async () => {
  world = await terminalWorld({ config: { terminals: { maxSessions: 250 } }, start: { ...quickHash, timeouts } })
  serverSockets = keepServerSockets(world)
})

after(() => world.close())

afterEach(async () => {
  for (const { id } of await activeSessions(world)) await endThroughApi(id)
  await nothingLeft(world)
})

async function watch(username: string, ptySessionId: string): Promise<TerminalSocket> {
  const socket = await world.enter(await world.join(await world.signIn(username), ptySessionId, 'observer'))
  await socket.next('snapshot')
  return socket
}

async function leave(...sockets: readonly TerminalSocket[]): Promise<void> {
  for (const socket of sockets) socket.send({ type: 'bye' })
  await Promise.all(sockets.map(({ closed }) => closed))
}

async function endThroughApi(id: string): Promise<void> {
  const path = `/api/v1/pty_sessions/${id}/end`
  assert.equal((await call(world, { method: 'POST', path, token: await world.signIn('root') })).status, 204)
}

/** What would end the session, or leave it, is no attack: it is what the frame is for. */
function isMeant(frame: Buffer): boolean {
  const decoded = decodeClientFrame(frame)
  if (decoded.type === 'bye') return true
  if (decoded.type === 'control') return ['end', 'release'].includes(decoded.control.action)
  return decoded.type === 'input' && decoded.bytes.includes(0x04)
}

/** The code that a frame ends its socket with; null: it does not. */
function codeFor(frame: Buffer): number | null {
  if (frame.length > 65_541) return 1009
  return decodeClientFrame(frame).type === 'bad' ? 4400 : null
}

test(
  'ATT-1 whatever frames an implementor and an observer send, each loses its own socket at most, and nobody else anything',
  idleLimits,
  async () => {
    const seed = Date.now() % 1_000_000_007
    const roll = dice(seed)
    const ada = await world.begin('ada')
    await ada.see('$ ')
    const otto = await watch('otto', ada.ptySessionId())
    otto.acknowledge()
    const attackers = [ada, await watch('olga', ada.ptySessionId())]
    let controls = 0
    let ended = 0
    for (let sent = 0; sent < cases; ) {
      const likely = likelyFrame(roll, sent + 1)
      const frame = roll(25) === 0 ? mutated(likely, roll) : likely
      if (isMeant(frame)) continue
      sent += 1
      const which = roll(2)
      const attacker = attackers[which] as TerminalSocket
      if (sent % 200 === 0) {
        otto.send({ type: 'control', control: { action: 'continue' } })
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (frame[0] === 0x46) controls += 1
      if (frame[0] === 0x46 && controls % 10 === 0) world.clock.advance(1_000)
      attacker.webSocket.send(frame)
      const code = codeFor(frame)
      if (code === null) continue
      ended += 1
      assert.equal((await attacker.closed).code, code, `seed ${seed}: ${frame.toString('hex').slice(0, 200)}`)
      const back = await comeBack(world, attacker)
      await back.next('welcome')
      back.acknowledge()
      attackers[which] = back
      for (const other of [otto, attackers[1 - which] as TerminalSocket]) assertOpen(other)
    }
    assert.ok(ended > cases / 100, `${ended} frames ended a socket`)
    await leave(...attackers)
    while ((await attachedInStore(world)).length > 1) await new Promise((resolve) => setImmediate(resolve))
    const olga = await world.enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'implementor'))
    otto.send({ type: 'control', control: { action: 'continue' } })
    olga.type('\x03size\r')
    await otto.see('size\r\n')
    await endThroughApi(ada.ptySessionId())
    assert.deepEqual([(await olga.closed).code, (await otto.closed).code], [4410, 4410])
  },
)

/** A client of the original table. */
async function originalClient({ proxyUrl, token }: Ticket): Promise<{ socket: WebSocket; frames: Buffer[] }> {
  const socket = new WebSocket(`${proxyUrl.replace('http', 'ws')}/v1/ws`, ['X-Proxy-Session-Token', token])
  const frames: Buffer[] = []
  socket.on('error', () => undefined)
  socket.on('message', (data) => frames.push(data as Buffer))
  await once(socket, 'open')
  return { socket, frames }
}

test('ATT-2 a client of the original table is told of every bad frame, and only one that is too large ends its socket', async () => {
  const seed = Date.now() % 1_000_000_007
  const roll = dice(seed)
  const { socket, frames } = await originalClient(await world.start(await world.signIn('ada')))
  while (frames.length === 0) await once(socket, 'message')
  const id = frames[0]?.subarray(1).toString() ?? ''
  const otto = await watch('otto', id)
  const opcodes = [0x00, 0x10, 0x11, 0x13, 0x20, 0x21, 0x40, 0x41, 0x7f, 0x80, 0xff]
  let bad = 0
  for (let sent = 0; sent < 2_000; sent += 1) {
    const opcode = opcodes[roll(opcodes.length)] ?? 0
    const payload = Buffer.from(Uint8Array.from({ length: roll(9) }, () => 0x20 + roll(90)))
    if (opcode >= 0x80 || (opcode === 0x10 && payload.length !== 4)) bad += 1
    if (roll(20) === 0) socket.send('text')
    socket.send(Buffer.concat([Buffer.of(opcode), payload]))
  }
  socket.send(Buffer.alloc(0))
  const answers = (): Buffer[] => frames.filter(([type]) => type === 0xff)
  while (answers().length < bad + 1) await once(socket, 'message')
  assert.equal(answers().length, bad + 1)
  assert.ok(answers().every((answer) => /^[\x20-\x7e]{5,80}$/.test(answer.subarray(1).toString())))
  socket.send(Buffer.from([0x00, 0x03, ...Buffer.from('size\r')]))
  await otto.see('size\r\n')
  socket.send(Buffer.alloc(70_000))
  assert.deepEqual((await once(socket, 'close'))[0], 1009)
  assertOpen(otto)
  await endThroughApi(id)
  await otto.closed
})

test('ATT-3 whoever sends on and on and does not read what that is answered with is cut off at 8 MiB', async () => {
  const { socket, frames } = await originalClient(await world.start(await world.signIn('ada')))
  while (frames.length === 0) await once(socket, 'message')
  const server = serverSockets.at(-1) as Socket
  const gone = once(server, 'close')
  socket.pause()
  let most = 0
  const flood = async (): Promise<void> => {
    while (!server.destroyed && socket.readyState === socket.OPEN) {
      for (let frame = 0; frame < 2_000; frame += 1) socket.send(Buffer.of(0xff))
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, server.writableLength)
    }
  }
  await Promise.all([flood(), gone])
  assert.ok(most < 9 * 1024 * 1024, `${most} bytes were held`)
  socket.terminate()
})

test('ATT-3 pings of somebody who reads no pongs are answered no further, and cost no more', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  const server = serverSockets.at(-1) as Socket
  ada.webSocket.pause()
  const payload = Buffer.alloc(125)
  let most = 0
  for (let sent = 0; sent < 160_000; sent += 2_000) {
    for (let ping = 0; ping < 2_000; ping += 1) ada.webSocket.ping(payload)
    while (ada.webSocket.bufferedAmount > 0) await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, server.writableLength)
  }
  assert.ok(most < 9 * 1024 * 1024, `${most} bytes were held`)
  ada.webSocket.terminate()
})

test('ATT-4 more than 20 requests in a second close a socket with 4400, but for the one that ends the session', async () => {
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  for (let time = 0; time < 20; time += 1) olga.send({ type: 'control', control: { action: 'pause' } })
  await echoed(olga)
  world.clock.advance(1_000)
  for (let time = 0; time < 21; time += 1) olga.send({ type: 'control', control: { action: 'message', text: 'x' } })
  assert.equal((await olga.next('error')).error.code, 'too-fast')
  assert.equal((await olga.closed).code, 4400)
  for (let time = 0; time < 20; time += 1) await ada.next('event', ({ event }) => event.kind === 'message')
  const otto = await watch('otto', ada.ptySessionId())
  for (let time = 0; time < 20; time += 1) otto.send({ type: 'control', control: { action: 'present' } })
  otto.send({ type: 'control', control: { action: 'end' } })
  assert.deepEqual([(await otto.closed).code, (await ada.closed).code], [4410, 4410])
})

test('ATT-5 two hundred sockets that say nothing after the upgrade are closed, what they began is over, and others are served', async () => {
  const access = await world.signIn('ada')
  const tickets: Ticket[] = []
  for (let count = 0; count < 200; count += 1) tickets.push(await world.start(access))
  const sockets = tickets.map((ticket) => openTerminalSocket(ticket))
  await Promise.all(sockets.map(({ opened }) => opened))
  assert.equal(await verify(world, access), 200)
  const otto = await world.begin('otto')
  await otto.see('$ ')
  const codes = await Promise.all(sockets.map(async ({ closed }) => (await closed).code))
  assert.deepEqual(new Set(codes), new Set([4400]))
  const left = await activeSessions(world)
  assert.deepEqual(
    left.map(({ id }) => id),
    [otto.ptySessionId()],
  )
})

test('ATT-6 two hundred connections that send half an upgrade are ended in the time for headers, and others are served', async () => {
  const lines = ['GET /v1/ws HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket', '']
  const half = lines.join('\r\n')
  const answers = Promise.all(Array.from({ length: 200 }, () => exchangeRaw(world.url, half)))
  const ada = await world.begin('ada')
  await ada.see('$ ')
  assert.deepEqual(
    new Set(await answers),
    new Set(['HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n']),
  )
  assertOpen(ada)
})

test('ATT-6 a refused upgrade ends its connection, and says what every answer says', async () => {
  const lines = ['GET /v1/ws HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket', '', '']
  const answer = await exchangeRaw(world.url, lines.join('\r\n'))
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.match(answer, /\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'/)
})

test('ATT-7 a socket that breaks the protocol and never closes is gone 2 s later', async () => {
  const ada = await world.begin('ada')
  const olga = await watch('olga', ada.ptySessionId())
  const { port } = new URL(world.url)
  const raw = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
  const { token } = await world.join(await world.signIn('otto'), ada.ptySessionId(), 'observer')
  const head = ['GET /v1/ws HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket']
  const key = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`]
  const offer = `Sec-WebSocket-Protocol: X-Proxy-Session-Token, ${token}, pty.v1`
  raw.write([...head, ...key, offer, '', ''].join('\r\n'))
  await once(raw, 'data')
  const server = serverSockets.at(-1) as Socket
  const gone = once(server, 'close')
  // Masked with zeros, which changes nothing (RFC 6455 section 5.3).
  const hello = encodeClientFrame({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  raw.write(Buffer.concat([Buffer.of(0x82, 0x80 + hello.length, 0, 0, 0, 0), hello]))
  await ada.next('event', ({ event }) => event.kind === 'joined' && event.participant.username === 'otto')
  // A frame that is not masked (RFC 6455 section 5.1).
  raw.write(Buffer.of(0x82, 0x01, 0x47))
  await gone
  raw.destroy()
  for (const socket of [ada, olga]) assertOpen(socket)
})
