import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { removeServer } from '../../../src/core/terminals/inventory.ts'
import { openTerminalSocket, type SocketOffer } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

let world: TerminalWorld

before(async () => {
  world = await terminalWorld()
})

after(() => world.close())

/** What an upgrade that is refused was answered with. */
async function refusalOf({
  proxyUrl,
  offers = [],
  headers = {},
}: Omit<SocketOffer, 'token'>): Promise<{ status: number; body: unknown }> {
  const socket = new WebSocket(`${proxyUrl.replace('http', 'ws')}/v1/ws`, [...offers], { headers })
  socket.on('error', () => undefined)
  const [, response] = await once(socket, 'unexpected-response')
  const chunks = await response.toArray()
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) }
}

test('GTW-1 a start token opens a terminal that takes input and ends with its shell', async () => {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  ada.type('size\r')
  await ada.see('80 x 24')
  ada.type('exit 3\r')
  const exit = await ada.next('exit')
  assert.deepEqual(exit, { type: 'exit', code: 3, signal: 0, finalSeq: ada.seq() })
  assert.deepEqual((await ada.next('error')).error, {
    code: 'shell-exit',
    message: 'The shell has ended.',
    retry: 'no',
  })
  assert.deepEqual(await ada.closed, { code: 4410, reason: 'The shell has ended.' })
  const stored = await world.ports.store.ptySessionById(ada.ptySessionId())
  assert.deepEqual([stored?.state, stored?.endReason, stored?.exitCode], ['closed', 'shell-exit', 3])
})

test('GTW-2 an offer of another shape is refused with 400, rubbish and foreign tokens with 401, a foreign origin with 403', async () => {
  const access = await world.signIn('ada')
  const ticket = await world.start(access)
  const { proxyUrl } = ticket
  const ours = ['X-Proxy-Session-Token', ticket.token, 'pty.v1']
  const cases: readonly (readonly [Omit<SocketOffer, 'token' | 'proxyUrl'>, number])[] = [
    [{}, 400],
    [{ offers: ['pty.v1'] }, 400],
    [{ offers: ['X-Proxy-Session-Token'] }, 400],
    [{ offers: [ticket.token, 'X-Proxy-Session-Token'] }, 400],
    [{ offers: ['X-Proxy-Session-Token', 'pty.v1'] }, 400],
    [{ offers: ['X-Proxy-Session-Token', 'resume.abc'] }, 400],
    [{ offers: ['chat'], headers: { authorization: `Bearer ${ticket.token}` } }, 400],
    [{ offers: ['X-Proxy-Session-Token', 'rubbish', 'pty.v1'] }, 401],
    [{ offers: ['X-Proxy-Session-Token', access, 'pty.v1'] }, 401],
    [{ offers: ours, headers: { origin: 'https://evil.example' } }, 403],
    [{ offers: ['X-Proxy-Session-Token', 'rubbish'], headers: { origin: 'https://evil.example' } }, 401],
  ]
  for (const [offer, status] of cases) {
    const answer = await refusalOf({ proxyUrl, ...offer })
    assert.equal(answer.status, status, JSON.stringify(offer))
    assert.deepEqual(Object.keys(answer.body as object), ['error'])
  }
  const ada = await world.enter(ticket)
  ada.webSocket.close(1000)
  await ada.closed
})

test('GTW-2 a PTY token that has expired is refused with 401 before the upgrade', async () => {
  const ticket = await world.start(await world.signIn('ada'))
  world.clock.advance(121_000)
  const { status } = await refusalOf({
    proxyUrl: ticket.proxyUrl,
    offers: ['X-Proxy-Session-Token', ticket.token, 'pty.v1'],
  })
  assert.equal(status, 401)
})

