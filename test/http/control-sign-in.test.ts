import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { PooledPasswordHasher } from '../../src/platform/password-hasher.ts'
import {
  type Answer,
  auditTrail,
  call,
  codeOf,
  enrol,
  goodPassword,
  signInAs,
  verify,
} from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport()
})

after(() => sallyport.close())

function attempt(body: Readonly<Record<string, string>>): Promise<Answer> {
  return call(sallyport, { method: 'POST', path: '/api/v1/sessions', body })
}

function hashCalls(): number {
  return (sallyport.ports.hasher as PooledPasswordHasher).calls()
}

test('SGN-1 unknown, disabled, password-less and wrong-password sign-ins get one answer at one hash each', async () => {
  const { changeAccount } = await import('../../src/core/administration/administer-accounts.ts')
  const disabled = await sallyport.addAccount({ username: 'disabled', password: goodPassword })
  const how = {
    by: null,
    request: { by: 'command', ip: null, requestId: null, activity: null, commandLine: null },
  } as const
  await changeAccount(sallyport.ports, disabled, { change: { status: 'disabled' }, how })
  await sallyport.addAccount({ username: 'blank', password: null })
  await sallyport.addAccount({ username: 'known', password: goodPassword })
  const answers: Answer[] = []
  for (const username of ['nobody', 'disabled', 'blank', 'known']) {
    const before = hashCalls()
    const password = username === 'known' ? 'wrong horse battery staple' : goodPassword
    answers.push(await attempt({ username, password }))
    assert.equal(hashCalls() - before, 1, username)
  }
  const [first, ...others] = answers.map(({ status, headers, body }) => ({
    status,
    body,
    headers: { ...headers, date: '' },
  }))
  for (const other of others) assert.deepEqual(other, first)
  assert.equal(first?.status, 401)
})

test('SGN-13 the audit event has the reason of a failed sign-in, and the answer does not', async () => {
  const failed = (await auditTrail(sallyport)).filter(
    (event) => event.action === 'sign-in' && event.outcome === 'refused',
  )
  const reasons = failed.slice(-4).map((event) => (event.detail as { reason: string }).reason)
  assert.deepEqual(reasons, [
    'no such account',
    'the account is disabled',
    'the account has no password',
    'wrong password',
  ])
})

test('SGN-2 an expired account is reported only after the right password', async () => {
  const expiresAt = Math.floor(sallyport.clock.wallMs() / 1000) + 60
  await sallyport.addAccount({ username: 'brief', password: goodPassword, expiresAt })
  const { access_token: token } = await signInAs(sallyport, 'brief')
  sallyport.clock.advance(60_000)
  assert.equal(await verify(sallyport, token), 401)
  const [right, wrong] = [
    await attempt({ username: 'brief', password: goodPassword }),
    await attempt({ username: 'brief', password: 'wrong horse battery staple' }),
  ]
  assert.deepEqual([right.body.type, wrong.body.type], ['account-expired', 'credentials-invalid'])
})

test('SGN-6 a password signs in in every Unicode normalization form', async () => {
  const composed = 'p\u00e4ssw\u00f6rter sind lang genug'
  await sallyport.addAccount({ username: 'umlaut', password: composed })
  const answers = [
    await attempt({ username: 'umlaut', password: composed.normalize('NFD') }),
    await attempt({ username: 'umlaut', password: composed }),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201],
  )
})

