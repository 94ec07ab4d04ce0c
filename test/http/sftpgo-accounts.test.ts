/** sftpgo: administration of users and administrators, as it is sent, kept and shown. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  addUser,
  asAdmin,
  type Caller,
  created,
  type Json,
  readJson,
  rooted,
} from '../fixtures/sftpgo/administration.ts'
import {
  ask,
  basic,
  bearer,
  enrol,
  password,
  type SftpgoWorld,
  sftpgoWorld,
  short,
  signIn,
} from '../fixtures/sftpgo/world.ts'

const notFound = '404 {"error":"Not Found","message":""}\n'
const invalidCredentials = '401 {"error":"invalid credentials","message":"Unauthorized"}\n'

/** The members that SFTPGo shows for every user. */
const usersFilters = {
  hooks: { external_auth_disabled: false, pre_login_disabled: false, check_password_disabled: false },
  totp_config: { secret: {} },
}
const usersDefaults = {
  expiration_date: 0,
  uid: 0,
  gid: 0,
  max_sessions: 0,
  quota_size: 0,
  quota_files: 0,
  upload_data_transfer: 0,
  download_data_transfer: 0,
  total_data_transfer: 0,
  last_login: 0,
  filters: usersFilters,
  filesystem: {
    provider: 0,
    osconfig: {},
    s3config: {},
    gcsconfig: {},
    azblobconfig: {},
    cryptconfig: {},
    sftpconfig: {},
    httpconfig: {},
  },
}

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

test('SFT-100 a user is added with 201 and Location, read back without its password, replaced and removed', async () => {
  const call = await operator()
  const added = await call('POST', '/users', {
    username: ' zoe 1 ',
    status: 1,
    password,
    email: 'zoe@example.org',
    expiration_date: 1_893_456_000_000,
    description: 'of the tower',
    home_dir: '/srv/zoe',
    permissions: { '/': ['list'] },
    filters: { allowed_ip: ['127.0.0.0/8'], hooks: { check_password_disabled: true } },
    filesystem: { provider: 0 },
  })
  const now = world.clock.wallMs()
  const { id, ...user } = created(added)
  const shown = {
    ...usersDefaults,
    status: 1,
    username: 'zoe 1',
    email: 'zoe@example.org',
    expiration_date: 1_893_456_000_000,
    has_password: true,
    permissions: { '/': ['list'] },
    description: 'of the tower',
    home_dir: '/srv/zoe',
    filters: {
      ...usersFilters,
      allowed_ip: ['127.0.0.0/8'],
      hooks: { ...usersFilters.hooks, check_password_disabled: true },
    },
    last_password_change: now,
    created_at: now,
    updated_at: now,
  }
  assert.deepEqual([added.headers.location, typeof id, user], ['/api/v2/users/zoe%201', 'number', shown])
  const path = '/users/zoe%201'
  assert.deepEqual(readJson(await call('GET', `${path}/`)), { id, ...shown })
  const token = await signIn(world, '/user', { headers: basic('zoe 1') })
  world.clock.advance(1_000)
  const updated = short(await call('PUT', path, { ...rooted, username: 'ignored', id: 7 }))
  const { description, filters, email, last_login: lastLogin } = readJson(await call('GET', path))
  const stillIn = (await ask(world, '/user/dirs', { headers: bearer(token) })).status
  const removed = short(await call('DELETE', path))
  assert.deepEqual(
    [updated, description, filters, email, lastLogin, stillIn, removed, short(await call('GET', path))],
    [
      '200 {"message":"User updated"}\n',
      undefined,
      usersFilters,
      undefined,
      now,
      200,
      '200 {"message":"User deleted"}\n',
      notFound,
    ],
  )
})

test('SFT-100 an administrator is added, read back, replaced and removed', async () => {
  const call = await operator()
  const added = await call('POST', '/admins', {
    username: 'watch',
    status: 1,
    password,
    permissions: ['view_users'],
    filters: { allow_list: ['127.0.0.1/32'], preferences: { hide_user_page_sections: 3 } },
    additional_info: 'on call',
  })
  const now = world.clock.wallMs()
  const { id, ...admin } = created(added)
  assert.deepEqual(
    [added.headers.location, typeof id, admin],
    [
      '/api/v2/admins/watch',
      'number',
      {
        status: 1,
        username: 'watch',
        permissions: ['view_users'],
        additional_info: 'on call',
        filters: {
          allow_list: ['127.0.0.1/32'],
          require_two_factor: false,
          totp_config: {},
          preferences: { hide_user_page_sections: 3 },
        },
        created_at: now,
        updated_at: now,
        last_login: 0,
      },
    ],
  )
  const answers = [
    await call('PUT', '/admins/watch', { status: 1, permissions: ['view_users', 'view_status'] }),
    await call('DELETE', '/admins/watch'),
    await call('DELETE', '/admins/watch'),
    await call('PUT', '/admins/watch', { status: 1, permissions: ['*'] }),
    await call('PUT', '/users/nobody', rooted),
    await call('GET', '/users/watch'),
  ]
  assert.deepEqual(answers.map(short), [
    '200 {"message":"Admin updated"}\n',
    '200 {"message":"Admin deleted"}\n',
    notFound,
    notFound,
    notFound,
    notFound,
  ])
})