test('GTW-3 pty.v1 is selected if it is offered, else the name of the original, and never the token', async () => {
  const access = await world.signIn('ada')
  const offers: readonly (readonly [(token: string) => Partial<SocketOffer>, string])[] = [
    [(token) => ({ offers: ['X-Proxy-Session-Token', token, 'pty.v1'] }), 'pty.v1'],
    [(token) => ({ offers: ['X-Proxy-Session-Token', token] }), 'X-Proxy-Session-Token'],
    [(token) => ({ offers: ['pty.v1'], headers: { authorization: `Bearer ${token}` } }), 'pty.v1'],
    [(token) => ({ offers: [], headers: { authorization: `Bearer ${token}` } }), ''],
    [(token) => ({ offers: ['X-Proxy-Session-Token', token, 'pty.v1'], headers: { origin: world.url } }), 'pty.v1'],
  ]
  for (const [offer, selected] of offers) {
    const ticket = await world.start(access)
    const socket = openTerminalSocket({ ...ticket, ...offer(ticket.token) })
    await socket.opened
    assert.equal(socket.webSocket.protocol, selected)
    socket.webSocket.close(1000)
    await socket.closed
  }
})

test('GTW-4 a hundred sockets race for one token, and exactly one is attached', async () => {
  const ticket = await world.start(await world.signIn('ada'))
  const sockets = Array.from({ length: 100 }, () => openTerminalSocket(ticket))
  await Promise.all(
    sockets.map(async (socket) => {
      await socket.opened
      socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
    }),
  )
  const outcomes = await Promise.all(
    sockets.map((socket) =>
      Promise.race([
        socket.next('welcome').then(
          () => 'in',
          () => 'out',
        ),
        socket.closed.then(({ code }) => code),
      ]),
    ),
  )
  assert.equal(outcomes.filter((outcome) => outcome === 'in').length, 1)
  const codes = await Promise.all(sockets.filter((_, index) => outcomes[index] !== 'in').map(({ closed }) => closed))
  assert.deepEqual(new Set(codes.map(({ code }) => code)), new Set([4401]))
  const winner = sockets[outcomes.indexOf('in')]
  winner?.webSocket.close(1000)
  await winner?.closed
})

test('GTW-5 a refusal by policy at the gateway is reported, and the token is not used up', async () => {
  const own = await terminalWorld()
  try {
    const ticket = await own.start(await own.signIn('ada'))
    const server = await own.ports.store.serverByName('web-1')
    const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
    await removeServer(own.ports, 'web-1', request)
    const refused = openTerminalSocket(ticket)
    await refused.opened
    refused.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
    assert.equal((await refused.next('error')).error.code, 'SERVER_NOT_FOUND')
    assert.equal((await refused.closed).code, 4404)
    assert.ok(server)
    const { addServer } = await import('../../../src/core/terminals/inventory.ts')
    await addServer(own.ports, server, request)
    const ada = await own.enter(ticket)
    await ada.see('$ ')
  } finally {
    await own.close()
  }
})

test('GTW-6 a first frame that is no HELLO closes with 4400, and so does a frame that is none', async () => {
  const access = await world.signIn('ada')
  const first = openTerminalSocket(await world.start(access))
  await first.opened
  first.type('ls\r')
  assert.equal((await first.closed).code, 4400)
  for (const bytes of [Buffer.from([0x41, 0]), Buffer.from([0xff]), Buffer.from([0x46, 0x7b])]) {
    const socket = await world.enter(await world.start(access))
    socket.webSocket.send(bytes)
    assert.equal((await socket.closed).code, 4400)
  }
  const text = await world.enter(await world.start(access))
  text.webSocket.send('ls')
  assert.equal((await text.closed).code, 4400)
  const large = await world.enter(await world.start(access))
  large.webSocket.send(Buffer.alloc(70_000, 0x41))
  assert.equal((await large.closed).code, 1009)
})

test('GTW-7 an upgrade to anything else, or anywhere else, is answered as if it had not been asked for', async () => {
  const ask = async (path: string, upgrade: string): Promise<number> => {
    const { hostname, port } = new URL(world.url)
    const request = httpRequest({ hostname, port, path, headers: { connection: 'upgrade', upgrade } })
    request.end()
    const [response] = await once(request, 'response')
    response.resume()
    return response.statusCode
  }
  assert.deepEqual(
    [await ask('/healthz', 'websocket'), await ask('/v1/ws', 'h2c'), await ask('/api/v1/sessions', 'websocket')],
    [200, 426, 401],
  )
})
