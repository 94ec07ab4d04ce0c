/** sftpgo: what a replaced user keeps, loses and shows, beside the real server. */
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
import { publicKeyLine } from '../fixtures/sftpgo/keys.ts'
import { ask, basic, bearer, password, type SftpgoWorld, sftpgoWorld, short, signIn } from '../fixtures/sftpgo/world.ts'

const invalid = '401 {"error":"invalid credentials","message":"Unauthorized"}\n'
const refused = (reason: string): string =>
  `400 ${JSON.stringify({ error: `Validation error: ${reason}`, message: '' })}\n`
const updated = '200 {"message":"User updated"}\n'

let world: SftpgoWorld
let ops: Caller

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
  ops = await asAdmin(world)
})

after(() => world.close())

async function signInAnswer(realm: '' | '/user', username: string): Promise<string> {
  const answer = await ask(world, `${realm}/token`, { headers: basic(username) })
  return answer.status === 200 ? '200' : short(answer)
}

test('SFT-126 a manager program that sends a part of a user is refused, and the user is as before and signs in', async () => {
  const whole = { email: 'part@example.org', description: 'whole', filters: { web_client: ['shares-disabled'] } }
  await addUser(ops, { username: 'part', ...whole })
  const token = await signIn(world, '/user', { headers: basic('part') })
  const before = readJson(await ops('GET', '/users/part'))
  const { home_dir: home, permissions } = rooted
  const home_dir = refused('home_dir is mandatory')
  const grants = refused('please grant some permissions to this user')
  const parts: readonly (readonly [unknown, string])[] = [
    [{ public_keys: [publicKeyLine('ed25519')] }, home_dir],
    [{}, home_dir],
    [null, home_dir],
    [{ status: 1 }, home_dir],
    [{ status: 1, permissions }, home_dir],
    [{ status: 1, home_dir: home }, grants],
    [{ status: 1, home_dir: home, permissions: {} }, grants],
    [
      { status: 1, home_dir: home, permissions: { '/a': ['*'] } },
      refused('permissions for the root dir "/" must be set'),
    ],
    [{ status: 1, home_dir: home, permissions: { '/': [] } }, refused('no permissions granted for the directory "/"')],
  ]
  for (const [body, expected] of parts) {
    assert.equal(short(await ops('PUT', '/users/part', body === null ? 'null' : body)), expected)
    assert.deepEqual(readJson(await ops('GET', '/users/part')), before)
  }
  const listed = await ask(world, '/user/dirs', { headers: bearer(token) })
  assert.deepEqual([await signInAnswer('/user', 'part'), short(listed)], ['200', '200 []\n'])
})

test('SFT-126 a user whose files lie elsewhere has a home directory filled in', async () => {
  const filesystem = { provider: 6, httpconfig: { endpoint: 'https://files.example.org' } }
  await addUser(ops, { username: 'remote', home_dir: '', filesystem })
  assert.equal(readJson(await ops('GET', '/users/remote')).home_dir, '/tmp/remote')
})

test('SFT-126 what a client read of a user it may send back as it is', async () => {
  const filesystem = {
    provider: 5,
    sftpconfig: { endpoint: 'a:22', username: 'u', password: { status: 'Plain', payload: 'a lamp' } },
  }
  await addUser(ops, { username: 'again', expiration_date: 1_893_456_000_001, filesystem })
  await world.addAccount({ username: 'elsewhere', password, email: 'elsewhere@example.org' })
  for (const name of ['again', 'elsewhere']) {
    const { updated_at: _before, ...shown } = readJson(await ops('GET', `/users/${name}`))
    assert.equal(short(await ops('PUT', `/users/${name}`, shown)), updated)
    const { updated_at: _after, ...after } = readJson(await ops('GET', `/users/${name}`))
    assert.deepEqual([after, await signInAnswer('/user', name)], [shown, '200'])
  }
})

test('SFT-127 an empty password takes the password of a user away, and its sessions; absent and null keep it', async () => {
  await addUser(ops, { username: 'keyless' })
  const token = await signIn(world, '/user', { headers: basic('keyless') })
  const outcomes: unknown[] = []
  for (const more of [{}, { password: null }, { password: '' }, { password: '' }, { password }]) {
    const answer = short(await ops('PUT', '/users/keyless', { ...rooted, ...more }))
    const { has_password: has } = readJson(await ops('GET', '/users/keyless'))
    const lives = (await ask(world, '/user/dirs', { headers: bearer(token) })).status
    outcomes.push([answer, has, lives, await signInAnswer('/user', 'keyless')])
  }
  assert.deepEqual(outcomes, [
    [updated, true, 200, '200'],
    [updated, true, 200, '200'],
    [updated, undefined, 401, invalid],
    [updated, undefined, 401, invalid],
    [updated, true, 401, '200'],
  ])
})

