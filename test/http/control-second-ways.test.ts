import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
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
let token: string

before(async () => {
  sallyport = await runSallyport()
  await sallyport.addAccount({ username: 'ada', password: goodPassword, email: 'ada@example.org', groups: ['ops'] })
  const session = await signInAs(sallyport, 'ada')
  const secret = await enrol(sallyport, session.access_token)
  sallyport.clock.advance(30_000)
  token = (await signInAs(sallyport, 'ada', codeOf(secret, sallyport.clock.wallMs()))).access_token
})

after(() => sallyport.close())

function signInWith(otp: string): Promise<Answer> {
  return call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions',
    body: { username: 'ada', password: goodPassword, otp },
  })
}

async function renew(): Promise<readonly string[]> {
  const answer = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/account/recovery_codes',
    token,
    body: { password: goodPassword },
  })
  assert.deepEqual([answer.status, answer.headers['cache-control']], [201, 'no-store'])
  return (answer.body as unknown as { codes: string[] }).codes
}

test('SGN-15 twelve recovery codes replace the code, each once; of two parallel uses one succeeds', async () => {
  const codes = await renew()
  assert.equal(new Set(codes).size, 12)
  for (const code of codes) assert.match(code, /^RC-[0-9A-Z]{22}$/)
  const [first = '', second = ''] = codes
  const parallel = await Promise.all([signInWith(first), signInWith(first)])
  assert.deepEqual(parallel.map(({ status }) => status).sort(), [201, 401])
  assert.equal((await signInWith(first)).status, 401)
  assert.equal((await signInWith(second.toLowerCase())).status, 201)
})

test('SGN-15 new recovery codes invalidate the old ones', async () => {
  const [old = ''] = await renew()
  const [fresh = ''] = await renew()
  assert.deepEqual([(await signInWith(old)).status, (await signInWith(fresh)).status], [401, 201])
})

test('SGN-16 an application password signs in only at its dialect, its tokens are accepted only there, and its sessions end with it', async () => {
  const path = '/api/v1/account/application_passwords'
  const made = await call(sallyport, {
    method: 'POST',
    path,
    token,
    body: { name: 'gsctl', dialect: 'giantswarm', password: goodPassword },
  })
  const { id, secret } = made.body as unknown as { id: string; secret: string }
  assert.match(secret, /^sallyport_app_[A-Za-z0-9_-]{32}$/)
  const at = (dialectPath: string, password: string): Promise<Answer> =>
    call(sallyport, {
      method: 'POST',
      path: dialectPath,
      body: { email: 'ada@example.org', password, password_base64: Buffer.from(password).toString('base64') },
    })
  const statuses = [
    (await at('/v4/auth-tokens/', goodPassword)).status,
    (await at('/session', secret)).status,
    (await at('/v1/account/login', secret)).status,
    (await call(sallyport, { method: 'POST', path: '/api/v1/sessions', body: { username: 'ada', password: secret } }))
      .status,
  ]
  assert.deepEqual(statuses, [401, 401, 401, 401])
  const signedIn = await at('/v4/auth-tokens/', secret)
  assert.equal(signedIn.status, 200)
  const headers = { authorization: `giantswarm ${signedIn.body.auth_token}` }
  const own = (): Promise<Answer> => call(sallyport, { path: '/v4/user/', headers })
  assert.deepEqual(
    [(await own()).status, (await call(sallyport, { path: '/api/v1/verify', headers })).status],
    [200, 401],
  )
  const listed = await call(sallyport, { path, token })
  assert.equal(JSON.stringify(listed.body).includes(secret), false)
  assert.equal((await call(sallyport, { method: 'DELETE', path: `${path}/${id}`, token })).status, 204)
  assert.deepEqual([(await own()).status, (await at('/v4/auth-tokens/', secret)).status], [401, 401])
  assert.equal((await call(sallyport, { method: 'DELETE', path: `${path}/${id}`, token })).status, 404)
})

test('SGN-16 creating an application password needs the password', async () => {
  const body = { name: 'x', dialect: 'koyeb', password: 'wrong horse battery staple' }
  const answer = await call(sallyport, { method: 'POST', path: '/api/v1/account/application_passwords', token, body })
  assert.deepEqual([answer.status, answer.body.type], [403, 'password-current-wrong'])
})

test('SGN-17 metadata has the caller and the caller’s groups', async () => {
  const answer = await call(sallyport, { path: '/api/v1/metadata', token })
  const account = await sallyport.ports.store.accountByName('ada', 'user')
  assert.deepEqual(
    [answer.status, answer.body],
    [200, { user_id: account?.uuid, implementor_groups: ['ops'], ou_group: '', roles: ['user'] }],
  )
})

test('AUD-3 creating and removing a credential write audit events', async () => {
  const events = (await auditTrail(sallyport)).filter((event) => event.action === 'credential')
  assert.equal(events.length, 2)
  assert.equal(await verify(sallyport, token), 200)
})
