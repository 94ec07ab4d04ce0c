import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { mintPacerproToken } from '../../src/http/dialects/pacerpro/tokens.ts'
import { UniqueExpiries } from '../../src/http/dialects/pacerpro/unique-expiries.ts'
import type { PooledPasswordHasher } from '../../src/platform/password-hasher.ts'
import { addCast, countEvents, onCommandLine, password } from '../fixtures/cast.ts'
import { compareGoldens, type GoldenValues } from '../fixtures/goldens.ts'
import { bearer, type HttpAnswer, type HttpClient, openClient } from '../fixtures/http-client.ts'
import { sendRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, type RunOptions, runSallyport } from '../fixtures/run-sallyport.ts'

const path = '/session'
const jwtKey = 'a key that both ends know, long enough for HS256'

type Session = { readonly jwtToken: string; readonly expiresAt: string }
type Claims = { readonly jti: string; readonly sub: number; readonly exp: number; readonly scp: string }

let sallyport: RunningSallyport
let client: HttpClient
let ada: Account

before(async () => {
  sallyport = await runSallyport({ config: { pacerpro: { jwtKey } } })
  client = openClient(sallyport.url)
  ada = (await addCast(sallyport, client)).ada
})

after(async () => {
  client.close()
  await sallyport.close()
})

function postSession(on: HttpClient = client, email = 'ada@example.org'): Promise<HttpAnswer> {
  return on.send({ method: 'POST', path, body: { email, password } })
}

function sessionOf(answer: HttpAnswer): Session {
  assert.equal(answer.status, 200, answer.body)
  return JSON.parse(answer.body) as Session
}

async function signIn(on: HttpClient = client): Promise<string> {
  return sessionOf(await postSession(on)).jwtToken
}

function getSession(token: string, on: HttpClient = client): Promise<HttpAnswer> {
  return on.send({ path, headers: bearer(token) })
}

function deleteSession(token: string): Promise<HttpAnswer> {
  return client.send({ method: 'DELETE', path, headers: bearer(token) })
}

function partOf(token: string, index: number): string {
  return Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()
}

function claimsOf(token: string): Claims {
  return JSON.parse(partOf(token, 1)) as Claims
}

function errorOf(answer: HttpAnswer): string {
  assert.equal(answer.status, 401, answer.body)
  return (JSON.parse(answer.body) as { error: string }).error
}

async function forget(token: string): Promise<void> {
  const { clock, ports } = sallyport
  clock.advance(3_700_000)
  while ((await ports.store.execute('collectExpired', { nowMs: clock.wallMs(), throttleMs: 0, limit: 500 })).more);
  const digest = ports.digests.sha256(token)
  assert.equal(await ports.store.token({ digest, row: null }), null)
}

async function prepare(setup: string): Promise<GoldenValues> {
  if (setup === 'giantswarm') {
    const body = { email: 'ada@example.org', password_base64: Buffer.from(password).toString('base64') }
    const answer = await client.send({ method: 'POST', path: '/v4/auth-tokens/', body })
    return { token: (JSON.parse(answer.body) as { auth_token: string }).auth_token }
  }
  if (setup === 'control') {
    const answer = await client.send({ method: 'POST', path: '/api/v1/sessions', body: { username: 'ada', password } })
    return { token: (JSON.parse(answer.body) as { access_token: string }).access_token }
  }
  const token = await signIn()
  if (setup === 'revoked') await deleteSession(token)
  else if (setup === 'over') sallyport.clock.advance(3_600_000)
  else if (setup === 'forgotten') await forget(token)
  else assert.equal(setup, 'live')
  return { token }
}

function goldens(title: string, file: string): void {
  test(title, (t) => compareGoldens(t, `pacerpro/${file}`, { url: sallyport.url, prepare }))
}

async function withServer(
  options: RunOptions,
  act: (server: RunningSallyport, on: HttpClient) => Promise<void>,
): Promise<void> {
  const server = await runSallyport(options)
  const on = openClient(server.url)
  try {
    const known = await server.ports.store.accountByName('ada', 'user')
    if (known === null) await server.addAccount({ username: 'ada', password, email: 'ada@example.org' })
    await act(server, on)
  } finally {
    on.close()
    await server.close()
  }
}