test('SGN-3, SGN-4, SGN-9 a second factor is enrolled with its code, then required, and each code works once', async () => {
  await sallyport.addAccount({ username: 'careful', password: goodPassword })
  const [session, other] = [await signInAs(sallyport, 'careful'), await signInAs(sallyport, 'careful')]
  const denied = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/account/totp',
    token: session.access_token,
    body: { password: 'wrong horse battery staple' },
  })
  assert.deepEqual([denied.status, denied.body.type], [403, 'password-current-wrong'])
  const secret = await enrol(sallyport, session.access_token)
  assert.equal(await verify(sallyport, other.access_token), 401)
  const missing = await attempt({ username: 'careful', password: goodPassword })
  assert.deepEqual([missing.status, missing.body.type], [401, 'second-factor-required'])
  const firstCode = codeOf(secret, sallyport.clock.wallMs())
  const repeated = await attempt({ username: 'careful', password: goodPassword, otp: firstCode })
  assert.deepEqual(
    [repeated.status, repeated.body.type],
    [401, 'second-factor-wrong'],
    'the code that enrolled is used up',
  )
  sallyport.clock.advance(30_000)
  const otp = codeOf(secret, sallyport.clock.wallMs())
  const parallel = await Promise.all([1, 2].map(() => attempt({ username: 'careful', password: goodPassword, otp })))
  assert.deepEqual(parallel.map(({ status }) => status).sort(), [201, 401])
  sallyport.clock.advance(90_000)
  const stale = await attempt({
    username: 'careful',
    password: goodPassword,
    otp: codeOf(secret, sallyport.clock.wallMs() - 60_000),
  })
  assert.equal(stale.status, 401, 'a code of two steps ago is too old')
})

test('SGN-11 a session that did not prove the second factor is refused on account and PTY routes', async () => {
  await sallyport.addAccount({ username: 'halfway', password: goodPassword })
  const session = await signInAs(sallyport, 'halfway')
  const secret = await enrol(sallyport, session.access_token)
  const { access_token: token } = session
  assert.equal(await verify(sallyport, token), 200, 'the session that enrolled goes on')
  const paths = [
    { method: 'GET', path: '/api/v1/account' },
    { method: 'PUT', path: '/api/v1/account/password' },
    { method: 'DELETE', path: '/api/v1/account/totp' },
    { method: 'POST', path: '/api/v1/pty_token/start' },
    { method: 'POST', path: '/api/v1/pty_token/join' },
  ] as const
  for (const one of paths)
    assert.equal(
      (await call(sallyport, { ...one, token, body: one.method === 'GET' ? undefined : {} })).status,
      403,
      one.path,
    )
  sallyport.clock.advance(30_000)
  const proven = await signInAs(sallyport, 'halfway', codeOf(secret, sallyport.clock.wallMs()))
  assert.equal((await call(sallyport, { path: '/api/v1/account', token: proven.access_token })).status, 200)
})

test('SGN-8 a change of password needs the old one, ends the other sessions and keeps the caller’s', async () => {
  await sallyport.addAccount({ username: 'changer', password: goodPassword })
  const [session, other] = [await signInAs(sallyport, 'changer'), await signInAs(sallyport, 'changer')]
  const change = (current: string, next: string): Promise<Answer> =>
    call(sallyport, {
      method: 'PUT',
      path: '/api/v1/account/password',
      token: session.access_token,
      body: { current_password: current, new_password: next },
    })
  assert.equal((await change('wrong horse battery staple', 'another horse battery staple')).status, 403)
  assert.equal((await change(goodPassword, 'short')).body.type, 'password-rejected')
  assert.equal((await change(goodPassword, 'another horse battery staple')).status, 204)
  assert.deepEqual(
    [await verify(sallyport, session.access_token), await verify(sallyport, other.access_token)],
    [200, 401],
  )
  const refreshed = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions/refresh',
    body: { refresh_token: session.refresh_token },
  })
  assert.equal(refreshed.status, 200)
  assert.equal((await attempt({ username: 'changer', password: goodPassword })).status, 401)
})

test('SGN-10 a password of eight characters needs the second factor with which it was set', async () => {
  await sallyport.addAccount({ username: 'short', password: goodPassword })
  const session = await signInAs(sallyport, 'short')
  const secret = await enrol(sallyport, session.access_token)
  sallyport.clock.advance(30_000)
  const { access_token: token } = await signInAs(sallyport, 'short', codeOf(secret, sallyport.clock.wallMs()))
  const change = await call(sallyport, {
    method: 'PUT',
    path: '/api/v1/account/password',
    token,
    body: { current_password: goodPassword, new_password: 'ninechars' },
  })
  assert.equal(change.status, 204)
  const removal = await call(sallyport, {
    method: 'DELETE',
    path: '/api/v1/account/totp',
    token,
    body: { password: 'ninechars' },
  })
  assert.deepEqual([removal.status, removal.body.type], [409, 'password-too-short-alone'])
})

