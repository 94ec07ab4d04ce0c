/** Attacks by being slow, large, or at the wrong place: every connection ends by itself, every size has its end. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type AttackWorld, attackWorld } from '../fixtures/attack-world.ts'
import { makeCertificate } from '../fixtures/certificate.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let world: AttackWorld
let impatient: RunningSallyport

/** So short that a test can wait for the end of each. */
const timeouts = { headersMs: 300, requestMs: 400, idleMs: 300, checkMs: 50, lingerMs: 100 } as const

before(async () => {
  world = await attackWorld()
  impatient = await runSallyport({ start: { timeouts } })
})

after(async () => {
  await impatient.close()
  await world.close()
})

/** How a client behaves after its first bytes: it may send more, a byte at a time, and may never close its half. */
type Manner = { readonly drip?: string; readonly keepsHalf?: boolean }

/** Sends bytes and returns all that came back once the server has ended the connection for good. */
function borne(t: TestContext, sent: string, { drip = '', keepsHalf = false }: Manner = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(new URL(impatient.url).port), host: '127.0.0.1', allowHalfOpen: keepsHalf })
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part
    })
    // A connection that is reset while a byte is on its way has ended too.
    socket.on('error', () => undefined)
    const timer = drip === '' ? undefined : setInterval(() => socket.write(drip), 20)
    socket.once('close', () => {
      clearInterval(timer)
      resolve(text)
    })
    t.after(() => socket.destroy())
    socket.write(sent)
    if (keepsHalf) keepWriting(socket)
  })
}

/** Only who writes learns that the other end is gone. */
function keepWriting(socket: Socket): void {
  const timer = setInterval(() => socket.write('x'), 20)
  socket.once('close', () => clearInterval(timer))
}

const head = 'POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\n'
const timedOut = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

test('ATK-13 headers and bodies that do not come, or come a byte at a time, are cut with 408', async (t) => {
  const answers = await Promise.all([
    borne(t, 'GET'),
    borne(t, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n'),
    borne(t, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n', { drip: 'X-A: b\r\n' }),
    borne(t, `${head}Content-Length: 1000\r\n\r\n{`),
    borne(t, `${head}Content-Length: 60000\r\n\r\n`, { drip: ' ' }),
    borne(t, `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`),
    borne(t, `${head}Transfer-Encoding: chunked\r\n\r\n`, { drip: '1\r\n \r\n' }),
  ])
  assert.deepEqual(
    answers,
    answers.map(() => timedOut),
  )
})

test('ATK-13 a connection that says nothing, at first or after an answer, is ended', async (t) => {
  const [silent, idle] = await Promise.all([borne(t, ''), borne(t, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')])
  assert.match(silent, /^(?:HTTP\/1\.1 408 .*)?$/s)
  assert.match(idle, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s)
})

test('ATK-13 who never closes the own half after a refusal loses it', async (t) => {
  const answers = await Promise.all([
    borne(t, 'RUBBISH\r\n\r\n', { keepsHalf: true }),
    borne(t, 'GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', { keepsHalf: true }),
    borne(t, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n', { keepsHalf: true }),
  ])
  assert.deepEqual(
    answers.map((answer) => answer.slice(9, 12)),
    ['400', '400', '200'],
  )
})

test('ATK-13 two hundred slow connections keep nobody else from an answer', async (t) => {
  const slow = Array.from({ length: 200 }, () => borne(t, 'GET /healthz HTTP/1.1\r\n', { drip: 'X: y\r\n' }))
  const quick = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'
  const answers = await Promise.all(Array.from({ length: 20 }, () => exchangeRaw(impatient.url, quick)))
  assert.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 200 ')))
  assert.deepEqual(new Set(await Promise.all(slow)), new Set([timedOut]))
})

test('ATK-13, ATK-14 on TLS the sizes and the patience are the same', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-attack-'))
  const sallyport = await runSallyport({ config: makeCertificate(folder, 'tls'), start: { timeouts } })
  try {
    const port = Number(new URL(sallyport.url).port)
    const ask = async (kibibytes: number, end = '\r\n'): Promise<string> => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
      t.after(() => socket.destroy())
      socket.setEncoding('utf8')
      socket.write(
        `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: ${'a'.repeat(kibibytes * 1024)}\r\n${end}`,
      )
      let text = ''
      for await (const part of socket) text += part as string
      return text.slice(9, 12)
    }
    assert.deepEqual([await ask(60), await ask(70), await ask(1, '')], ['200', '431', '408'])
    const silent = connect(port, '127.0.0.1')
    t.after(() => silent.destroy())
    await new Promise((resolve) => silent.resume().once('close', resolve))
  } finally {
    await sallyport.close()
    await rm(folder, { recursive: true, force: true })
  }
})

test('ATK-15 a wrong method on every path that is served is 405 with the right ones in Allow', async () => {
  const methods = new Map<string, Set<string>>()
  for (const { method, path } of world.routes) methods.set(path, (methods.get(path) ?? new Set()).add(method))
  assert.ok(methods.size > 30)
  for (const path of methods.keys()) {
    const url = path.replace(/:\w+/g, 'some-id').replace('*', 'some-file')
    const allowed = methodsOf(methods, url, '[^/]+')
    // The router also takes an empty parameter, whose route then finds nothing.
    const served = methodsOf(methods, url, '[^/]*')
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND']) {
      if (served.includes(method)) continue
      const { statusCode, headers } = await world.attack({ method, url, payload: '{"x":' })
      assert.deepEqual([statusCode, headers.allow], [405, allowed.join(', ')], `${method} ${path}`)
    }
  }
})

/** The methods of every pattern that matches a path, as Allow lists them. GET brings HEAD, except if GET makes a token or has no end of its own. */
function methodsOf(methods: ReadonlyMap<string, ReadonlySet<string>>, url: string, parameter: string): string[] {
  const found = [...methods].filter(([path]) =>
    new RegExp(`^${path.replace('*', '.*').replace(/:\w+/g, parameter)}$`).test(url),
  )
  const heads = (path: string, own: ReadonlySet<string>): string[] =>
    own.has('GET') && path !== '/session' && !path.endsWith('/live') ? ['HEAD'] : []
  return [...new Set(found.flatMap(([path, own]) => [...own, ...heads(path, own)]))].sort()
}
