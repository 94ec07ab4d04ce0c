/** Faults of the disk: full, not writable, locked by another process. Nothing that was answered is lost, and service comes back. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { goodPassword as password } from '../fixtures/control-calls.ts'
import { bearer, type HttpClient, openClient, verifyStatus } from '../fixtures/http-client.ts'
import { trailFaults } from '../fixtures/prove-trail.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import { type ServeProcess, serveProcess } from '../fixtures/serve-process.ts'
import { smallDisk } from '../fixtures/small-disk.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'

const hashCost = { memoryCost: 8, timeCost: 1, parallelism: 1 } as const
const basic = { authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}` }
const login = { email: 'ada@example.org', password }
const signIns = [
  { method: 'POST', path: '/api/v1/sessions', body: { username: 'ada', password } },
  { method: 'GET', path: '/api/v2/user/token', headers: basic },
  { method: 'POST', path: '/session', body: login },
  { method: 'POST', path: '/v4/auth-tokens/', body: { email: login.email, password_base64: btoa(password) } },
  { method: 'POST', path: '/v1/account/login', body: login },
] as const

/** A server with `ada`, over a folder that is kept, and a client of it. */
async function open(
  t: TestContext,
  dataDir: string,
  maxDatabaseBytes?: number,
): Promise<[RunningSallyport, HttpClient]> {
  const start = { hashCost, ...(maxDatabaseBytes === undefined ? {} : { maxDatabaseBytes }) }
  const sallyport = await runSallyport({ dataDir, config: { throttle: false }, start })
  atEnd(t, () => sallyport.close())
  const client = openClient(sallyport.url)
  atEnd(t, () => client.close())
  return [sallyport, client]
}

async function signIn(client: HttpClient): Promise<{ readonly status: number; readonly token: string }> {
  const { status, body } = await client.send(signIns[0])
  return { status, token: status === 201 ? (JSON.parse(body) as { access_token: string }).access_token : '' }
}

/** Signs in until the store refuses; returns the tokens that were answered. */
async function fill(client: HttpClient): Promise<string[]> {
  const answered: string[] = []
  for (let round = 0; round < 400; round += 1) {
    const batch = await Promise.all(Array.from({ length: 32 }, () => signIn(client)))
    answered.push(...batch.flatMap(({ status, token }) => (status === 201 ? [token] : [])))
    const other = batch.filter(({ status }) => status !== 201).map(({ status }) => status)
    assert.deepEqual([...new Set(other)], other.length === 0 ? [] : [503])
    if (other.length === batch.length) return answered
  }
  throw new Error('the store never filled')
}

async function statusesOf(client: HttpClient, tokens: readonly string[]): Promise<number[]> {
  return [...new Set(await Promise.all(tokens.map((token) => verifyStatus(client, token))))]
}

/** What every dialect says of a sign-in that cannot be written, and the time to wait; the last small rows may still fit. */
async function refusedSignIns(client: HttpClient): Promise<string[]> {
  for (let round = 0; round < 50; round += 1) {
    const answers = await Promise.all(signIns.map((signIn) => client.send(signIn)))
    if (answers.some(({ status }) => status < 300)) continue
    return answers.map(({ status, headers }) => `${status} ${headers['retry-after']}`)
  }
  throw new Error('some sign-in was always written')
}

const unavailable = ['503 1', '503 1', '503 1', '500 1', '503 1']

async function assertWholeTrail(sallyport: RunningSallyport): Promise<void> {
  assert.deepEqual(await trailFaults(sallyport), [])
}

test('ATK-16 a database that may not grow refuses what it cannot keep, goes on verifying, and loses nothing it answered', async (t) => {
  const dataDir = temporaryFolder(t)
  const [small, client] = await open(t, dataDir, 1024 * 1024)
  await small.addAccount({ username: 'ada', password, email: login.email })
  const live = await fill(client)
  const refused = await refusedSignIns(client)
  const verified = await statusesOf(client, live)
  const ended: string[] = []
  const kept: string[] = []
  for (const token of live.slice(-100)) {
    const { status } = await client.send({ method: 'DELETE', path: '/api/v1/sessions/current', headers: bearer(token) })
    assert.ok(status === 204 || status === 503, `a sign-out answered ${status}`)
    ;(status === 204 ? ended : kept).push(token)
  }
  assert.deepEqual(await statusesOf(client, ended), ended.length === 0 ? [] : [401])
  assert.deepEqual([refused, verified, await statusesOf(client, kept)], [unavailable, [200], [200]])
  assert.ok(live.length > 100 && kept.length > 0)
  // Not even an event fits any more. An event of a refused token waits to be written when the server closes.
  const wrong = { ...signIns[0], body: { username: 'ada', password: 'wrong' } }
  for (let round = 0; (await client.send(wrong)).status !== 503; round += 1) assert.ok(round < 500)
  assert.equal(await verifyStatus(client, 'rubbish'), 401)
  client.close()
  await small.close()

  const [roomy, again] = await open(t, dataDir)
  assert.deepEqual(await statusesOf(again, live.slice(0, -100)), [200])
  assert.deepEqual(await statusesOf(again, kept), [200])
  assert.deepEqual(await statusesOf(again, ended), ended.length === 0 ? [] : [401])
  assert.equal((await signIn(again)).status, 201)
  await assertWholeTrail(roomy)
})