test('SFT-101 a list has at most 500 entries, 100 by default, in the order of names, and names the parameter it does not take', async () => {
  const call = await operator()
  for (const name of ['list-b', 'list-a', 'list-c']) await addUser(call, { username: name })
  const names = async (query: string): Promise<unknown> => {
    const users = JSON.parse((await call('GET', `/users${query}`)).body) as readonly Json[]
    return users.map(({ username }) => username).filter((name) => String(name).startsWith('list'))
  }
  const all = JSON.parse((await call('GET', '/users?limit=500')).body) as readonly Json[]
  const at = all.findIndex(({ username }) => username === 'list-b')
  const wrong = ['limit=0', 'limit=x', 'offset=-1', 'order=up'].map((query) => call('GET', `/users?${query}`))
  assert.deepEqual(
    [
      await names(''),
      await names('?order=DESC'),
      await names(`?offset=${at}&limit=1`),
      await names('?limit=900'),
      (await Promise.all(wrong)).map(short),
    ],
    [
      ['list-a', 'list-b', 'list-c'],
      ['list-c', 'list-b', 'list-a'],
      ['list-b'],
      ['list-a', 'list-b', 'list-c'],
      ['limit', 'limit', 'offset', 'order'].map((name) => `400 {"error":"Invalid ${name}","message":""}\n`),
    ],
  )
})

test('SFT-101 a list ends at its limit', async () => {
  const server = await sftpgoWorld({ config: { throttle: false } })
  try {
    for (let index = 0; index < 101; index += 1) {
      await server.addAccount({ username: `row-${String(index).padStart(3, '0')}`, password: null })
    }
    const call = await asAdmin(server)
    const lengths: number[] = []
    for (const query of ['', '?limit=2', '?limit=500', '?limit=10&offset=99']) {
      lengths.push((JSON.parse((await call('GET', `/users${query}`)).body) as readonly Json[]).length)
    }
    assert.deepEqual(lengths, [100, 2, 102, 3])
  } finally {
    await server.close()
  }
})

test('SFT-102 what is not valid is 400 and says `Validation error`, a taken address too; a taken name is 409', async () => {
  const call = await operator()
  const user = { ...rooted, username: 'v', password }
  const bodies: readonly (readonly ['/users' | '/admins', unknown, string])[] = [
    ['/users', 'no json', 'The body is not well-formed JSON.'],
    ['/users', [], 'The body has to be a JSON object.'],
    ['/users', { ...user, username: ' ' }, 'Validation error: The username is empty.'],
    ['/users', { ...user, username: 'a:b' }, 'Validation error: The username holds a colon.'],
    ['/users', { ...user, username: '/a' }, 'Validation error: username "/a" is not valid'],
    ['/users', { ...user, email: 'nowhere' }, 'Validation error: email "nowhere" is not valid'],
    [
      '/users',
      { ...user, email: 'ADA&CO@example.org' },
      'Validation error: the email address belongs to another account',
    ],
    [
      '/users',
      { ...user, filters: { two_factor_protocols: ['HTTP'], web_client: ['mfa-disabled'] } },
      'Validation error: two-factor authentication cannot be required and disabled at the same time',
    ],
    [
      '/admins',
      { ...user, permissions: ['*'], role: 'tower' },
      'Validation error: an administrator with a role cannot have the permission *',
    ],
  ]
  const answers: unknown[] = []
  for (const [path, body] of bodies) {
    const { status, body: text } = await call('POST', path, body)
    answers.push([status, JSON.parse(text)])
  }
  assert.deepEqual(
    answers,
    bodies.map(([, , error]) => [400, { error, message: '' }]),
  )
  const taken = [
    await call('POST', '/users', { ...user, username: ' ada ' }),
    await call('POST', '/admins', { ...user, username: 'ops', permissions: ['*'] }),
  ]
  const duplicated = '409 {"error":"duplicated key not allowed","message":""}\n'
  assert.deepEqual(taken.map(short), [duplicated, duplicated])
  const weak = await call('POST', '/users', { ...user, password: 'password' })
  assert.equal(weak.status, 400)
  assert.match((JSON.parse(weak.body) as { error: string }).error, /^Validation error: insecure password: ./)
  assert.equal(short(await call('GET', '/users/v')), notFound)
})

