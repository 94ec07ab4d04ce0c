import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import {
  ControlClient,
  type ControlClientOptions,
  type Fetch,
  isControlError,
  type SessionAnswer,
} from '../../src/client/client.ts'
import { addServer } from '../../src/core/terminals/inventory.ts'
import { codeOf, goodPassword as password } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const never = Number.NEGATIVE_INFINITY
let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport()
  await sallyport.addAccount({ username: 'ada', password, email: 'ada@example.org', groups: ['ops', 'çà, et là'] })
  await sallyport.addAccount({ username: 'eve', password })
})

after(() => sallyport.close())

/** A client of the server under test, with the requests that it has sent and the sessions that its keeper received. */
type Observed = { readonly client: ControlClient; readonly sent: string[]; readonly told: (SessionAnswer | null)[] }

function observe(options: Partial<ControlClientOptions> = {}): Observed {
  const sent: string[] = []
  const told: (SessionAnswer | null)[] = []
  const client = new ControlClient({
    baseUrl: `${sallyport.url}/`,
    now: sallyport.clock.wallMs,
    onSession: (session) => told.push(session),
    ...options,
    fetch: (url, init) => {
      sent.push(`${init.method ?? 'GET'} ${new URL(url).pathname}`)
      return (options.fetch ?? fetch)(url, init)
    },
  })
  return { client, sent, told }
}

async function signedIn(options: Partial<ControlClientOptions> = {}, username = 'ada'): Promise<Observed> {
  const observed = observe(options)
  await observed.client.signIn({ username, password })
  observed.sent.length = 0
  observed.told.length = 0
  return observed
}

/** Ends the session of a client behind its back. */
async function endElsewhere({ client }: Observed): Promise<void> {
  assert.ok(client.session !== null)
  await new ControlClient({ baseUrl: sallyport.url, session: client.session, refreshAheadMs: never }).signOut()
}

/** A server of the test's own, for what no real one does. */
async function serveRaw(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const exchange = 'POST /api/v1/sessions/refresh'

test('CLT-1 a sign-in is kept and reported to the keeper, and account, sessions and verified token are its own', async () => {
  const { client, told } = observe()
  const session = await client.signIn({ email: 'ada@example.org', password })
  const account = await client.account()
  const current = (await client.sessions()).filter((item) => item.current)
  const verified = {
    accountId: account.id,
    username: 'ada',
    organizationId: null,
    groups: ['ops', 'çà, et là'],
  }
  assert.deepEqual(
    [told, client.session, account.username, current.map(({ id }) => id), await client.verify()],
    [[session], session, 'ada', [session.session_id], verified],
  )
  const eve = await signedIn({}, 'eve')
  assert.deepEqual(await eve.client.verify(session.access_token), verified)
})

test('CLT-2 fifty parallel requests whose token is about to end share one exchange, and all of them succeed', async () => {
  const { client, sent, told } = await signedIn()
  sallyport.clock.advance(580_000)
  const accounts = await Promise.all(Array.from({ length: 50 }, () => client.account()))
  assert.equal(new Set(accounts.map(({ username }) => username)).size, 1)
  assert.deepEqual([sent.filter((one) => one === exchange).length, sent.length, told], [1, 51, [client.session]])
})

test('CLT-3 a token is exchanged once its end is no farther than the time ahead, and not a second earlier', async () => {
  const { client, sent } = await signedIn({ refreshAheadMs: 30_000 })
  sallyport.clock.advance(569_000)
  await client.account()
  const before = [...sent]
  sallyport.clock.advance(1_000)
  await client.account()
  assert.deepEqual([before, sent.slice(1)], [['GET /api/v1/account'], [exchange, 'GET /api/v1/account']])
})

test('CLT-4 a 401 is followed by one exchange and one repeat with body and headers, and a second 401 is the answer', async (t) => {
  const real = await signedIn({ refreshAheadMs: never })
  sallyport.clock.advance(601_000)
  assert.equal((await real.client.account()).username, 'ada')
  assert.deepEqual(real.sent, ['GET /api/v1/account', exchange, 'GET /api/v1/account'])

  const asked: string[] = []
  const url = await serveRaw(t, (incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { authorization, 'x-request-id': id } = incoming.headers
      asked.push([incoming.url, authorization, id, Buffer.concat(chunks)].join(' '))
      const isExchange = incoming.url === '/api/v1/sessions/refresh'
      const next = { ...real.client.session, session_id: 's', access_token: 'two', expires_at: null }
      outgoing.writeHead(isExchange ? 200 : 401).end(isExchange ? JSON.stringify(next) : '')
    })
  })
  const kept = { session_id: 's', access_token: 'one', refresh_token: 'r', token_type: 'Bearer' } as const
  const client = new ControlClient({ baseUrl: url, session: { ...kept, expires_at: null, refresh_expires_at: null } })
  const answer = await client.fetch('/x', { method: 'PUT', body: 'b', headers: { 'x-request-id': 'q' } })
  assert.deepEqual(
    [answer.status, asked],
    [401, ['/x Bearer one q b', '/api/v1/sessions/refresh   {"refresh_token":"r"}', '/x Bearer two q b']],
  )
})