test('ATK-16 on a disk that fills up the same holds, and service is back once there is room, without a restart', async (t) => {
  const disk = smallDisk(t, 8)
  if (disk === null) return
  const { folder } = disk
  const [sallyport, client] = await open(t, join(folder, 'data'))
  await sallyport.addAccount({ username: 'ada', password, email: login.email })
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(4 * 1024 * 1024))
  const live = await fill(client)
  const whileFull = [await refusedSignIns(client), await statusesOf(client, live)]
  rmSync(join(folder, 'ballast'))
  assert.deepEqual(whileFull, [unavailable, [200]])
  const after = [(await signIn(client)).status, ...(await statusesOf(client, live))]
  assert.deepEqual(after, [201, 200])
  await assertWholeTrail(sallyport)
})

/** A server process with `ada`, and a client of it. */
async function openProcess(t: TestContext, dataDir: string): Promise<[ServeProcess, HttpClient]> {
  const sallyport = await runSallyport({ dataDir })
  await sallyport.addAccount({ username: 'ada', password, email: login.email })
  await sallyport.close()
  const server = await serveProcess(dataDir, { THROTTLE: 'false' })
  atEnd(t, () => server.end('SIGTERM'))
  const client = openClient(server.url)
  atEnd(t, () => client.close())
  return [server, client]
}

test('ATK-17 a file that may not be written any more is refused as unavailable, and is written again once it may', async (t) => {
  const dataDir = temporaryFolder(t)
  const [server, client] = await openProcess(t, dataDir)
  const before = await signIn(client)
  const logBytes = statSync(join(dataDir, 'sallyport.db-wal')).size
  const limit = (bytes: number | 'unlimited') =>
    spawnSync('prlimit', ['--pid', String(server.child.pid), `--fsize=${bytes}:unlimited`]).status
  if (limit(logBytes) !== 0) return t.skip('prlimit is not there, or this user may not limit a process of its own')
  const refused = await refusedSignIns(client)
  const signOut = await client.send({
    method: 'DELETE',
    path: '/api/v1/sessions/current',
    headers: bearer(before.token),
  })
  const verified = await verifyStatus(client, before.token)
  limit('unlimited')
  const after = await signIn(client)
  assert.deepEqual([refused, signOut.status, verified, after.status], [unavailable, 503, 200, 201])
  assert.deepEqual(await statusesOf(client, [before.token, after.token]), [200])
})

test('ATK-17 a data directory on a file system that is read-only is refused in one sentence, and left as it is', async (t) => {
  const folder = temporaryFolder(t)
  const [dataDir, view] = [join(folder, 'data'), join(folder, 'view')]
  const sallyport = await runSallyport({ dataDir })
  await sallyport.close()
  mkdirSync(view)
  const mount = (...words: string[]) => spawnSync('mount', words).status
  if (mount('--bind', dataDir, view) !== 0) return t.skip('this user may not mount a directory again')
  atEnd(t, () => {
    spawnSync('umount', [view])
  })
  assert.equal(mount('-o', 'remount,ro,bind', view), 0)
  await assert.rejects(serveProcess(view), ({ message }: Error) => {
    assert.match(message, /^serve ended with 1: sallyport: [^\n]*\bcannot be used \(EROFS\)\.\n$/)
    return true
  })
  assert.equal(existsSync(join(dataDir, 'sallyport.db-wal')), false)
})

test('ATK-18 a database that another process locks for longer than we wait is unavailable, and tokens are verified meanwhile', async (t) => {
  const dataDir = temporaryFolder(t)
  const [, client] = await openProcess(t, dataDir)
  const { token } = await signIn(client)
  const other = new DatabaseSync(join(dataDir, 'sallyport.db'))
  atEnd(t, () => other.close())
  other.exec('BEGIN IMMEDIATE')
  const waiting = client.send(signIns[0])
  let checks = 0
  let isOver = false
  void waiting.finally(() => {
    isOver = true
  })
  while (!isOver) {
    assert.equal(await verifyStatus(client, token), 200)
    checks += 1
  }
  const { status, headers } = await waiting
  assert.deepEqual([status, headers['retry-after']], [503, '1'])
  other.exec('ROLLBACK')
  assert.ok(checks > 100, `${checks} tokens were verified beside the lock`)
  assert.deepEqual([(await signIn(client)).status, await verifyStatus(client, token)], [201, 200])
})