test('SFT-127 an administrator keeps the password when an empty one is sent, and is not added without one', async () => {
  await addAdmin(ops, { username: 'keyed' })
  const outcomes: string[] = []
  for (const more of [{}, { password: null }, { password: '' }]) {
    const body = { status: 1, permissions: ['*'], ...more }
    outcomes.push(short(await ops('PUT', '/admins/keyed', body)), await signInAnswer('', 'keyed'))
    outcomes.push(short(await ops('POST', '/admins', { ...body, username: 'unkeyed' })))
  }
  const each = ['200 {"message":"Admin updated"}\n', '200', refused('please set a password')]
  assert.deepEqual(outcomes, [...each, ...each, ...each])
})

test('SFT-128 an end of the very first second is an end, and the milliseconds that were sent are shown', async () => {
  const at = world.clock.wallMs()
  const ends = [1, 999, 1000, 1001, at - 1, at, at + 1999, 253_402_300_799_999, 0]
  const outcomes: unknown[] = []
  await addUser(ops, { username: 'ended' })
  for (const end of ends) {
    assert.equal(short(await ops('PUT', '/users/ended', { ...rooted, expiration_date: end })), updated)
    const { expiration_date: shown } = readJson(await ops('GET', '/users/ended'))
    outcomes.push([shown, await signInAnswer('/user', 'ended')])
  }
  assert.deepEqual(
    outcomes,
    ends.map((end) => [end, end === 0 || end > at ? '200' : invalid]),
  )
})

test('SFT-128 an end that another door set is never shown as none', async () => {
  await world.addAccount({ username: 'epoch', password, expiresAt: 0 })
  const { expiration_date: shown } = readJson(await ops('GET', '/users/epoch'))
  assert.deepEqual([shown, await signInAnswer('/user', 'epoch')], [1, invalid])
})

const usersOrder =
  'id status username email expiration_date public_keys has_password home_dir uid gid max_sessions quota_size quota_files ' +
  'permissions upload_bandwidth download_bandwidth upload_data_transfer download_data_transfer total_data_transfer last_login ' +
  'created_at updated_at last_password_change description additional_info role filters virtual_folders filesystem'

test('SFT-129 members are shown in the order of the original, with the defaults that it sends and without those that it leaves out', async () => {
  const full: Json = {
    filesystem: { provider: 4, cryptconfig: { passphrase: { status: 'Plain', payload: 'x' } } },
    virtual_folders: [{ virtual_path: '/f', name: 'f' }],
    filters: { require_password_change: true, is_anonymous: false, denied_ip: [], allowed_ip: ['10.0.0.0/8'] },
    role: 'r',
    additional_info: 'i',
    description: 'd',
    download_bandwidth: 1,
    upload_bandwidth: 2,
    public_keys: [publicKeyLine('ed25519')],
    email: 'full@example.org',
  }
  const many = await addUser(ops, { username: 'full', ...full })
  const few = (await ops('POST', '/users', { ...rooted, username: 'bare' })).body
  const none =
    '"osconfig":{},"s3config":{},"gcsconfig":{},"azblobconfig":{},"cryptconfig":{},"sftpconfig":{},"httpconfig":{}'
  const at = world.clock.wallMs()
  assert.deepEqual(Object.keys(many), usersOrder.split(' '))
  assert.deepEqual(Object.keys(many.filters as Json), ['allowed_ip', 'hooks', 'require_password_change', 'totp_config'])
  assert.equal(
    few.replace(/^\{"id":\d+/, '{"id":0'),
    `{"id":0,"status":1,"username":"bare","expiration_date":0,"home_dir":"/srv/files","uid":0,"gid":0,"max_sessions":0,"quota_size":0,"quota_files":0,"permissions":{"/":["*"]},"upload_data_transfer":0,"download_data_transfer":0,"total_data_transfer":0,"last_login":0,"created_at":${at},"updated_at":${at},"filters":{"hooks":{"external_auth_disabled":false,"pre_login_disabled":false,"check_password_disabled":false},"totp_config":{"secret":{}}},"filesystem":{"provider":0,${none}}}\n`,
  )
  const admin = (await ops('POST', '/admins', { password, permissions: ['*'], username: 'bare' })).body
  assert.equal(
    admin.replace(/^\{"id":\d+/, '{"id":0'),
    `{"id":0,"status":0,"username":"bare","permissions":["*"],"filters":{"require_two_factor":false,"totp_config":{},"preferences":{}},"created_at":${at},"updated_at":${at},"last_login":0}\n`,
  )
})