test('SFT-103 a secret is shown as ciphertext only, kept where Redacted or nothing is sent, and renewed by Plain', async () => {
  const call = await operator()
  const plain = 'the key of the granary'
  const s3 = { bucket: 'b', region: 'r', access_key: 'k' }
  const filesystem = (secret: unknown): Json => ({
    filesystem: { provider: 1, s3config: { ...s3, access_secret: secret } },
  })
  await addUser(call, { username: 'keeper', ...filesystem({ status: 'Plain', payload: plain }) })
  const secretNow = async (): Promise<Json> => {
    const user = readJson(await call('GET', '/users/keeper'))
    return (user.filesystem as { s3config: { access_secret: Json } }).s3config.access_secret
  }
  const first = await secretNow()
  const put = async (body: Json): Promise<void> => {
    readJson(await call('PUT', '/users/keeper', { ...rooted, ...body }))
  }
  await put(filesystem({ status: 'Redacted', payload: '' }))
  const redacted = await secretNow()
  await put({ filesystem: { provider: 1, s3config: s3 } })
  const absent = await secretNow()
  await put(filesystem({ status: 'Plain', payload: 'the key of the mill' }))
  const renewed = await secretNow()
  const { payload, ...form } = first
  assert.deepEqual(form, { status: 'Secretbox' })
  assert.match(String(payload), /^[A-Za-z0-9+/]{40,}={0,2}$/)
  assert.deepEqual([redacted, absent, renewed.payload === payload, renewed.status], [first, first, false, 'Secretbox'])
  const kept = (await world.ports.store.accountByName('keeper', 'user'))?.attributes ?? ''
  assert.ok(!kept.includes(plain) && !kept.includes(Buffer.from(plain).toString('base64')))
  const without = { ...s3, access_key: '', access_secret: { status: 'Plain', payload: '' } }
  await put({ filesystem: { provider: 1, s3config: without } })
  assert.equal(await secretNow(), undefined)
  const foreign = short(await call('PUT', '/users/keeper', { ...rooted, ...filesystem(first) }))
  assert.equal(
    foreign,
    '400 {"error":"Validation error: a new secret has to be sent with the status Plain","message":""}\n',
  )
})

test('SFT-104 second factor and recovery codes that are sent with an account are left aside, and shown from the account', async () => {
  const call = await operator()
  const factor = {
    totp_config: {
      enabled: true,
      config_name: 'Default',
      secret: { status: 'Plain', payload: 'A'.repeat(32) },
      protocols: ['HTTP'],
    },
    recovery_codes: [{ secret: { status: 'Plain', payload: 'RC-1' }, used: false }],
  }
  await addUser(call, { username: 'proven', filters: factor })
  const filtersNow = async (): Promise<Json> => readJson(await call('GET', '/users/proven')).filters as Json
  const before = await filtersNow()
  await enrol(world, 'proven')
  readJson(await call('PUT', '/users/proven', { ...rooted, filters: { totp_config: { enabled: false } } }))
  const { enabled, secret } = (await filtersNow()).totp_config as { enabled: boolean; secret: Json }
  assert.deepEqual([before, enabled, secret.status], [usersFilters, true, 'Secretbox'])
})

test('SFT-100 of replacements that race each is whole, and none takes another for its base', async () => {
  const call = await operator()
  await addUser(call, { username: 'raced' })
  const put = (index: number): ReturnType<Caller> =>
    call('PUT', '/users/raced', { ...rooted, description: `d${index}`, additional_info: `d${index}` })
  const answers = await Promise.all([1, 2, 3].map(put))
  const { description, additional_info: info } = readJson(await call('GET', '/users/raced'))
  assert.deepEqual([answers.map(({ status }) => status), info], [[200, 200, 200], description])
})

test('SFT-100 an absent status is 0: the account is there and does not sign in', async () => {
  const call = await operator()
  const { status } = created(
    await call('POST', '/users', { ...rooted, status: undefined, username: 'asleep', password }),
  )
  assert.deepEqual(
    [status, short(await ask(world, '/user/token', { headers: basic('asleep') }))],
    [0, invalidCredentials],
  )
})
