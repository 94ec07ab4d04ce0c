/** Floods at a real server process, with times and sizes; SALLYPORT_FLOOD=1 runs them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { goodPassword } from '../fixtures/control-calls.ts'
import { type ServeProcess, serveProcess } from '../fixtures/serve-process.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'

const skip = process.env.SALLYPORT_FLOOD === '1' ? false : 'SALLYPORT_FLOOD=1 runs it.'

const mebibyte = 1024 * 1024
const ownersAddress = '127.0.0.9'

async function serve(t: TestContext): Promise<ServeProcess> {
  const server = await serveProcess(temporaryFolder(t))
  atEnd(t, () => server.end('SIGTERM'))
  while (!/setup#\S+/.test(server.output())) await pass(10)
  const secret = /setup#(\S+)/.exec(server.output())?.[1]
  assert.equal(
    await post(server, { path: '/api/v1/setup', body: { secret, username: 'root', password: goodPassword } }),
    201,
  )
  assert.equal(await signIn(server), 201, 'its address is known from here on')
  return server
}

const ownersAgent = new Agent({ localAddress: ownersAddress })
const signIn = (server: ServeProcess): Promise<number> =>
  post(server, { path: '/api/v1/sessions', body: { username: 'root', password: goodPassword } })

type Post = { readonly path: string; readonly body: object; readonly agent?: Agent }

/** The status of an answer; 0: the connection ended without one. */
function post(server: ServeProcess, { path, body, agent = ownersAgent }: Post): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(`${server.url}${path}`, { method: 'POST', agent }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
    })
    asked.once('error', () => resolve(0))
    asked.end(JSON.stringify(body))
  })
}

/** Resident bytes of the server. */
function residentBytes({ child }: ServeProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** Sends a request of 64 KiB but for its last byte. */
function withhold(server: ServeProcess, localAddress: string): Socket {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port), localAddress })
  socket.on('error', () => undefined).resume()
  socket.write('POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 65536\r\n\r\n')
  socket.write(Buffer.alloc(65_535, ' '))
  return socket
}

test('ATK-32 2,000 withheld bodies hold less than 200 MiB, keep no owner out, and give it back within a minute', {
  skip,
}, async (t) => {
  const server = await serve(t)
  const before = residentBytes(server)
  const sockets = Array.from({ length: 2_000 }, (_none, index) => withhold(server, `127.0.1.${1 + (index % 8)}`))
  atEnd(t, () => sockets.forEach((socket) => void socket.destroy()))
  let most = 0
  const statuses: number[] = []
  for (let look = 0; look < 50; look += 1) {
    most = Math.max(most, residentBytes(server))
    if (look % 10 === 0) statuses.push(await signIn(server))
    await pass(100)
  }
  for (const socket of sockets) socket.destroy()
  const endedAt = Date.now()
  while (residentBytes(server) > before + 100 * mebibyte && Date.now() < endedAt + 60_000) await pass(100)
  const after = residentBytes(server)
  const told = [before, most, after].map((bytes) => Math.round(bytes / mebibyte))
  t.diagnostic(`resident before, at most and after: ${told.join(', ')} MiB; back after ${Date.now() - endedAt} ms`)
  assert.deepEqual(statuses, [201, 201, 201, 201, 201])
  assert.ok(most < before + 200 * mebibyte && after < before + 100 * mebibyte, told.join(', '))
})

test('ATK-33 a flood of sign-ins from 250 addresses keeps the owner waiting less than 2 s, and writes less than 1 MB of log', {
  skip,
}, async (t) => {
  const server = await serve(t)
  const logged = server.output().length
  const until = Date.now() + 10_000
  const answers = new Map<number, number>()
  const flood = Array.from({ length: 250 }, async (_none, index) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: `127.0.2.${1 + index}` })
    const attack = async (username: string): Promise<void> => {
      while (Date.now() < until) {
        const body = { username, password: 'wrong horse battery staple' }
        const status = await post(server, { path: '/api/v1/sessions', body, agent })
        answers.set(status, (answers.get(status) ?? 0) + 1)
      }
    }
    await Promise.all([attack('root'), attack(`nobody-${index}`)])
    agent.destroy()
  })
  const waits: number[] = []
  while (Date.now() < until - 1_000) {
    await pass(500)
    const begun = Date.now()
    assert.equal(await signIn(server), 201)
    waits.push(Date.now() - begun)
  }
  await Promise.all(flood)
  const bytes = server.output().length - logged
  t.diagnostic(
    `owner at most ${Math.max(...waits)} ms in ${waits.length} sign-ins; ${bytes} bytes of log; ${JSON.stringify([...answers])}`,
  )
  assert.ok(Math.max(...waits) < 2_000 && bytes < 1_000_000)
})