test('CLT-5 a refusal is an error with type, title, status and fields, in every shape of the answer', async (t) => {
  const facts = (type: string, title: string, status: number) => ({ name: 'ControlError', type, title, status })
  const { client } = observe()
  await assert.rejects(
    client.signIn({ username: 'ada', password: 'not the right password' }),
    facts('credentials-invalid', 'The name or the password is not right.', 401),
  )
  await assert.rejects(client.signIn({ username: '', password }), {
    type: 'input-invalid',
    status: 400,
    fields: [{ field: 'username', description: 'must NOT have fewer than 1 characters' }],
  })
  const url = await serveRaw(t, (_incoming, outgoing) => {
    outgoing.writeHead(503, { 'retry-after': '7' }).end('<html>')
  })
  const other = new ControlClient({ baseUrl: url })
  await assert.rejects(other.signIn({ username: 'ada', password }), {
    ...facts('about:blank', 'The server answered 503.', 503),
    fields: [],
    retryAfterSeconds: 7,
  })
})

test('CLT-6 an answer that does not come whole in time is time-limit, none is no-answer, and the session stays held', async (t) => {
  const { client } = await signedIn()
  const session = client.session as SessionAnswer
  const timedOut = { name: 'ControlError', type: 'time-limit', status: null }
  const silent = await serveRaw(t, () => undefined)
  const halfway = await serveRaw(t, (_incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-length': '100' }).write('{')
  })
  const closed = await serveRaw(t, (incoming) => incoming.socket.destroy())
  const at = (baseUrl: string) => observe({ baseUrl, session, timeLimitMs: 50 })
  for (const [url, error] of [
    [silent, timedOut],
    [halfway, timedOut],
    [closed, { ...timedOut, type: 'no-answer' }],
  ] as const) {
    const { client: other, told } = at(url)
    await assert.rejects(other.account(), error)
    await assert.rejects(other.refresh(), error)
    assert.deepEqual([other.session, told], [session, []])
  }
})

test('CLT-7 a sign-out ends the session at the server and forgets it, also if it is over already', async () => {
  const observed = await signedIn()
  const { access_token: token, session_id: id } = observed.client.session as SessionAnswer
  const twin = await signedIn()
  await observed.client.signOut()
  await assert.rejects(twin.client.verify(token), { status: 401, type: 'token-revoked' })
  assert.deepEqual([observed.client.session, observed.told], [null, [null]])
  assert.equal(
    (await twin.client.sessions()).some((item) => item.id === id),
    false,
  )

  const over = await signedIn()
  await endElsewhere(over)
  await over.client.signOut()
  assert.deepEqual([over.client.session, over.told], [null, [null]])

  const third = await signedIn()
  await third.client.endSession((twin.client.session as SessionAnswer).session_id)
  await assert.rejects(twin.client.account(), { status: 401 })
  const fourth = await signedIn()
  await fourth.client.endAll()
  await assert.rejects(third.client.account(), { status: 401 })
  assert.deepEqual([fourth.client.session, fourth.told], [null, [null]])
})

test('CLT-8 a session that ended elsewhere is forgotten when its exchange is refused, and the keeper hears of it once', async () => {
  const observed = await signedIn()
  await endElsewhere(observed)
  const answers = await Promise.allSettled([observed.client.account(), observed.client.sessions()])
  assert.equal(
    answers.every(
      (answer) => answer.status === 'rejected' && isControlError(answer.reason) && answer.reason.status === 401,
    ),
    true,
  )
  assert.deepEqual([observed.client.session, observed.told], [null, [null]])
})

/** A fetch that keeps the answers to chosen requests back until they are released. */
type Gate = { readonly fetch: Fetch; readonly arrived: Promise<void>; readonly release: () => void }

function keepBack(isChosen: (url: string, init: RequestInit) => boolean): Gate {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  return {
    arrived: arrived.promise,
    release: released.resolve,
    fetch: async (url, init) => {
      const answer = await fetch(url, init)
      if (!isChosen(url, init)) return answer
      arrived.resolve()
      await released.promise
      return answer
    },
  }
}

test('CLT-9 an exchange that ends after a sign-out or another sign-in does not change the session that is kept then', async () => {
  const gates = [0, 1].map(() => keepBack((url) => url.endsWith('/refresh'))) as [Gate, Gate]
  const one = await signedIn({ fetch: gates[0].fetch })
  const other = await signedIn({ fetch: gates[1].fetch })
  const exchanges = [one.client.refresh(), other.client.refresh()]
  await Promise.all(gates.map(({ arrived }) => arrived))
  await one.client.signOut()
  const eve = await other.client.signIn({ username: 'eve', password })
  for (const gate of gates) gate.release()
  await Promise.all(exchanges)
  assert.deepEqual([one.client.session, one.told, other.client.session, other.told], [null, [null], eve, [eve]])
})

test('CLT-10 a request that was begun under one session is never repeated under another', async () => {
  const gate = keepBack((_url, init) => init.method === 'DELETE')
  const observed = await signedIn({ fetch: gate.fetch })
  await endElsewhere(observed)
  const eve = await signedIn({}, 'eve')
  const ending = observed.client.endAll()
  await gate.arrived
  const session = await observed.client.signIn({ username: 'eve', password })
  gate.release()
  await ending
  assert.deepEqual([observed.client.session, observed.sent.includes(exchange)], [session, false])
  assert.equal((await eve.client.account()).username, 'eve')
})

test('CLT-11 redirects are not followed, so no other server gets a password', async (t) => {
  const bodies: string[] = []
  const other = await serveRaw(t, (incoming, outgoing) => {
    incoming.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    incoming.on('end', () => outgoing.end('{}'))
  })
  const url = await serveRaw(t, (incoming, outgoing) => {
    incoming.resume().on('end', () => outgoing.writeHead(307, { location: `${other}/api/v1/sessions` }).end())
  })
  const client = new ControlClient({ baseUrl: url })
  await assert.rejects(client.signIn({ username: 'ada', password }), { type: 'no-answer', status: null })
  assert.deepEqual(bodies, [])
})

test('CLT-12 start and join tokens come with the address of their gateway, and a refusal of theirs has its sentence', async () => {
  const server = { name: 'web-1', address: '10.0.0.1', port: 22, transport: 'local' } as const
  await addServer(
    sallyport.ports,
    { ...server, osUsers: ['deploy'], groups: ['ops'], hostKey: null, hostCa: null },
    request,
  )
  const { client } = await signedIn()
  const at = { os_user: 'deploy', server_ip: '10.0.0.1' }
  const started = await client.startPty({ purpose: 'health_check', server: at })
  const claims = JSON.parse(Buffer.from(started.token.split('.')[1] ?? '', 'base64url').toString()) as {
    connection: { pty_session: { id: string } }
  }
  const { id } = claims.connection.pty_session
  const join = { pty_session_id: id, start_role: 'observer' } as const
  await assert.rejects(client.joinPty(join), {
    type: 'about:blank',
    title: 'The PTY session is not active.',
    status: 409,
  })
  const { store, digests } = sallyport.ports
  await store.execute('attachPtyToken', {
    digest: digests.sha256(started.token),
    attachmentId: randomUUID(),
    ip: '192.0.2.7',
    limits: sallyport.ports.settings.ptyLimits,
    nowMs: sallyport.clock.wallMs(),
    audit: { ...request, atMs: 0, accountId: null, username: null, action: 'pty-attach', outcome: 'ok' },
  })
  const joined = await client.joinPty(join)
  assert.deepEqual([started.proxyUrl, joined.proxyUrl], [sallyport.url, sallyport.url])
  assert.notEqual(joined.token, started.token)
})

test('CLT-13 a missing second factor is an error of its own type, and the same sign-in with a code is held', async () => {
  await sallyport.addAccount({ username: 'kit', password })
  const { client } = await signedIn({}, 'kit')
  const headers = { 'content-type': 'application/json' }
  const post = (path: string, body: object) =>
    client.fetch(`/api/v1/account/totp${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const { secret } = (await (await post('', { password })).json()) as { secret: string }
  assert.equal((await post('/confirm', { code: codeOf(secret, sallyport.clock.wallMs()) })).status, 204)

  const other = observe()
  await assert.rejects(other.client.signIn({ username: 'kit', password }), {
    type: 'second-factor-required',
    status: 401,
  })
  sallyport.clock.advance(30_000)
  const otp = codeOf(secret, sallyport.clock.wallMs())
  const session = await other.client.signIn({ username: 'kit', password, otp })
  assert.deepEqual([other.client.session, (await other.client.account()).second_factor], [session, true])
})

test('CLT-14 a client that gets a saved session uses it, also if its token has expired', async () => {
  const { client } = await signedIn()
  const kept = JSON.parse(JSON.stringify(client.session)) as SessionAnswer
  sallyport.clock.advance(700_000)
  const next = observe({ session: kept })
  assert.equal((await next.client.account()).username, 'ada')
  assert.deepEqual([next.sent[0], next.told], [exchange, [next.client.session]])
})

test('CLT-15 a client without a session sends nothing if the request needs one', async () => {
  const { client, sent } = observe()
  const error = { type: 'not-signed-in', status: null }
  await assert.rejects(client.account(), error)
  await assert.rejects(client.refresh(), error)
  await assert.rejects(client.signOut(), error)
  await assert.rejects(client.fetch('/api/v1/account'), error)
  assert.deepEqual(sent, [])
})

test('CLT-16 the signal of the caller ends a request with the reason of the caller', async (t) => {
  const url = await serveRaw(t, () => undefined)
  const { client } = await signedIn()
  const other = observe({ baseUrl: url, session: client.session as SessionAnswer })
  const reason = new Error('the page was left')
  await assert.rejects(other.client.fetch('/', { signal: AbortSignal.abort(reason) }), reason)
})
