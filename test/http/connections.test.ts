/** Tests the limit on connections of one address: by socket without a proxy, and by client behind one. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { writeRefusals } from '../../src/core/upkeep.ts'
import { AddressCap } from '../../src/http/address-cap.ts'
import { makeCertificate } from '../fixtures/certificate.ts'
import { auditTrail, call } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'
import { freePort } from '../fixtures/sshd.ts'
import { terminalWorld } from '../fixtures/terminal-world.ts'

const most = 3

async function serverOf(t: TestContext, config: Readonly<Record<string, unknown>>): Promise<RunningSallyport> {
  const sallyport = await runSallyport({ config: { connectionsPerAddress: most, ...config } })
  atEnd(t, () => sallyport.close())
  return sallyport
}

type Connection = { readonly socket: Socket; readonly closed: Promise<string>; readonly answered: Promise<string> }

/** Opens a connection and sends a text; `answered` is the first part of the answer, `closed` all of it. */
function open(t: TestContext, url: string, { from = '127.0.0.1', text = '' }): Connection {
  const target = { port: Number(new URL(url).port), host: '127.0.0.1', localAddress: from }
  const isPlain = url.startsWith('http:')
  const socket = isPlain ? connect(target) : connectTls({ ...target, rejectUnauthorized: false } as ConnectionOptions)
  atEnd(t, () => void socket.destroy())
  socket.setEncoding('latin1')
  let came = ''
  socket.on('error', () => undefined)
  const answered = new Promise<string>((resolve) => {
    socket.on('data', (part: string) => {
      came += part
      resolve(came)
    })
  })
  socket.write(text)
  return { socket, answered, closed: new Promise((resolve) => socket.once('close', () => resolve(came))) }
}

const get = (path: string, ...lines: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')

test('HTP-24 an address has at most its limit, an IPv6 /64 is one address, and a released place can be taken again', () => {
  const cap = new AddressCap(2)
  const first = cap.take('2001:db8::1')
  assert.notEqual(cap.take('2001:db8::2'), null)
  assert.deepEqual([cap.take('2001:db8::3'), cap.addresses], [null, 1])
  const other = cap.take('2001:db8:0:1::1')
  assert.notEqual(other, null)
  first?.()
  const again = cap.take('2001:db8::9')
  assert.notEqual(again, null)
  other?.()
  assert.equal(cap.addresses, 1)
})

for (const listener of ['the one listener', 'the one listener on TLS', 'the listener of terminals'] as const) {
  test(`HTP-24 if no proxy is trusted, the sockets of a peer are counted: ${listener}`, async (t) => {
    const tls = listener.endsWith('TLS') ? makeCertificate(temporaryFolder(t), 'tls') : {}
    const port = await freePort()
    const gateway = listener === 'the listener of terminals' ? { gateway: { listen: `127.0.0.1:${port}` } } : {}
    const sallyport = await serverOf(t, { ...tls, ...gateway })
    const url = listener === 'the listener of terminals' ? `http://127.0.0.1:${port}` : sallyport.url
    const held = Array.from({ length: most }, () => open(t, url, {}))
    const text = get('/healthz')
    const refused = [open(t, url, { text }), open(t, url, { text })]
    assert.deepEqual(await Promise.all(refused.map(({ closed }) => closed)), ['', ''])
    const other = open(t, url, { from: '127.0.0.9', text })
    assert.match(await other.answered, /./)
    held[0]?.socket.destroy()
    await held[0]?.closed
    // The server may not have seen the end of the socket yet; until then it closes the next one.
    let next = ''
    while (next === '') {
      const { answered, closed } = open(t, url, { text })
      next = await Promise.race([answered, closed])
    }
    await writeRefusals(sallyport.ports)
    const event = (await auditTrail(sallyport)).findLast(({ action }) => action === 'refused-in-bulk')
    assert.deepEqual([event?.code, event?.ip], ['HASH_QUEUE_FULL', '127.0.0.1'])
  })
}

/** Waits until a condition holds, without blocking the sockets. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
}

/** A sign-in of a client behind the proxy that withholds its body: it stays open until its socket ends. */
function underWay(t: TestContext, url: string, client: string): Connection {
  const lines = [
    'POST /session HTTP/1.1',
    'Host: localhost',
    `X-Forwarded-For: ${client}`,
    'Content-Length: 9',
    '',
    '{',
  ]
  return open(t, url, { text: lines.join('\r\n') })
}

test('HTP-24 behind a trusted proxy open requests are counted by client, and sockets are not counted', async (t) => {
  const sallyport = await serverOf(t, { trustedProxies: ['127.0.0.1'] })
  for (let idle = 0; idle < 3 * most; idle += 1) open(t, sallyport.url, {})
  const ask = async (client: string, path = '/healthz') =>
    call(sallyport, { path, headers: { 'x-forwarded-for': client } })
  for (let more = 0; more < 3 * most; more += 1) assert.equal((await ask('203.0.113.1')).status, 200)
  const held = Array.from({ length: most }, () => underWay(t, sallyport.url, '203.0.113.1'))
  await until(async () => (await ask('203.0.113.1')).status !== 200)
  const paths = ['/healthz', '/api/v1/verify', '/api/v2/version', '/session', '/v4/user/', '/v1/apps']
  const answers = await Promise.all(paths.map((path) => ask('203.0.113.1', path)))
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers['retry-after']]),
    paths.map((path) => [path.startsWith('/v4') ? 429 : 503, '2']),
  )
  assert.equal((await ask('203.0.113.2')).status, 200)
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'X-Forwarded-For: 203.0.113.1']
  assert.match(
    await open(t, sallyport.url, { text: get('/v1/ws', ...upgrade) }).closed,
    /^HTTP\/1\.1 503 .*retry-after: 2/is,
  )
  for (const { socket } of held) socket.destroy()
  await until(async () => (await ask('203.0.113.1')).status === 200)
})

test('HTP-24 behind a trusted proxy a WebSocket counts for its client while it is open', async (t) => {
  const world = await terminalWorld({ config: { trustedProxies: ['127.0.0.1'], connectionsPerAddress: 2 } })
  atEnd(t, () => world.close())
  const { webSocket, closed } = await world.begin('ada')
  const ask = async () => (await call(world, { path: '/healthz' })).status
  assert.equal(await ask(), 200)
  const { socket } = underWay(t, world.url, '127.0.0.1')
  await until(async () => (await ask()) !== 200)
  webSocket.close(1000)
  await closed
  await until(async () => (await ask()) === 200)
  socket.destroy()
})
