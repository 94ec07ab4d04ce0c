/** A disk that another process fills to the last byte: every end is answered and durable, and nothing else is. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { proveTrail } from '../../src/main/audit-command.ts'
import { openStoreAccess } from '../../src/main/store-access.ts'
import { sallyport } from '../cli/sallyport-process.ts'
import { goodPassword as password } from '../fixtures/control-calls.ts'
import { bearer, type HttpClient, openClient, signInAtControl, verifyStatus } from '../fixtures/http-client.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { type ServeProcess, serveProcess } from '../fixtures/serve-process.ts'
import { type SmallDisk, smallDisk } from '../fixtures/small-disk.ts'
import { atEnd } from '../fixtures/sqlite-store.ts'

async function prepare(dataDir: string): Promise<void> {
  const server = await runSallyport({ dataDir })
  for (const username of ['ada', 'bob', 'eve', 'root']) {
    await server.addAccount({ username, password, role: username === 'root' ? 'admin' : 'user' })
  }
  await server.close()
}

async function serve(t: TestContext, dataDir: string): Promise<[ServeProcess, HttpClient]> {
  const server = await serveProcess(dataDir, { THROTTLE: 'false' })
  atEnd(t, () => server.end('SIGKILL'))
  const client = openClient(server.url)
  atEnd(t, () => client.close())
  return [server, client]
}

async function signOut(client: HttpClient, token: string): Promise<number> {
  return (await client.send({ method: 'DELETE', path: '/api/v1/sessions/current', headers: bearer(token) })).status
}

async function signIn(client: HttpClient, username: string): Promise<number> {
  return (await client.send({ method: 'POST', path: '/api/v1/sessions', body: { username, password } })).status
}

async function readiness(client: HttpClient): Promise<unknown[]> {
  const { status, body } = await client.send({ path: '/readyz' })
  const told = JSON.parse(body) as { readonly status: string; readonly reasons: readonly { readonly code: string }[] }
  return [status, told.status, ...told.reasons.map(({ code }) => code)]
}

/** The first caller may still be told to retry: the numbers of rows are fetched then. */
async function signInOnceThereIsRoom(client: HttpClient, username: string): Promise<number> {
  for (let round = 0; round < 20; round += 1) {
    const status = await signIn(client, username)
    if (status !== 503) return status
  }
  return 503
}

/** Disables an account at the users route of an administrator. */
async function disable(client: HttpClient, username: string, token: string): Promise<number> {
  const path = `/api/v2/users/${username}`
  const { body } = await client.send({ path, headers: bearer(token) })
  const changed = { ...(JSON.parse(body) as object), status: 0 }
  return (await client.send({ method: 'PUT', path, headers: bearer(token), body: changed })).status
}

async function adminToken(client: HttpClient): Promise<string> {
  const authorization = `Basic ${btoa(`root:${password}`)}`
  const { body } = await client.send({ path: '/api/v2/token', headers: { authorization } })
  return (JSON.parse(body) as { access_token: string }).access_token
}

async function assertWholeTrail(dataDir: string): Promise<void> {
  const config = readConfig({ flags: {}, env: {}, file: { data: dataDir, logLevel: 'silent' } })
  const storeAccess = await openStoreAccess({ config, env: {} }, 'command')
  const { seals, chains } = await proveTrail(storeAccess, { seen: [], key: 'of the store' })
  assert.deepEqual([seals.fault, chains.map(({ fault }) => fault)], [null, [null, null]])
  await storeAccess.close()
}

type Full = {
  readonly disk: SmallDisk
  readonly dataDir: string
  readonly server: ServeProcess
  readonly client: HttpClient
  readonly root: string
  readonly tokens: Readonly<Record<'ada' | 'bob' | 'eve', readonly string[]>>
}

/** A server whose disk has just been filled, with tokens of all accounts. */
async function fullDisk(t: TestContext, tokensOfAda = 8): Promise<Full | null> {
  const disk = smallDisk(t, 60)
  if (disk === null) return null
  const dataDir = join(disk.folder, 'data')
  await prepare(dataDir)
  const [server, client] = await serve(t, dataDir)
  const root = await adminToken(client)
  const tokensOf = async (username: string, count = 8): Promise<string[]> => {
    const tokens: string[] = []
    while (tokens.length < count) tokens.push((await signInAtControl(client, username, password)).access_token)
    return tokens
  }
  const tokens = { ada: await tokensOf('ada', tokensOfAda), bob: await tokensOf('bob'), eve: await tokensOf('eve') }
  disk.fill()
  assert.equal(disk.freeBytes(), 0)
  return { disk, dataDir, server, client, root, tokens }
}