test('SGN-12 the set-up link creates one administrator, once', async () => {
  const fresh = await runSallyport()
  try {
    const secret = fresh.setupLink?.split('#')[1] ?? ''
    const body = { secret, username: 'root', password: goodPassword }
    const setUp = (sent: object): Promise<Answer> => call(fresh, { method: 'POST', path: '/api/v1/setup', body: sent })
    assert.equal((await setUp({ ...body, secret: 'guess' })).body.type, 'setup-secret-invalid')
    assert.equal((await setUp({ ...body, password: 'short' })).body.type, 'password-rejected')
    const parallel = await Promise.all([setUp(body), setUp({ ...body, username: 'second' })])
    assert.deepEqual(parallel.map(({ status }) => status).sort(), [201, 409])
    assert.equal((await setUp({ ...body, username: 'third' })).status, 409)
  } finally {
    await fresh.close()
  }
})

test('SGN-5 sign-ins over the hash queue are refused at once with Retry-After', async () => {
  const small = await runSallyport({ config: { hashQueue: 1, hashThreads: 1, throttle: false } })
  try {
    const guess = (): Promise<Answer> =>
      call(small, { method: 'POST', path: '/api/v1/sessions', body: { username: 'nobody', password: goodPassword } })
    const answers = await Promise.all(Array.from({ length: 20 }, guess))
    const full = answers.filter(({ status }) => status === 503)
    assert.equal(answers.filter(({ status }) => status === 401).length + full.length, 20)
    assert.ok(full.length >= 15)
    assert.deepEqual([full[0]?.body.type, Number(full[0]?.headers['retry-after']) >= 1], ['hash-queue-full', true])
  } finally {
    await small.close()
  }
})

test('AUD-3 sign-in, refresh and sign-out each write one event with account, address and dialect', async () => {
  await sallyport.addAccount({ username: 'traced', password: goodPassword })
  const before = (await auditTrail(sallyport)).length
  const headers = { 'x-request-id': 'req-1', 'x-giant-swarm-activity': 'drill' }
  const answer = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions',
    body: { username: 'traced', password: goodPassword },
    headers,
  })
  const session = answer.body
  await call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions/refresh',
    body: { refresh_token: session.refresh_token },
  })
  await call(sallyport, { method: 'DELETE', path: '/api/v1/sessions/current', token: session.access_token })
  const events = (await auditTrail(sallyport)).slice(before)
  const subject = `session:${session.session_id}`
  assert.deepEqual(
    events.map(({ action, outcome, subject: what, by, username, ip }) => [action, outcome, what, by, username, ip]),
    ['sign-in', 'refresh', 'sign-out'].map((action) => [action, 'ok', subject, 'control', 'traced', '127.0.0.1']),
  )
  assert.deepEqual([events[0]?.request, events[0]?.activity], ['req-1', 'drill'])
})

test('SGN-14 a change of password with a pacerpro token ends that token too, also at control', async () => {
  await sallyport.addAccount({ username: 'rails', password: goodPassword, email: 'rails@example.org' })
  const login = { email: 'rails@example.org', password: goodPassword }
  const { body } = await call(sallyport, { method: 'POST', path: '/session', body: login })
  const token = body.jwtToken as string
  const change = { current_password: goodPassword, new_password: 'another horse battery staple' }
  assert.equal(
    (await call(sallyport, { method: 'PUT', path: '/api/v1/account/password', token, body: change })).status,
    204,
  )
  assert.equal(await verify(sallyport, token), 401)
})