goldens('PAC-1 the right address and password get a session, in every accepted form', 'sign-ins')
goldens('PAC-3 all failed sign-ins get the same answer', 'refused-sign-ins')
goldens('PAC-4 a refused token gets one of three sentences', 'refused-tokens')
goldens('PAC-11 a request that is not served is refused in the Error shape', 'unserved')

test('PAC-1 expiresAt is the instant of exp, an hour after the sign-in', async () => {
  sallyport.clock.advance(60_000)
  const { jwtToken, expiresAt } = sessionOf(await postSession())
  const end = sallyport.clock.wallMs() + 3_600_000
  assert.deepEqual([expiresAt, claimsOf(jwtToken).exp * 1000], [new Date(end).toISOString(), end])
})

test('PAC-2 a token has the two members and the four claims of the original in their order, and the shared key verifies it', async () => {
  const token = await signIn()
  const account = await sallyport.ports.store.accountById(ada.id)
  const { exp } = claimsOf(token)
  const [header, payload, signature] = token.split('.')
  assert.deepEqual(
    [partOf(token, 0), partOf(token, 1), signature],
    [
      '{"typ":"JWT","alg":"HS256"}',
      `{"jti":"${account?.epoch}","sub":${ada.id},"exp":${exp},"scp":"user"}`,
      createHmac('sha256', jwtKey).update(`${header}.${payload}`).digest('base64url'),
    ],
  )
})

test('PAC-3 a sign-in without a password costs no hash and is no failed sign-in, and a wrong password is both', async () => {
  const hasher = sallyport.ports.hasher as PooledPasswordHasher
  const cost = async (body: object): Promise<readonly number[]> => {
    const failures = (): Promise<number> => countEvents(sallyport, { action: 'sign-in', outcome: 'refused' })
    const [hashes, failed] = [hasher.calls(), await failures()]
    await client.send({ method: 'POST', path, body })
    return [hasher.calls() - hashes, (await failures()) - failed]
  }
  const email = 'ada@example.org'
  assert.deepEqual(
    [await cost({ email }), await cost({ email, password: 'x' })],
    [
      [0, 0],
      [1, 1],
    ],
  )
})

test('PAC-5 of two Authorization lines the first counts', async () => {
  const token = await signIn()
  const ask = (...values: string[]): Promise<{ statusLine: string }> =>
    sendRaw(sallyport.url, [`GET ${path} HTTP/1.1`, ...values.map((value) => `Authorization: ${value}`)])
  const answers = [await ask(`Bearer ${token}`, 'Bearer '), await ask('Bearer ', `Bearer ${token}`)]
  assert.deepEqual(
    answers.map(({ statusLine }) => statusLine),
    ['HTTP/1.1 200 OK', 'HTTP/1.1 401 Unauthorized'],
  )
})

test('PAC-5 a token alone is read, unless the operator forbids it, and Bearer always is', async () => {
  const statuses = async (on: typeof client): Promise<readonly number[]> => {
    const token = await signIn(on)
    const written = [token, `Bearer ${token}`, `Token ${token}`]
    return Promise.all(
      written.map(async (authorization) => (await on.send({ path, headers: { authorization } })).status),
    )
  }
  assert.deepEqual(await statuses(client), [200, 200, 401])
  await withServer({ config: { pacerpro: { acceptBareToken: false } } }, async (_server, on) => {
    assert.deepEqual(await statuses(on), [401, 200, 401])
  })
})

test('PAC-6 tokens of one second have one epoch and different expiries', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => postSession()))
  const claims = answers.map((answer) => claimsOf(sessionOf(answer).jwtToken))
  const ends = claims.map(({ exp }) => exp).sort()
  assert.deepEqual([new Set(claims.map(({ jti }) => jti)).size, new Set(ends).size], [1, 12])
  assert.equal((ends.at(-1) ?? 0) - (ends[0] ?? 0), 11)
  const accepted = await Promise.all(answers.map((answer) => getSession(sessionOf(answer).jwtToken)))
  assert.deepEqual(new Set(accepted.map(({ status }) => status)), new Set([200]))
})

