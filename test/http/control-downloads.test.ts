/** Tests downloads of recordings when the right to them ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { get as getOverTls } from 'node:https'
import { connect, type Socket } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import type { RecordingExport, Terminals } from '../../src/http/context.ts'
import { makeCertificate } from '../fixtures/certificate.ts'
import { type Person, type PtyWorld, ptyWorld, signedIn } from '../fixtures/pty-world.ts'
import { auditOf, startMs } from '../fixtures/records.ts'
import { temporaryFolder } from '../fixtures/sqlite-store.ts'
import { asking, controlOver } from '../fixtures/terminals-in-memory.ts'

let world: PtyWorld

before(async () => {
  world = await ptyWorld()
})

after(() => world.close())

/** More than the kernel buffers for a client that reads nothing. */
const size = 1_000_000_000

/** A recording without an end. */
async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield new Uint8Array(65_536)
}

/** Terminals whose recordings have no end; with `isLive` they have no size either. */
function terminals(isLive: boolean): Terminals {
  const recording: RecordingExport = { isLive, size: async () => size, read: endless }
  return { exportRecording: async () => recording, follow: endless, hasRecording: async () => true }
}

/** The download and how it is served. */
type Asked = {
  readonly by: Person
  readonly id: string
  readonly isLive?: boolean
  readonly what?: 'recording' | 'live'
  readonly sallyport?: PtyWorld['sallyport']
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** A running download. */
type Download = {
  readonly response: IncomingMessage
  /** The server's end of its connection. */
  readonly connection: Socket
  /** Resolves with the code of its error, and whether it looks complete. */
  readonly over: Promise<readonly [string | undefined, boolean]>
}

/** Starts a download; `t` closes the server. */
async function download(t: TestContext, asked: Asked): Promise<Download> {
  const { by, id, isLive = true, what = 'recording', sallyport = world.sallyport, tls } = asked
  const app = controlOver(sallyport, terminals(isLive), tls === undefined ? {} : { tls })
  t.after(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const connected = once(app.server, tls === undefined ? 'connection' : 'secureConnection')
  const options = { headers: { authorization: `Bearer ${by.token}` }, agent: false, rejectUnauthorized: false }
  const request = (tls === undefined ? get : getOverTls)(`${url}/api/v1/pty_sessions/${id}/${what}`, options)
  request.on('error', () => undefined)
  const [response]: IncomingMessage[] = await once(request, 'response')
  const [connection]: Socket[] = await connected
  assert.ok(response && connection)
  assert.equal(response.statusCode, 200)
  const over = new Promise<readonly [string | undefined, boolean]>((resolve) => {
    response.once('error', ({ code }: NodeJS.ErrnoException) => resolve([code, response.complete]))
    response.once('end', () => resolve(['end', response.complete]))
  })
  return { response, connection, over }
}

const change = async (name: string, parts: { addGroups?: string[]; removeGroups?: string[] }): Promise<void> => {
  const { store } = world.sallyport.ports
  const account = (await store.accountByName(name, 'user')) ?? assert.fail()
  const input = { accountId: account.id, change: parts, rotation: null, seen: null, nowMs: startMs }
  await store.execute('changeAccount', { ...input, audit: auditOf('account-change') })
}

const signOut = async (by: Person): Promise<void> => {
  assert.equal((await world.ask(by, { method: 'DELETE', path: '/api/v1/sessions/current' })).status, 204)
}

/** A running or closed PTY session, and a participant who has just signed in. */
async function takenPart(isOver: boolean): Promise<{ readonly id: string; readonly bob: Person }> {
  const bob = await signedIn(world.sallyport, 'bob')
  const { id } = await world.open(world.people.ada)
  await world.watch(bob, id)
  if (isOver) await world.finish(id)
  return { id, bob }
}

for (const isLive of [true, false]) {
  const what = isLive ? 'of a terminal that runs' : 'of one that is over'
  test(`PTY-21 a download ${what} is reset before the sign-out is answered, and does not look complete`, async (t) => {
    const { id, bob } = await takenPart(!isLive)
    const { response, connection, over } = await download(t, { by: bob, id, isLive })
    response.resume()
    await signOut(bob)
    assert.ok(connection.destroyed)
    assert.deepEqual(await over, ['ECONNRESET', false])
  })

  test(`PTY-21 a download ${what} is reset also while its client reads nothing`, async (t) => {
    const { id, bob } = await takenPart(!isLive)
    const { response, connection, over } = await download(t, { by: bob, id, isLive })
    while (!connection.writableNeedDrain) await new Promise((resolve) => setImmediate(resolve))
    await signOut(bob)
    assert.ok(connection.destroyed)
    response.resume()
    assert.deepEqual(await over, ['ECONNRESET', false])
  })
}

test('PTY-14 the connection of a follower that reads nothing is reset before the sign-out is answered', async (t) => {
  const { id, bob } = await takenPart(false)
  const { response, connection, over } = await download(t, { by: bob, id, what: 'live' })
  while (!connection.writableNeedDrain) await new Promise((resolve) => setImmediate(resolve))
  await signOut(bob)
  assert.ok(connection.destroyed)
  response.resume()
  assert.deepEqual(await over, ['ECONNRESET', false])
})

test('PTY-21 a client of HTTP/1.0, for which the end of the connection is the end of the body, sees a reset', async (t) => {
  const { id, bob } = await takenPart(false)
  const app = controlOver(world.sallyport, terminals(true))
  t.after(() => app.close())
  const { hostname, port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const client = connect(Number(port), hostname)
  const lines = ['GET', `/api/v1/pty_sessions/${id}/recording`, 'HTTP/1.0']
  client.write(`${lines.join(' ')}\r\nhost: ${hostname}\r\nauthorization: Bearer ${bob.token}\r\n\r\n`)
  const over = new Promise<string>((resolve) => {
    client.once('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)))
    client.once('end', () => resolve('end'))
  })
  await once(client, 'data')
  client.resume()
  await signOut(bob)
  assert.equal(await over, 'ECONNRESET')
})

test('PTY-21 over TLS a cut download does not look complete either', async (t) => {
  const { tlsCert, tlsKey } = makeCertificate(await temporaryFolder(t), 'here')
  const { id, bob } = await takenPart(false)
  const tls = { cert: readFileSync(tlsCert, 'utf8'), key: readFileSync(tlsKey, 'utf8') }
  const { response, connection, over } = await download(t, { by: bob, id, tls })
  response.resume()
  await signOut(bob)
  assert.ok(connection.destroyed)
  assert.deepEqual(await over, ['ECONNRESET', false])
})

test('PTY-21 a download ends with the token of its request, and with no other token', async (t) => {
  const { id, bob } = await takenPart(true)
  const { store, digests } = world.sallyport.ports
  const other = await signedIn(world.sallyport, 'bob')
  const revoke = async ({ token }: Person): Promise<void> => {
    const found = (await store.token({ digest: digests.sha256(token), row: rowOf(token) })) ?? assert.fail()
    const target = { kind: 'token', tokenRow: found.tokenRow } as const
    await store.execute('revoke', { target, nowMs: startMs, audit: auditOf('revoke') })
  }
  const { response, connection, over } = await download(t, { by: bob, id, isLive: false })
  response.resume()
  await revoke(other)
  await Promise.race([once(response, 'data'), over])
  assert.ok(!connection.destroyed)
  await revoke(bob)
  assert.deepEqual(await over, ['ECONNRESET', false])
})

/** The row number that control puts before the dot of `jti`. */
function rowOf(token: string): number {
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { readonly jti: string }
  return Number(payload.jti.split('.')[0])
}

test('PTY-21 a download is judged again after a change of access: it pauses, and then continues or ends', async (t) => {
  const { id, bob } = await takenPart(false)
  const asked = Promise.withResolvers<void>()
  let answer = Promise.resolve()
  let isJudged = false
  const sallyport = asking(world.sallyport, async (name) => {
    if (name !== 'serverByName' || !isJudged) return
    asked.resolve()
    await answer
  })
  const { response, connection, over } = await download(t, { by: bob, id, sallyport })
  response.resume()
  isJudged = true
  const judged = Promise.withResolvers<void>()
  answer = judged.promise
  await change('bob', { addGroups: ['other'] })
  await asked.promise
  // Bytes sent before the revocation have arrived once nothing more is written.
  const writtenAt = await settled(connection)
  judged.resolve()
  while (connection.bytesWritten <= writtenAt) await once(response, 'data')
  assert.ok(!connection.destroyed)
  await change('bob', { removeGroups: ['ops'] })
  assert.deepEqual(await over, ['ECONNRESET', false])
  await change('bob', { addGroups: ['ops'], removeGroups: ['other'] })
})

/** Resolves with the bytes that a connection has written, once the number has not changed for many turns of the loop. */
async function settled(connection: Socket): Promise<number> {
  let [bytes, still] = [connection.bytesWritten, 0]
  for (let turn = 0; turn < 50_000; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    still = bytes === connection.bytesWritten ? still + 1 : 0
    bytes = connection.bytesWritten
    if (still === 1_000) return bytes
  }
  assert.fail('bytes are written on and on')
}

test('PTY-21 a download that loses its right before its first byte is refused, and writes no audit event', async (t) => {
  const { id, bob } = await takenPart(false)
  const app = controlOver(world.sallyport, {
    ...terminals(true),
    exportRecording: async () => {
      await signOut(bob)
      return { isLive: true, size: async () => size, read: endless }
    },
  })
  t.after(() => app.close())
  const headers = { host: '127.0.0.1', authorization: `Bearer ${bob.token}` }
  const answer = await app.inject({ url: `/api/v1/pty_sessions/${id}/recording`, headers })
  assert.deepEqual([answer.statusCode, answer.json<{ type: string }>().type], [401, 'token-revoked'])
  assert.equal(world.sallyport.ports.liveResources.size, 0)
})

test('PTY-21 a download is released once its client has received it or has disconnected', async (t) => {
  const { id, bob } = await takenPart(true)
  const before = world.sallyport.ports.liveResources.size
  const { response, connection } = await download(t, { by: bob, id, isLive: false })
  assert.equal(world.sallyport.ports.liveResources.size, before + 1)
  response.destroy()
  await new Promise((resolve) => connection.once('close', resolve))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(world.sallyport.ports.liveResources.size, before)
  world.terminals.record(id, 'text')
  const headers = { host: '127.0.0.1', authorization: `Bearer ${bob.token}` }
  for (const method of ['GET', 'HEAD'] as const) {
    const answer = await world.app.inject({ method, url: `/api/v1/pty_sessions/${id}/recording`, headers })
    assert.equal(answer.statusCode, 200)
  }
  assert.equal(world.sallyport.ports.liveResources.size, before)
})
