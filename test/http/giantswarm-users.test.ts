/** Tests of giantswarm: accounts, organizations and application passwords. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Account } from '../../src/core/accounts/account.ts'
import { decodeExpiry } from '../../src/http/dialects/giantswarm/wire.ts'
import { addApplicationPassword, addSecondFactor } from '../fixtures/application-password.ts'
import { auditTexts, password } from '../fixtures/cast.ts'
import { compareGoldens } from '../fixtures/goldens.ts'
import { bearer, type HttpAnswer, type HttpClient, openClient } from '../fixtures/http-client.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport
let client: HttpClient
let ops: Account
let admin: string

before(async () => {
  sallyport = await runSallyport({ config: { throttle: false } })
  client = openClient(sallyport.url)
  ops = await sallyport.addAccount({ username: 'ops', password, email: 'ops@example.org', role: 'admin' })
  const ada = await newAccount('ada')
  const expiresAt = Date.UTC(2036, 0, 1) / 1000
  const guest = await sallyport.addAccount({ username: 'guest', password, email: 'guest@example.org', expiresAt })
  await sallyport.addAccount({ username: 'mute', password: null })
  await sallyport.addOrganization('north-shore', [ada, guest])
  await sallyport.addOrganization('elsewhere', [])
  admin = await signedIn('ops')
})

after(async () => {
  client.close()
  await sallyport.close()
})

function newAccount(name: string): Promise<Account> {
  return sallyport.addAccount({ username: name, password, email: `${name}@example.org` })
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function signIn(email: string, secret = password): Promise<HttpAnswer> {
  return client.send({ method: 'POST', path: '/v4/auth-tokens/', body: { email, password_base64: base64(secret) } })
}

async function signedIn(name: string, secret = password): Promise<string> {
  const answer = await signIn(`${name}@example.org`, secret)
  assert.equal(answer.status, 200, answer.body)
  return (JSON.parse(answer.body) as { auth_token: string }).auth_token
}

function ask(token: string, line: string, body?: object): Promise<HttpAnswer> {
  const [method = '', path = ''] = line.split(' ')
  const headers = { authorization: `giantswarm ${token}` }
  return client.send({ method, path, headers, ...(body === undefined ? {} : { body }) })
}

async function answerTo(token: string, line: string, body?: object): Promise<unknown[]> {
  const answer = await ask(token, line, body)
  return [answer.status, JSON.parse(answer.body)]
}

async function userStatus(token: string): Promise<number> {
  return (await ask(token, 'GET /v4/user/')).status
}

async function lastEvent(): Promise<unknown[]> {
  const { action, subject, account } = JSON.parse((await auditTexts(sallyport)).at(-1) ?? '{}') as Record<
    string,
    unknown
  >
  return [action, subject, account]
}

test('GIA-100 which caller may make which call on accounts and organizations, and which calls are refused', (t) =>
  compareGoldens(t, 'giantswarm/users', {
    url: sallyport.url,
    prepare: async (setup) => ({ token: setup === 'admin' ? admin : await signedIn('ada') }),
  }))

test('GIA-101 an account is created under its address, in the role user, and signs in', async () => {
  const made = await answerTo(admin, 'PUT /v4/users/Bo%2Btest@Example.org/', {
    password: base64('a gate below the harbour'),
    expiry: '2030-01-01T02:00:00.5+02:00',
  })
  const account = await sallyport.ports.store.accountByEmail('bo+test@example.org')
  assert.deepEqual(
    [made, await lastEvent()],
    [
      [201, { code: 'RESOURCE_CREATED', message: "The user with email 'Bo+test@Example.org' has been created." }],
      ['account-add', 'account:user:Bo+test@Example.org', ops.id],
    ],
  )
  assert.deepEqual(
    [account?.username, account?.email, account?.role, account?.expiresAt],
    ['Bo+test@Example.org', 'Bo+test@Example.org', 'user', Date.UTC(2030, 0, 1) / 1000],
  )
  assert.equal((await signIn('bo+test@example.org', 'a gate below the harbour')).status, 200)
})

test('GIA-101 null and an empty string mean no expiry', () => {
  const texts = [null, '', undefined, '2017-01-15T12:00:00Z', '2017-01-15t12:00:00.25z']
  assert.deepEqual(texts.map(decodeExpiry), [null, null, undefined, 1_484_481_600, 1_484_481_600])
  for (const text of ['2017-01-15', '2017-13-15T12:00:00Z', '12', '2017-01-15T12:00:00']) {
    assert.throws(() => decodeExpiry(text), { code: 'INPUT_INVALID' })
  }
})

test('GIA-102 an administrator changes the address of an account and sets an expiry', async () => {
  const { id } = await newAccount('cat')
  const token = await signedIn('cat')
  const changed = await answerTo(admin, 'PATCH /v4/users/cat@example.org/', { email: 'cat@example.net' })
  const event = await lastEvent()
  const lives = await userStatus(token)
  const ended = await answerTo(admin, 'PATCH /v4/users/cat@example.net/', { expiry: '2026-01-02T15:04:05Z' })
  const afterwards = await userStatus(token)
  const again = await answerTo(admin, 'PATCH /v4/users/cat@example.net/', { expiry: null })
  const created = '2026-01-02T15:04:05.000Z'
  assert.deepEqual(
    [changed, event, lives, ended, afterwards, again],
    [
      [200, { email: 'cat@example.net', created }],
      ['account-change', `account:${id}`, ops.id],
      200,
      [200, { email: 'cat@example.net', created, expiry: created }],
      401,
      [200, { email: 'cat@example.net', created }],
    ],
  )
})

test('GIA-103 an administrator removes an account, and its tokens end', async () => {
  await newAccount('dan')
  const token = await signedIn('dan')
  const removed = await answerTo(admin, 'DELETE /v4/users/dan@example.org/')
  assert.deepEqual(
    [removed, await userStatus(token), (await signIn('dan@example.org')).status],
    [[200, { code: 'RESOURCE_DELETED', message: "The user with email 'dan@example.org' has been deleted." }], 401, 401],
  )
})

test('GIA-104 a change of the own password ends every token of the account, including the caller’s', async () => {
  const { id } = await newAccount('eve')
  const tokens = [await signedIn('eve'), await signedIn('eve')]
  const changed = await answerTo(tokens[0] ?? '', 'POST /v4/users/eve@example.org/password/', {
    current_password_base64: base64(password),
    new_password_base64: base64('a gate below the harbour'),
  })
  const event = await lastEvent()
  assert.deepEqual(
    [changed, event, await Promise.all(tokens.map(userStatus))],
    [
      [202, { code: 'RESOURCE_UPDATED', message: 'The password has been updated.' }],
      ['password-change', `account:${id}`, id],
      [401, 401],
    ],
  )
  assert.deepEqual(
    [(await signIn('eve@example.org')).status, (await signIn('eve@example.org', 'a gate below the harbour')).status],
    [401, 200],
  )
})

test('GIA-104 an administrator sets a password without the current one, and every token of the account ends', async () => {
  const { id } = await newAccount('flo')
  const token = await signedIn('flo')
  const changed = await ask(admin, 'POST /v4/users/flo@example.org/password/', {
    current_password_base64: base64('whatever it was'),
    new_password_base64: base64('a gate below the harbour'),
  })
  assert.deepEqual(
    [changed.status, await lastEvent(), await userStatus(token), await userStatus(admin)],
    [202, ['password-change', `account:${id}`, ops.id], 401, 200],
  )
})

test('GIA-104 an administrator’s own current password must be right if it is sent', async () => {
  await sallyport.addAccount({ username: 'root', password, email: 'root@example.org', role: 'admin' })
  const token = await signedIn('root')
  const change = (current: object): Promise<HttpAnswer> =>
    ask(token, 'POST /v4/users/root@example.org/password/', {
      ...current,
      new_password_base64: base64('a gate below the harbour'),
    })
  const wrong = await change({ current_password_base64: base64('not the password') })
  const without = await change({})
  assert.deepEqual([wrong.status, without.status, await userStatus(token)], [401, 202, 401])
})

test('GIA-105 an administrator creates an organization with members, and removes it with their sessions in it', async () => {
  const gus = await newAccount('gus')
  const members = [{ email: 'GUS@example.org' }, { email: 'ada@example.org' }, { email: 'gus@example.org' }]
  const made = await answerTo(admin, 'PUT /v4/organizations/east_side/', { id: 'other', members })
  const event = await lastEvent()
  const organization = await sallyport.ports.store.organizationByName('east-side')
  const listed = await answerTo(await signedIn('gus'), 'GET /v4/organizations/')
  const koyeb = await client.send({
    method: 'POST',
    path: '/v1/account/login',
    body: { email: 'gus@example.org', password },
  })
  const { token } = JSON.parse(koyeb.body) as { token: { id: string; organization_id: string } }
  const removed = await answerTo(admin, 'DELETE /v4/organizations/east_side/')
  const scoped = await client.send({ path: '/v1/account/profile', headers: bearer(token.id) })
  assert.deepEqual(
    [made, event, listed, token.organization_id, removed, scoped.status],
    [
      [201, { id: 'east_side', members: [{ email: gus.email }, { email: 'ada@example.org' }] }],
      ['organization', 'organization:east-side', ops.id],
      [200, [{ id: 'east_side' }]],
      organization?.id,
      [200, { code: 'RESOURCE_DELETED', message: "The organization with ID 'east_side' has been deleted." }],
      401,
    ],
  )
})

test('GIA-106 an application password signs in past a second factor, only at giantswarm, until it is removed', async () => {
  const careful = await addSecondFactor(sallyport, await newAccount('hal'))
  const plain = await signIn('hal@example.org')
  const { secret, remove } = await addApplicationPassword(sallyport, careful, 'giantswarm')
  const token = await signedIn('hal', secret)
  const here = await userStatus(token)
  const verify = { path: '/api/v1/verify', headers: bearer(token) }
  const atControl = await client.send(verify)
  const byScheme = await client.send({ ...verify, headers: { authorization: `giantswarm ${token}` } })
  const elsewhere = await client.send({
    method: 'POST',
    path: '/session',
    body: { email: careful.email, password: secret },
  })
  await remove()
  assert.deepEqual(
    [plain.status, here, atControl.status, byScheme.status, elsewhere.status, await userStatus(token)],
    [401, 200, 401, 401, 401, 401],
  )
  assert.equal((await signIn('hal@example.org', secret)).status, 401)
})

test('GIA-107 a session of an application password reads, but administers no account and sets no password', async () => {
  const chief = await sallyport.addAccount({ username: 'chief', password, email: 'chief@example.org', role: 'admin' })
  const { secret } = await addApplicationPassword(sallyport, chief, 'giantswarm')
  const token = await signedIn('chief', secret)
  const statuses: number[] = []
  const lines = [
    'GET /v4/users/chief@example.org/',
    'GET /v4/organizations/north_shore/',
    'GET /v4/users/',
    'GET /v4/users/ada@example.org/',
    'PUT /v4/users/new@example.org/',
    'PATCH /v4/users/ada@example.org/',
    'DELETE /v4/users/ada@example.org/',
    'PUT /v4/organizations/acme/',
    'DELETE /v4/organizations/north_shore/',
    'POST /v4/users/chief@example.org/password/',
  ]
  for (const line of lines) statuses.push((await ask(token, line)).status)
  assert.deepEqual(statuses, [200, 200, 401, 401, 401, 401, 401, 401, 401, 401])
})

test('GIA-107 a session that enrolled a second factor without proving it administers no account from then on', async () => {
  await sallyport.addAccount({ username: 'late', password, email: 'late@example.org', role: 'admin' })
  const token = await signedIn('late')
  const before = (await ask(token, 'GET /v4/users/')).status
  const begun = await ask(token, 'POST /api/v1/account/totp', { password })
  const { secret } = JSON.parse(begun.body) as { secret: string }
  const code = TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: sallyport.clock.wallMs() })
  const confirmed = await ask(token, 'POST /api/v1/account/totp/confirm', { code })
  const after = await ask(token, 'GET /v4/users/')
  assert.deepEqual([before, confirmed.status, await userStatus(token), after.status], [200, 204, 200, 401])
})
