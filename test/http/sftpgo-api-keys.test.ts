/** sftpgo: API keys, how they are made and what they open. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  addAdmin,
  addApiKey,
  addUser,
  asAdmin,
  type Caller,
  callerWith,
  created,
  type Json,
  readJson,
  rooted,
} from '../fixtures/sftpgo/administration.ts'
import {
  type Answer,
  ask,
  bearer,
  enrol,
  password,
  type SftpgoWorld,
  sftpgoWorld,
  short,
  userToken,
} from '../fixtures/sftpgo/world.ts'

const notFound = '404 {"error":"Not Found","message":""}\n'
const notAllowed = '403 {"message":"API key authentication is not allowed"}\n'
const notValid = '400 {"error":"the provided api key is not valid","message":""}\n'
const otherScope = '403 {"error":"the provided api key is invalid for this request","message":""}\n'
const notAuthenticated = '401 {"error":"the provided api key cannot be authenticated","message":""}\n'
const refusedUser =
  '401 {"error":"the user associated with the provided api key cannot be authenticated","message":""}\n'
const refusedAdmin =
  '401 {"error":"the admin associated with the provided api key cannot be authenticated","message":""}\n'
const empty = '200 []\n'

let world: SftpgoWorld
let ops: Caller

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
  ops = await asAdmin(world)
  await addUser(ops, { username: 'j.doe', filters: { allow_api_key_auth: true } })
  await addAdmin(ops, { username: 'robot', filters: { allow_api_key_auth: true } })
})

after(() => world.close())

function withKey(key: string, more: Readonly<Record<string, string>> = {}, from?: string): Caller {
  return callerWith(world, { 'x-sftpgo-api-key': key, ...more }, from)
}

async function listWith(key: string): Promise<string> {
  return short(await withKey(key)('GET', '/user/dirs'))
}

test('SFT-110 a key is shown once, with 201, Location and X-Object-ID, and only a digest of its secret is kept', async () => {
  const answer = await ops('POST', '/apikeys', { name: 'backup', scope: 2, user: 'j.doe', description: 'at night' })
  const { key, message, ...more } = created(answer)
  const [id = '', secret = '', ...rest] = String(key).split('.')
  const now = world.clock.wallMs()
  assert.deepEqual(
    [
      id.length,
      secret.length,
      rest,
      more,
      answer.headers.location,
      answer.headers['x-object-id'],
      answer.headers['cache-control'],
    ],
    [22, 22, [], {}, `/api/v2/apikeys/${id}`, id, 'no-store'],
  )
  assert.equal(message, 'API key created. This is the only time the API key is visible, please save it.')
  const shown = {
    id,
    name: 'backup',
    scope: 2,
    created_at: now,
    updated_at: now,
    description: 'at night',
    user: 'j.doe',
  }
  assert.deepEqual(readJson(await ops('GET', `/apikeys/${id}`)), shown)
  const stored = await world.ports.store.credentialById(id)
  assert.deepEqual(Buffer.from(stored?.secretDigest ?? []), Buffer.from(world.ports.digests.sha256(secret)))
  const listed = JSON.parse((await ops('GET', '/apikeys?limit=500')).body) as readonly Json[]
  assert.deepEqual(
    listed.filter((one) => one.id === id),
    [shown],
  )
})

test('SFT-110 a key is changed without its secret, and once removed is unknown', async () => {
  const key = await addApiKey(ops, { scope: 2, user: 'j.doe' })
  const [id = ''] = key.split('.')
  const answers = [
    await listWith(key),
    short(await ops('PUT', `/apikeys/${id}`, { name: 'night', scope: 2, expires_at: world.clock.wallMs() + 60_000 })),
    await listWith(key),
    await listWith(`${key}.j.doe`),
    short(await ops('DELETE', `/apikeys/${id}`)),
    await listWith(key),
    short(await ops('DELETE', `/apikeys/${id}`)),
    short(await ops('PUT', `/apikeys/${id}`, { name: 'night', scope: 2 })),
    short(await ops('GET', `/apikeys/${id}`)),
  ]
  assert.deepEqual(answers, [
    empty,
    '200 {"message":"API key updated"}\n',
    refusedUser,
    empty,
    '200 {"message":"API key deleted"}\n',
    notValid,
    notFound,
    notFound,
    notFound,
  ])
})

test('SFT-110 a key that is not well formed is 400', async () => {
  const bodies: readonly Json[] = [
    { scope: 1 },
    { name: 'x', scope: 3 },
    { name: 'x' },
    { name: 'x', scope: 1, user: 'j.doe' },
    { name: 'x', scope: 2, user: 'nobody' },
    { name: 'x', scope: 2, expires_at: -1 },
  ]
  const answers: string[] = []
  for (const body of bodies)
    answers.push((JSON.parse((await ops('POST', '/apikeys', body)).body) as { error: string }).error)
  assert.deepEqual(answers, [
    'Validation error: name is mandatory',
    'Validation error: invalid scope: 3',
    'Validation error: invalid scope: 0',
    'Validation error: an API key of scope 1 takes no user',
    'Validation error: there is no user "nobody"',
    'Validation error: expires_at has to be a whole number from 0 to 253402300799999, not -1',
  ])
})

test('SFT-111 a key replaces the token that is sent beside it, and an empty one is none', async () => {
  const token = bearer(await userToken(world))
  const [admin, user] = [await addApiKey(ops, { scope: 1 }), await addApiKey(ops, { scope: 2 })]
  const answers = [
    await withKey(`${user}.j.doe`, bearer('rubbish'))('GET', '/user/dirs'),
    await withKey('rubbish', token)('GET', '/user/dirs'),
    await withKey('', token)('GET', '/user/dirs'),
    await withKey(`${admin}.robot`)('GET', '/version'),
  ]
  assert.deepEqual([answers.slice(0, 3).map(short), answers[3]?.status], [[empty, notValid, empty], 200])
})

test('SFT-112 each way in which a key fails has its status and its sentence', async () => {
  const bound = await addApiKey(ops, { scope: 2, user: 'j.doe' })
  const unbound = await addApiKey(ops, { scope: 2 })
  const admin = await addApiKey(ops, { scope: 1, admin: 'robot' })
  const late = await addApiKey(ops, { scope: 2, user: 'j.doe', expires_at: world.clock.wallMs() })
  const [id = '', secret = ''] = bound.split('.')
  const cases: readonly (readonly [string, string])[] = [
    ['rubbish', notValid],
    [id, notValid],
    [`absent.${secret}`, notValid],
    [`${id}.`, notAuthenticated],
    [`${id}.${secret.slice(1)}`, notAuthenticated],
    [`${id}.${admin.split('.')[1]}`, notAuthenticated],
    [late, notAuthenticated],
    [admin, otherScope],
    [unbound, refusedUser],
    [`${unbound}.nobody`, refusedUser],
    [`${unbound}.ada`, refusedUser],
    [`${unbound}.robot`, refusedUser],
    [`${unbound}.j.doe`, empty],
    [bound, empty],
    [`${bound}.ada`, empty],
  ]
  const answers: string[] = []
  for (const [key] of cases) answers.push(await listWith(key))
  assert.deepEqual(
    answers,
    cases.map(([, expected]) => expected),
  )
  const atAdmins = await withKey(bound)('GET', '/version')
  const heads = [atAdmins, await withKey(`${id}.x`)('GET', '/user/dirs')].map(
    ({ headers }) => headers['www-authenticate'],
  )
  assert.deepEqual([short(atAdmins), heads], [otherScope, [undefined, undefined]])
})

test('SFT-112 a key does not reach an account that is disabled, kept from HTTP or from the address, or does not allow keys', async () => {
  const rules: readonly Json[] = [
    { filters: { allow_api_key_auth: true } },
    { filters: {} },
    { status: 0, filters: { allow_api_key_auth: true } },
    { filters: { allow_api_key_auth: true, denied_protocols: ['HTTP'] } },
    { filters: { allow_api_key_auth: true, allowed_ip: ['10.0.0.0/8'] } },
    { expiration_date: world.clock.wallMs(), filters: { allow_api_key_auth: true } },
  ]
  await addUser(ops, { username: 'ruled' })
  const key = await addApiKey(ops, { scope: 2, user: 'ruled' })
  const answers: string[] = []
  for (const rule of rules) {
    readJson(await ops('PUT', '/users/ruled', { ...rooted, ...rule }))
    answers.push(await listWith(key))
  }
  const admin = { status: 1, permissions: ['*'], filters: { allow_api_key_auth: true, allow_list: ['10.0.0.0/8'] } }
  await addAdmin(ops, { username: 'listed', ...admin })
  const adminKey = await addApiKey(ops, { scope: 1, admin: 'listed' })
  const outside = await withKey(adminKey)('GET', '/version')
  const inside = await withKey(adminKey, {}, '10.1.1.1')('GET', '/version')
  assert.deepEqual(
    [answers, short(outside), inside.status],
    [[empty, refusedUser, refusedUser, refusedUser, refusedUser, refusedUser], refusedAdmin, 200],
  )
})

test('SFT-113 a key asks for no code and for nothing that is due', async () => {
  const rules = { allow_api_key_auth: true, require_password_change: true, two_factor_protocols: ['HTTP'] }
  await addUser(ops, { username: 'hurried', filters: rules })
  const key = await addApiKey(ops, { scope: 2, user: 'hurried' })
  const before = await listWith(key)
  await enrol(world, 'hurried')
  assert.deepEqual([before, await listWith(key)], [empty, empty])
})

test('SFT-114 a key opens nothing by which an account looks after itself, nor the keys', async () => {
  const admin = withKey(await addApiKey(ops, { scope: 1, admin: 'robot' }))
  const user = withKey(await addApiKey(ops, { scope: 2, user: 'j.doe' }))
  const answers = await Promise.all([
    admin('GET', '/logout'),
    admin('GET', '/apikeys'),
    admin('POST', '/apikeys', { name: 'x', scope: 1 }),
    admin('DELETE', '/apikeys/x'),
    user('GET', '/user/logout'),
    user('GET', '/user/profile'),
  ])
  assert.deepEqual(new Set(answers.map(short)), new Set([notAllowed]))
})

test('SFT-114 a key neither updates nor removes the administrator behind it, and does the rest', async () => {
  const robot = withKey(await addApiKey(ops, { scope: 1, admin: 'robot' }))
  const body = { status: 1, permissions: ['*'], filters: { allow_api_key_auth: true } }
  const answers = [
    await robot('PUT', '/admins/robot', body),
    await robot('DELETE', '/admins/robot'),
    await robot('POST', '/users', { ...rooted, username: 'made', password }),
    await robot('DELETE', '/users/made'),
  ].map((answer: Answer) => (answer.status === 201 ? '201' : short(answer)))
  assert.deepEqual(answers, [
    '400 {"error":"the administrator behind an API key cannot be updated with it","message":""}\n',
    '400 {"error":"you cannot delete yourself","message":""}\n',
    '201',
    '200 {"message":"User deleted"}\n',
  ])
})

test('SFT-115 a use is noted at most every ten minutes, as a sign-in of the account too', async () => {
  await addUser(ops, { username: 'seen', filters: { allow_api_key_auth: true } })
  const key = await addApiKey(ops, { scope: 2, user: 'seen' })
  const [id = ''] = key.split('.')
  const noted = async (): Promise<unknown[]> => [
    (await world.ports.store.credentialById(id))?.lastUsedAtMs,
    (await world.ports.store.accountByName('seen', 'user'))?.lastSignInAtMs,
  ]
  const start = world.clock.wallMs()
  await listWith(key)
  const first = await noted()
  world.clock.advance(599_999)
  await listWith(key)
  const second = await noted()
  world.clock.advance(1)
  await listWith(key)
  const later = start + 600_000
  assert.deepEqual(
    [first, second, await noted()],
    [
      [start, start],
      [start, start],
      [later, later],
    ],
  )
  ops = await asAdmin(world)
})

test('SFT-115 the keys of an account go with it', async () => {
  await addUser(ops, { username: 'gone', filters: { allow_api_key_auth: true } })
  const key = await addApiKey(ops, { scope: 2, user: 'gone' })
  const before = await listWith(key)
  readJson(await ops('DELETE', '/users/gone'))
  await addUser(ops, { username: 'gone', filters: { allow_api_key_auth: true } })
  assert.deepEqual([before, await listWith(key)], [empty, notValid])
})

const statusOf = ({ statusCode }: { readonly statusCode: number }): { readonly status: number } => ({
  status: statusCode,
})

test('SFT-116 the bits of the option remove token endpoints and make API keys unseen, each in its realm', async () => {
  const seen: unknown[] = []
  const key = { 'x-sftpgo-api-key': 'absent.secret' }
  for (const disabledLoginMethods of [0, 16, 32, 64, 128, 112]) {
    const limited = await sftpgoWorld({ config: { sftpgo: { disabledLoginMethods } } })
    try {
      const statuses = await Promise.all([
        ask(limited, '/token'),
        ask(limited, '/user/token/'),
        limited.app.inject({ method: 'POST', url: '/api/v2/users/ada/forgot-password' }).then(statusOf),
        limited.app.inject({ method: 'POST', url: '/api/v2/admins/ops/forgot-password' }).then(statusOf),
        ask(limited, '/version', { headers: key }),
        ask(limited, '/user/dirs', { headers: key }),
      ])
      seen.push(statuses.map(({ status }) => status))
    } finally {
      await limited.close()
    }
  }
  assert.deepEqual(seen, [
    [401, 401, 400, 400, 400, 400],
    [404, 401, 400, 404, 400, 400],
    [401, 404, 404, 400, 400, 400],
    [401, 401, 400, 400, 401, 400],
    [401, 401, 400, 400, 400, 401],
    [404, 404, 404, 404, 401, 400],
  ])
})