test('ATK-16 on a disk that is full to the last byte sign-out and disable are answered, survive SIGKILL, and sign-ins wait for room', async (t) => {
  const full = await fullDisk(t)
  if (full === null) return
  const { disk, dataDir, server, client, root, tokens } = full
  const [ada, bob, eve] = [tokens.ada, tokens.bob, tokens.eve]
  assert.equal(await signIn(client, 'ada'), 503)
  assert.deepEqual(await readiness(client), [503, 'unready', 'disk-full'])
  for (const token of ada.slice(0, 6)) {
    // Room that was freed for an end is not used for a sign-in.
    assert.deepEqual([await signOut(client, token), await signIn(client, 'ada')], [204, 503])
    disk.fill()
  }
  assert.deepEqual([await signIn(client, 'ada'), await disable(client, 'bob', root)], [503, 200])
  disk.fill()
  const byCommand = await sallyport(['account', 'disable', 'eve'], { data: dataDir })
  assert.equal(byCommand.code, 0, byCommand.stderr)
  const statuses = async (by: HttpClient) =>
    Promise.all([...ada, bob[0] ?? '', eve[0] ?? ''].map((token) => verifyStatus(by, token)))
  const expected = [401, 401, 401, 401, 401, 401, 200, 200, 401, 401]
  assert.deepEqual(await statuses(client), expected)
  disk.fill()
  await server.end('SIGKILL')

  const [, again] = await serve(t, dataDir)
  assert.deepEqual(await statuses(again), expected)
  assert.deepEqual([await signIn(again, 'ada'), await signOut(again, ada[6] ?? '')], [503, 204])
  assert.equal(await verifyStatus(again, ada[6] ?? ''), 401)
  disk.empty()
  const after = [await signInOnceThereIsRoom(again, 'ada'), await signIn(again, 'bob'), await signIn(again, 'eve')]
  assert.deepEqual(after, [201, 401, 401])
  // 60 MiB are less than terminals need.
  assert.deepEqual(await readiness(again), [200, 'degraded', 'disk-low'])
  await assertWholeTrail(dataDir)
})

test('ATK-16 while another process goes on to fill the disk, sign-out after sign-out is answered and survives SIGKILL', async (t) => {
  const full = await fullDisk(t, 40)
  if (full === null) return
  const { disk, dataDir, server, client, tokens } = full
  const stop = await disk.keepFull()
  const statuses: number[] = []
  for (const token of tokens.ada) statuses.push(await signOut(client, token))
  stop()
  assert.deepEqual(statuses, Array<number>(40).fill(204))
  disk.fill()
  await server.end('SIGKILL')
  const [, again] = await serve(t, dataDir)
  const after = await Promise.all([...tokens.ada, ...tokens.bob].map((token) => verifyStatus(again, token)))
  assert.deepEqual(after, [...Array<number>(40).fill(401), ...Array<number>(8).fill(200)])
})

test('ATK-16 a server on a full disk is told to end, the next one starts on what it left, and so does one that finds the disk full', async (t) => {
  const full = await fullDisk(t)
  if (full === null) return
  const { disk, dataDir, server, client, tokens } = full
  const [first = '', second = '', third = ''] = tokens.ada
  assert.equal(await signOut(client, first), 204)
  disk.fill()
  await server.end('SIGTERM')
  assert.equal(server.child.exitCode, 0)
  disk.fill()
  const [next, again] = await serve(t, dataDir)
  assert.deepEqual([await verifyStatus(again, first), await verifyStatus(again, second)], [401, 200])
  disk.empty()
  assert.equal(await signInOnceThereIsRoom(again, 'ada'), 201)
  await next.end('SIGTERM')
  assert.equal(existsSync(join(dataDir, 'sallyport.db-shm')), false)
  disk.fill()
  const [, last] = await serve(t, dataDir)
  assert.deepEqual([await signOut(last, second), await verifyStatus(last, second)], [204, 401])
  assert.deepEqual([await verifyStatus(last, third), await signIn(last, 'ada')], [200, 503])
})