test('PAC-6 tokens that are created in parallel and not yet stored end in different seconds', async () => {
  const account = await sallyport.ports.store.accountById(ada.id)
  assert.ok(account)
  const mint = mintPacerproToken({ ports: sallyport.ports })
  const grant = { account, sessionRow: 1, sessionId: '', tokenRow: 1, organizationId: null, refreshExpiresAt: null }
  const wishes = Array.from({ length: 50 }, () => mint({ ...grant, issuedAt: 1_900_000_000, expiresAt: 1_900_003_600 }))
  const ends = (await Promise.all(wishes)).map(({ expiresAt }) => expiresAt)
  assert.deepEqual(
    ends,
    Array.from({ length: 50 }, (_, index) => 1_900_003_600 + index),
  )
})

test('PAC-6 expiries are kept for ten thousand epochs, and the longest unused epoch is dropped', () => {
  const seconds = new UniqueExpiries()
  const take = (epoch: string): number => seconds.take(epoch, 100, 0)
  for (const epoch of ['unused', 'used']) take(epoch)
  for (let other = 0; other < 9_998; other += 1) take(String(other))
  assert.equal(take('used'), 101)
  take('one more')
  assert.deepEqual([take('used'), take('unused')], [102, 100])
})

test('PAC-6 a new process skips every expiry that was used before', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-pacerpro-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const given: string[] = []
  await withServer({ dataDir }, async (_server, on) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => postSession(on)))
    given.push(...answers.map((answer) => sessionOf(answer).jwtToken))
  })
  await withServer({ dataDir }, async (_server, on) => {
    const fresh = [await signIn(on), await signIn(on)]
    assert.deepEqual([new Set([...given, ...fresh]).size, given.length], [22, 20])
  })
})

test('PAC-7 fifty parallel exchanges of one token get one answer, a later one another, and all these tokens live', async () => {
  const token = await signIn()
  const answers = await Promise.all(Array.from({ length: 50 }, () => getSession(token)))
  assert.deepEqual(new Set(answers.map(({ body }) => body)).size, 1)
  const successor = sessionOf(answers[0] as HttpAnswer).jwtToken
  sallyport.clock.advance(31_000)
  const later = sessionOf(await getSession(token)).jwtToken
  assert.equal(new Set([token, successor, later]).size, 3)
  assert.equal(new Set([token, successor, later].map((one) => claimsOf(one).jti)).size, 1)
  const statuses = await Promise.all([token, successor, later].map(async (one) => (await getSession(one)).status))
  assert.deepEqual(statuses, [200, 200, 200])
})

test('PAC-7 an exchange is answered like a sign-in, and no cache may store it', async () => {
  const answer = await getSession(await signIn())
  assert.match(answer.body, /^\{"jwtToken":"[^"]+","expiresAt":"[^"]+\.000Z"\}$/)
  assert.deepEqual([answer.headers['content-type'], answer.headers['cache-control']], ['application/json', 'no-store'])
})

test('PAC-8 the end of one session ends all, and a repeat does not touch later sessions', async () => {
  const [one, other] = [await signIn(), await signIn()]
  const ended = await deleteSession(one)
  const newer = await signIn()
  const refused = [await getSession(one), await getSession(other), await deleteSession(one), await deleteSession(other)]
  assert.deepEqual([ended.status, ended.body, ended.headers['content-type']], [200, '{}', 'application/json'])
  assert.deepEqual(
    refused.map(errorOf),
    Array.from({ length: 4 }, () => 'revoked token'),
  )
  assert.equal((await getSession(newer)).status, 200)
  assert.notEqual(claimsOf(newer).jti, claimsOf(one).jti)
})

test('PAC-9 of fifty parallel DELETEs one succeeds, and the epoch changes once', async () => {
  const token = await signIn()
  const before = await countEvents(sallyport, { action: 'revoke', outcome: 'ok' })
  const answers = await Promise.all(Array.from({ length: 50 }, () => deleteSession(token)))
  const counts = [200, 401].map((status) => answers.filter((answer) => answer.status === status).length)
  assert.deepEqual(
    [...counts, (await countEvents(sallyport, { action: 'revoke', outcome: 'ok' })) - before],
    [1, 49, 1],
  )
})

