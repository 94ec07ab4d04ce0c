/** Attacks on time: the wall clock steps back and forward by an hour under living and dead sessions. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { call, goodPassword as password, type SignedIn, signInAs, verify } from '../fixtures/control-calls.ts'
import { auditOf } from '../fixtures/records.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import { openCommandStore } from '../fixtures/sqlite-store.ts'

const hourMs = 3_600_000
const noon = Date.UTC(2026, 5, 1, 12)

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({
    now: noon,
    config: { throttle: false },
    start: { hashCost: { memoryCost: 8, timeCost: 1, parallelism: 1 } },
  })
  await sallyport.addAccount({ username: 'ada', password, email: 'ada@example.org' })
})

beforeEach(() => sallyport.clock.set(noon))

after(() => sallyport.close())

const step = (milliseconds: number): void => sallyport.clock.set(sallyport.clock.wallMs() + milliseconds)

/** Every kind of token with its read, by the names of their dialects. */
async function everyToken(): Promise<Record<string, () => Promise<number>>> {
  const login = { email: 'ada@example.org', password }
  const post = (path: string, body: object) => call(sallyport, { method: 'POST', path, body })
  const basic = { authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}` }
  const tokens = {
    control: (await signInAs(sallyport, 'ada')).access_token,
    sftpgo: (await call(sallyport, { path: '/api/v2/user/token', headers: basic })).body.access_token,
    pacerpro: (await post('/session', login)).body.jwtToken,
    giantswarm: (await post('/v4/auth-tokens/', { email: login.email, password_base64: btoa(password) })).body
      .auth_token,
    koyeb: ((await post('/v1/account/login', login)).body.token as unknown as { id: string }).id,
  }
  const read = (path: string, authorization: string) => async () =>
    (await call(sallyport, { path, headers: { authorization } })).status
  return {
    control: read('/api/v1/verify', `Bearer ${tokens.control}`),
    sftpgo: read('/api/v2/user/dirs', `Bearer ${tokens.sftpgo}`),
    pacerpro: read('/session', `Bearer ${tokens.pacerpro}`),
    giantswarm: read('/v4/info/', `giantswarm ${tokens.giantswarm}`),
    koyeb: read('/v1/account/profile', `Bearer ${tokens.koyeb}`),
  }
}

async function readAll(reads: Record<string, () => Promise<number>>): Promise<Record<string, number>> {
  const entries = Object.entries(reads).map(async ([name, read]) => [name, await read()] as const)
  return Object.fromEntries(await Promise.all(entries))
}

const refresh = async ({ refresh_token }: Pick<SignedIn, 'refresh_token'>) => {
  const answer = await call(sallyport, { method: 'POST', path: '/api/v1/sessions/refresh', body: { refresh_token } })
  return { status: answer.status, session: answer.body as SignedIn }
}

const everybody = (status: number) => ({
  control: status,
  sftpgo: status,
  pacerpro: status,
  giantswarm: status,
  koyeb: status,
})

test('ATK-20 a clock that steps back an hour ends no session and brings none back that was ended', async () => {
  const [live, ended] = [await signInAs(sallyport, 'ada'), await signInAs(sallyport, 'ada')]
  const reads = await everyToken()
  await call(sallyport, { method: 'DELETE', path: '/api/v1/sessions/current', token: ended.access_token })
  step(-hourMs)
  assert.deepEqual(await readAll(reads), everybody(200))
  assert.deepEqual(
    [await verify(sallyport, live.access_token), await verify(sallyport, ended.access_token)],
    [200, 401],
  )
  const refreshed = await refresh(live)
  const again = await signInAs(sallyport, 'ada')
  assert.deepEqual([refreshed.status, (await refresh(ended)).status], [200, 401])
  assert.deepEqual(
    [await verify(sallyport, refreshed.session.access_token), await verify(sallyport, again.access_token)],
    [200, 200],
  )
  step(hourMs)
  const after = [ended, refreshed.session, again].map(({ access_token: token }) => verify(sallyport, token))
  assert.deepEqual(await Promise.all(after), [401, 401, 401], 'the two of the hour before had ten minutes')
  assert.equal(await verify(sallyport, live.access_token), 200)
})

test('ATK-20 a clock that steps forward ends exactly the tokens whose time it passes, and back again there is nothing that it ended', async () => {
  const reads = await everyToken()
  const [session, ended] = [await signInAs(sallyport, 'ada'), await signInAs(sallyport, 'ada')]
  await call(sallyport, { method: 'DELETE', path: '/api/v1/sessions/current', token: ended.access_token })
  const ahead = hourMs + 60_000
  step(ahead)
  assert.deepEqual(await readAll(reads), { ...everybody(401), giantswarm: 200, koyeb: 200 })
  assert.equal((await refresh(session)).status, 401)
  const { access_token: later } = await signInAs(sallyport, 'ada')
  step(-ahead)
  assert.deepEqual(await readAll(reads), everybody(200))
  assert.deepEqual([await verify(sallyport, later), await verify(sallyport, ended.access_token)], [200, 401])
  assert.equal((await refresh(session)).status, 200)
})

test('ATK-20 after a step of the clock either way no answer comes from memory that another process has ended', async () => {
  const other = await openCommandStore(sallyport.dataDir)
  try {
    for (const milliseconds of [-hourMs, hourMs, -60_000, 60_000]) {
      const session = await signInAs(sallyport, 'ada')
      assert.equal(await verify(sallyport, session.access_token), 200)
      const sessionRow = (await other.sessionById(session.session_id))?.row ?? 0
      const target = { kind: 'session', sessionRow } as const
      await other.execute('revoke', { target, nowMs: noon, audit: auditOf('sign-out') })
      step(milliseconds)
      assert.equal(await verify(sallyport, session.access_token), 401, `a step of ${milliseconds}`)
      step(-milliseconds)
    }
  } finally {
    await other.close()
  }
})
