/** sftpgo: the permissions of administrators, and the tokens that end with a change of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  addAdmin,
  addUser,
  asAdmin,
  type Caller,
  type Json,
  readJson,
  rooted,
} from '../fixtures/sftpgo/administration.ts'
import {
  ask,
  basic,
  bearer,
  claimsOf,
  enrol,
  type SftpgoWorld,
  sftpgoWorld,
  short,
  signIn,
} from '../fixtures/sftpgo/world.ts'

const notFound = '404 {"error":"Not Found","message":""}\n'
const forbidden = '403 {"message":"Forbidden"}\n'
const ended = '401 {"message":"Your token is no longer valid"}\n'
const invalidCredentials = '401 {"error":"invalid credentials","message":"Unauthorized"}\n'

let world: SftpgoWorld
let ops: Caller

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
})

after(() => world.close())

async function operator(): Promise<Caller> {
  ops = await asAdmin(world)
  return ops
}

async function updatedWith(path: string, body: Json): Promise<string> {
  return short(await ops('PUT', path, body))
}

test('SFT-105 administrators cannot disable or remove themselves, change their own permissions or role, or force flags on themselves', async () => {
  await addAdmin(await operator(), { username: 'self', permissions: ['*', 'view_users'], description: 'kept' })
  ops = await asAdmin(world, 'self')
  const same = { status: 1, permissions: ['view_users', '*'] }
  const answers = [
    await updatedWith('/admins/self', { ...same, status: 0 }),
    await updatedWith('/admins/self', { ...same, permissions: ['view_users', 'view_status'] }),
    await updatedWith('/admins/self', { ...same, permissions: ['view_users'], role: 'tower' }),
    await updatedWith('/admins/self', { ...same, role: 'tower' }),
    short(await ops('DELETE', '/admins/self')),
    await updatedWith('/admins/self', {
      ...same,
      filters: { require_password_change: true, require_two_factor: true, allow_api_key_auth: true },
    }),
  ]
  const { filters } = readJson(await ops('GET', '/admins/self'))
  assert.deepEqual(
    [answers, filters],
    [
      [
        '400 {"error":"you cannot disable yourself","message":""}\n',
        '400 {"error":"you cannot change your permissions","message":""}\n',
        '400 {"error":"you cannot change your permissions","message":""}\n',
        '400 {"error":"Validation error: an administrator with a role cannot have the permission *","message":""}\n',
        '400 {"error":"you cannot delete yourself","message":""}\n',
        '200 {"message":"Admin updated"}\n',
      ],
      { allow_api_key_auth: true, require_two_factor: false, totp_config: {}, preferences: {} },
    ],
  )
})

test('SFT-106 each group of operations needs its permission, and `*` stands for all', async () => {
  await operator()
  await addUser(ops, { username: 'subject' })
  const calls: readonly (readonly [string, 'GET' | 'POST' | 'PUT' | 'DELETE', string])[] = [
    ['view_users', 'GET', '/users'],
    ['view_users', 'GET', '/users/subject'],
    ['add_users', 'POST', '/users'],
    ['edit_users', 'PUT', '/users/absent'],
    ['del_users', 'DELETE', '/users/absent'],
    ['disable_mfa', 'PUT', '/users/absent/2fa/disable'],
    ['view_defender', 'GET', '/defender/hosts'],
    ['manage_defender', 'DELETE', '/defender/hosts/3132372e302e302e31'],
    ['*', 'GET', '/admins'],
    ['*', 'POST', '/admins'],
    ['*', 'PUT', '/admins/absent'],
    ['*', 'DELETE', '/admins/absent'],
    ['*', 'PUT', '/admins/absent/2fa/disable'],
    ['*', 'GET', '/apikeys'],
    ['*', 'POST', '/apikeys'],
    ['*', 'DELETE', '/apikeys/absent'],
  ]
  const names = [...new Set(calls.map(([permission]) => permission))]
  const wrong: unknown[] = []
  for (const name of names) {
    await addAdmin(ops, { username: `may-${name}`, permissions: [name] })
    const call = await asAdmin(world, `may-${name}`)
    for (const [permission, method, path] of calls) {
      const isRefused = short(await call(method, path, method === 'GET' ? undefined : {})) === forbidden
      if (isRefused !== (name !== '*' && name !== permission)) wrong.push([name, method, path])
    }
  }
  assert.deepEqual(wrong, [])
})

test('SFT-107 an administrator with a role sees, adds and changes users of that role alone', async () => {
  await operator()
  await addAdmin(ops, {
    username: 'tower-admin',
    role: 'tower',
    permissions: ['view_users', 'add_users', 'edit_users', 'del_users'],
  })
  await addUser(ops, { username: 'outside' })
  const call = await asAdmin(world, 'tower-admin')
  const added = await addUser(call, { username: 'inside', role: 'mill' })
  readJson(await call('PUT', '/users/inside', { ...rooted, role: 'mill' }))
  const shown = JSON.parse((await call('GET', '/users')).body) as readonly Json[]
  const others = ['GET', 'PUT', 'DELETE'] as const
  const answers = await Promise.all(
    others.map(async (method) => short(await call(method, '/users/outside', undefined))),
  )
  assert.deepEqual(
    [added.role, shown.map(({ username, role }) => [username, role]), answers],
    ['tower', [['inside', 'tower']], [notFound, notFound, notFound]],
  )
})

test('SFT-108 permissions and role stand in the token as they were, and any change of them ends it', async () => {
  await operator()
  await addAdmin(ops, { username: 'moved', permissions: ['view_users', 'view_status'], role: 'tower' })
  const token = await signIn(world, '', { headers: basic('moved') })
  const { permissions, role } = claimsOf(token)
  const version = async (): Promise<string> => short(await ask(world, '/version', { headers: bearer(token) }))
  await updatedWith('/admins/moved', {
    status: 1,
    permissions: ['view_status', 'view_users'],
    role: 'tower',
    description: 'x',
  })
  const still = (await version()).slice(0, 3)
  await updatedWith('/admins/moved', { status: 1, permissions: ['view_users'], role: 'tower' })
  assert.deepEqual([permissions, role, still, await version()], [['view_users', 'view_status'], 'tower', '200', ended])
})

test('SFT-108 disabling, a new password and removal by an administrator end the tokens of a user', async () => {
  await operator()
  const answers: string[] = []
  for (const [index, change] of [
    { ...rooted, status: 0 },
    { ...rooted, password: 'a lamp below the harbour' },
    null,
  ].entries()) {
    const username = `ended-${index}`
    await addUser(ops, { username })
    const token = await signIn(world, '/user', { headers: basic(username) })
    const path = `/users/${username}`
    readJson(change === null ? await ops('DELETE', path) : await ops('PUT', path, change))
    answers.push(short(await ask(world, '/user/dirs', { headers: bearer(token) })))
    answers.push(short(await ask(world, '/user/token', { headers: basic(username) })))
  }
  assert.deepEqual(answers, [ended, invalidCredentials, ended, invalidCredentials, ended, invalidCredentials])
})

test('SFT-109 a second factor is disabled by others with the permission, never by an administrator who must have one', async () => {
  await operator()
  await addUser(ops, { username: 'two' })
  await addAdmin(ops, { username: 'must', filters: { require_two_factor: true } })
  const none = short(await ops('PUT', '/users/two/2fa/disable'))
  await enrol(world, 'two')
  const code = await enrol(world, 'admin:must')
  world.clock.advance(60_000)
  const must = async (): Promise<string> =>
    short(
      await ask(world, '/version', {
        headers: bearer(await signIn(world, '', { headers: { ...basic('must'), 'x-sftpgo-otp': code() } })),
      }),
    )
  const inside = (await must()).slice(0, 3)
  world.clock.advance(60_000)
  const own = bearer(await signIn(world, '', { headers: { ...basic('must'), 'x-sftpgo-otp': code() } }))
  const refused = await world.app.inject({ method: 'PUT', url: '/api/v2/admins/must/2fa/disable', headers: own })
  const answers = [
    none,
    short(await ops('PUT', '/users/two/2fa/disable')),
    short(await ops('PUT', '/users/two/2fa/disable')),
    short(await ops('PUT', '/admins/must/2fa/disable')),
    `${refused.statusCode} ${refused.body}`,
  ]
  const notEnabled = '400 {"message":"two-factor authentication is not enabled"}\n'
  const done = '200 {"message":"2FA disabled"}\n'
  const enforced = '400 {"error":"Validation error: two-factor authentication must be enabled","message":""}\n'
  assert.deepEqual([inside, answers], ['200', [notEnabled, done, notEnabled, done, enforced]])
  assert.equal((await ask(world, '/user/token', { headers: basic('two') })).status, 200)
})