test('PAC-10 a token ends when an administrator changes the password of its account or disables it', async () => {
  await withServer({}, async (server, on) => {
    const change = async (what: Parameters<typeof changeAccount>[2]['change']): Promise<void> => {
      const account = await server.ports.store.accountByName('ada', 'user')
      assert.ok(account)
      await changeAccount(server.ports, account, { change: what, how: { by: null, request: onCommandLine } })
    }
    const first = await signIn(on)
    await change({ password })
    const second = await signIn(on)
    const refused = errorOf(await getSession(first, on))
    await change({ status: 'disabled' })
    assert.deepEqual([refused, errorOf(await getSession(second, on))], ['revoked token', 'revoked token'])
  })
})

test('PAC-10 the token with which an account changes its own password at control ends here', async () => {
  await withServer({}, async (_server, on) => {
    const token = await signIn(on)
    const body = { current_password: password, new_password: 'two lamps above the harbour' }
    const changed = await on.send({ method: 'PUT', path: '/api/v1/account/password', headers: bearer(token), body })
    assert.deepEqual([changed.status, errorOf(await getSession(token, on))], [204, 'revoked token'])
  })
})

test('PAC-11 a body over 64 KiB is refused in the Error shape', async () => {
  const answer = await client.send({ method: 'POST', path, body: `"${'a'.repeat(1_048_576)}"` })
  const message = 'The body is larger than 64 KiB.'
  assert.deepEqual(
    [answer.status, JSON.parse(answer.body)],
    [413, { error: message, message, status: 413, type: 'error' }],
  )
})

test('PAC-12 a JSON media type without a body is accepted, and statuses have their standard phrases', async () => {
  const token = await signIn()
  const ask = (method: string, value: string): Promise<{ statusLine: string; body: string }> =>
    sendRaw(sallyport.url, [
      `${method} ${path} HTTP/1.1`,
      'Content-Type: application/json',
      `Authorization: Bearer ${value}`,
    ])
  const answers = [
    await ask('GET', token),
    await ask('DELETE', token),
    await ask('DELETE', token),
    await ask('GET', ''),
  ]
  assert.deepEqual(
    answers.map(({ statusLine }) => statusLine),
    ['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'HTTP/1.1 401 Unauthorized', 'HTTP/1.1 401 Unauthorized'],
  )
  assert.equal(answers[1]?.body, '{}')
})

test('PAC-13 after ten wrong passwords the answer is 429, also for an unknown address', async () => {
  await withServer({}, async (_server, on) => {
    const attempt = (email: string): Promise<HttpAnswer> =>
      on.send({ method: 'POST', path, body: { email, password: 'not the password' } })
    for (const email of ['ada@example.org', 'nobody@example.org']) {
      for (let failure = 0; failure < 10; failure += 1) assert.equal((await attempt(email)).status, 401)
      const answer = await attempt(email)
      const message = 'Too many failed sign-ins; wait before the next one.'
      assert.deepEqual(
        [answer.status, answer.headers['retry-after'], answer.body],
        [429, '30', JSON.stringify({ error: message, message, status: 429, type: 'error' })],
      )
    }
  })
})

test('PAC-13 a sign-in that finds the hash queue full gets Retry-After', async () => {
  await withServer({ config: { hashThreads: 1, hashQueue: 1, throttle: false } }, async (_server, on) => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => postSession(on)))
    const refused = answers.filter(({ status }) => status !== 200)
    const message = 'Too many sign-ins at once; try again shortly.'
    assert.ok(refused.length > 0)
    assert.deepEqual(
      new Set(refused.map(({ status, headers, body }) => `${status} ${headers['retry-after']} ${body}`)),
      new Set([`503 2 ${JSON.stringify({ error: message, message, status: 503, type: 'error' })}`]),
    )
  })
})

test('PAC-14 a chain of exchanges ends with its session, 30 days after the sign-in', async () => {
  let token = await signIn()
  const end = sallyport.clock.wallMs() + 30 * 24 * 3_600_000
  while (sallyport.clock.wallMs() + 3_000_000 < end) {
    sallyport.clock.advance(3_000_000)
    token = sessionOf(await getSession(token)).jwtToken
  }
  sallyport.clock.advance(end - sallyport.clock.wallMs() - 1_000)
  token = sessionOf(await getSession(token)).jwtToken
  sallyport.clock.advance(1_000)
  assert.equal(errorOf(await getSession(token)), 'Signature has expired')
})
