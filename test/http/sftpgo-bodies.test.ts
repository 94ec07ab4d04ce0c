/** sftpgo: which bodies and paths are taken, beside the real server. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { ConfigError } from '../../src/config/formats.ts'
import { readConfig } from '../../src/config.ts'
import {
  addAdmin,
  addUser,
  asAdmin,
  type Caller,
  callerWith,
  created,
  type Json,
  readJson,
  rooted,
} from '../fixtures/sftpgo/administration.ts'
import { call, tokenOf } from '../fixtures/sftpgo/self.ts'
import {
  adminToken,
  ask,
  basic,
  bearer,
  type SftpgoWorld,
  sftpgoWorld,
  short,
  userToken,
} from '../fixtures/sftpgo/world.ts'

const notFound = '404 {"error":"Not Found","message":""}\n'
const updated = '200 {"message":"User updated"}\n'

let world: SftpgoWorld
let ops: Caller

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
  ops = await asAdmin(world)
})

after(() => world.close())

test('SFT-131 text behind the JSON, members in any case and every media type are taken', async () => {
  await addUser(ops, { username: 'bodies' })
  const whole = JSON.stringify(rooted)
  const bodies = [
    whole,
    ` ${whole} and more {`,
    `${whole}${whole}`,
    whole.replace('status', 'STATUS').replace('home_dir', 'Home_Dir'),
    whole.replace('"permissions"', '"PERMISSIONS"'),
  ]
  const answers: string[] = []
  for (const body of bodies) answers.push(short(await ops('PUT', '/users/bodies', body)))
  const headers = { ...bearer(await adminToken(world)), 'content-type': 'text/csv; charset=latin1' }
  answers.push(short(await callerWith(world, headers)('PUT', '/users/bodies', whole)))
  assert.deepEqual(answers, [updated, updated, updated, updated, updated, updated])
  const { status, home_dir: home } = readJson(await ops('GET', '/users/bodies'))
  assert.deepEqual([status, home], [1, '/srv/files'])
})

test('SFT-131 members in capitals make the same account, and pass no rule by', async () => {
  const user = { ...rooted, username: 'capitals', filters: { web_client: ['mfa-disabled'] }, role: 'mill' }
  const { id: _user, ...added } = created(await ops('POST', '/users', inCapitals(user)))
  assert.deepEqual(
    [added.username, added.role, (added.filters as Json).web_client],
    ['capitals', 'mill', ['mfa-disabled']],
  )
  await addAdmin(ops, { username: 'capitals', permissions: ['*'] })
  await addAdmin(ops, { username: 'miller', permissions: ['add_users', 'edit_users', 'view_users'], role: 'mill' })
  const self = await asAdmin(world, 'capitals')
  const flags = { require_two_factor: true, require_password_change: true }
  const put = { status: 1, permissions: ['*'], filters: inCapitals(flags) }
  assert.equal(short(await self('PUT', '/admins/capitals', inCapitals(put))), '200 {"message":"Admin updated"}\n')
  const { filters } = readJson(await self('GET', '/admins/capitals'))
  assert.deepEqual(filters, { require_two_factor: false, totp_config: {}, preferences: {} })
  const miller = await asAdmin(world, 'miller')
  const sent = inCapitals({ ...rooted, role: 'tower' })
  assert.equal(short(await miller('PUT', '/users/capitals', sent)), updated)
  assert.equal(readJson(await ops('GET', '/users/capitals')).role, 'mill')
})

function inCapitals(members: Json): Json {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name.toUpperCase(), value]))
}

test('SFT-131 a member that comes twice is refused, in one spelling or in two, at any depth', async () => {
  await addUser(ops, { username: 'twice' })
  const whole = JSON.stringify({ ...rooted, filters: { is_anonymous: false } })
  const bodies = [
    whole.replace('"status":1', '"status":1,"status":0'),
    whole.replace('"status":1', '"status":1,"Status":0'),
    whole.replace('"is_anonymous":false', '"is_anonymous":false,"IS_anonymous":true'),
  ]
  const answers: string[] = []
  for (const body of bodies) answers.push(short(await ops('PUT', '/users/twice', body)))
  assert.deepEqual(answers, [
    '400 {"error":"The body names a member twice.","message":""}\n',
    '400 {"error":"Validation error: the body names status twice","message":""}\n',
    '400 {"error":"Validation error: the body names is_anonymous twice","message":""}\n',
  ])
})

test('SFT-131 a whole number is written as one', async () => {
  await addUser(ops, { username: 'number' })
  const whole = JSON.stringify(rooted)
  const wrong: string[] = []
  for (const literal of ['1.0', '1e0', '1.5', '1e400', '"1"', '9007199254740993', 'true']) {
    const { status } = await ops('PUT', '/users/number', whole.replace('"status":1', `"status":${literal}`))
    const other = await ops('PUT', '/users/number', whole.replace('{', `{"uid":${literal},`))
    if (status !== 400 || other.status !== 400) wrong.push(literal)
  }
  assert.deepEqual(wrong, [])
})

test('SFT-131 an operation that wants no body takes any, and a name that is not there is 404 before its body is read', async () => {
  const broken = '{"a":'
  await addUser(ops, { username: 'unread' })
  const answers = [
    await ops('PUT', '/users/absent', broken),
    await ops('PUT', '/admins/absent', broken),
    await ops('PUT', '/apikeys/absent', broken),
    await ops('DELETE', '/users/absent', broken),
    await ops('PUT', '/users/unread/2fa/disable', broken),
    await ops('DELETE', '/users/unread', broken),
  ]
  assert.deepEqual(answers.map(short), [
    ...[notFound, notFound, notFound, notFound],
    '400 {"message":"two-factor authentication is not enabled"}\n',
    '200 {"message":"User deleted"}\n',
  ])
})

test('SFT-131 null is an empty object: to a profile, to a second factor, and to what asks for more', async () => {
  await addUser(ops, { username: 'nulls' })
  const token = await tokenOf(world, { username: 'nulls', role: 'user' })
  const answers = [
    await call(world, token, ['PUT', '/user/profile', 'null']),
    await call(world, token, ['POST', '/user/totp/save', 'null']),
    await call(world, token, ['POST', '/user/totp/save', '{"enabled":null}']),
    await call(world, token, ['PUT', '/user/profile', '{"allow_api_key_auth":null}']),
    await call(world, token, ['GET', '/user/profile']),
    short(await ops('POST', '/users', 'null')),
  ]
  const saved = '200 {"message":"TOTP configuration saved"}\n'
  const profile = '200 {"message":"Profile updated"}\n'
  const noName = '400 {"error":"Validation error: The username is empty.","message":""}\n'
  assert.deepEqual(answers, [profile, saved, saved, profile, '200 {"allow_api_key_auth":false}\n', noName])
})

test('SFT-131 a body over the limit is 400', async () => {
  const { status, body } = await ops('POST', '/users', JSON.stringify({ ...rooted, description: 'x'.repeat(1 << 20) }))
  assert.equal(status, 400)
  assert.deepEqual(Object.keys(JSON.parse(body) as object), ['error', 'message'])
})

test('SFT-131 `disconnect` takes a whole number, and ends nothing that a change does not end', async () => {
  await addUser(ops, { username: 'linked' })
  const answers: string[] = []
  for (const value of ['abc', '', '1.5', '0', '1', '-1']) {
    answers.push(short(await ops('PUT', `/users/linked?disconnect=${value}`, rooted)))
  }
  const wrong = '400 {"error":"Invalid disconnect","message":""}\n'
  assert.deepEqual(answers, [wrong, wrong, wrong, updated, updated, updated])
  assert.equal(short(await ops('PUT', '/users/absent?disconnect=abc', rooted)), wrong)
})

test('SFT-132 a path with an empty name is not found, with a token and without one', async () => {
  const paths = [
    '/users//',
    '/admins//',
    '/apikeys//',
    '/defender/hosts//',
    '/users//2fa/disable',
    '/users//forgot-password',
  ]
  const headers = bearer(await adminToken(world))
  const wrong: string[] = []
  for (const path of paths) {
    for (const more of [{}, headers]) {
      const answer = short(await ask(world, path, { headers: more }))
      if (answer !== '404 {"message":"Not Found"}\n') wrong.push(`${path} ${answer}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('SFT-132 a method that no operation has is 405, also one that only WebDAV knows', async () => {
  const answers: string[] = []
  for (const method of ['PATCH', 'PROPFIND', 'TRACE']) answers.push((await raw(`${method} /api/v2/token`)).slice(0, 12))
  assert.deepEqual(answers, ['HTTP/1.1 405', 'HTTP/1.1 405', 'HTTP/1.1 405'])
})

test('SFT-132 a path of bytes that are not percent-encoded is 400 and says so', async () => {
  const answer = await raw('GET /api/v2/users/ümläut')
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 400 /)
  assert.match(body, /percent-encoded/)
  await addUser(ops, { username: 'ümläut' })
  assert.equal(readJson(await ops('GET', '/users/%C3%BCml%C3%A4ut')).username, 'ümläut')
})

test('SFT-132 the listing has one directory, the root by any of its names', async () => {
  const headers = bearer(await userToken(world))
  const list = async (path: string): Promise<string> => short(await ask(world, `/user/dirs${path}`, { headers }))
  const roots = ['', '?path=', '?path=%2F', '?path=/', '?path=.', '?path=/a/..', '?path=//']
  const others = ['?path=/nope', '?path=nope', '?path=%2F..%2Fa', '?path=/nope&path=/']
  assert.deepEqual(
    [await Promise.all(roots.map(list)), await Promise.all(others.map(list))],
    [roots.map(() => '200 []\n'), others.map(() => notFound)],
  )
})

test('SFT-7 Basic credentials that are not UTF-8 are none', async () => {
  const authorization = `Basic ${Buffer.from([0x61, 0xff, 0x3a, 0x62]).toString('base64')}`
  for (const path of ['/token', '/user/token']) {
    assert.equal(short(await ask(world, path, { headers: { authorization } })), '401 {"message":"Unauthorized"}\n')
  }
})

test('SFT-135 without a throttle there is no defender: an address is 500, and none can be taken off', async () => {
  const id = Buffer.from('192.0.2.1').toString('hex')
  const answers = [await ops('GET', `/defender/hosts/${id}`), await ops('DELETE', `/defender/hosts/${id}`)]
  assert.deepEqual(answers.map(short), [
    '500 {"error":"defender is disabled","message":""}\n',
    '404 {"message":"Not found"}\n',
  ])
})

test('SFT-135 an address that is taken off may try again, while the block of the attacked name goes on to its end', async () => {
  const server = await sftpgoWorld()
  try {
    const admin = await asAdmin(server)
    const from = '192.0.2.7'
    const attempt = async (secret?: string, at = from): Promise<number> =>
      (await ask(server, '/user/token', { headers: basic('ada', secret), from: at })).status
    let tries = 0
    while ((await attempt('a lamp above the water')) !== 429 && tries < 200) tries += 1
    const id = Buffer.from(from).toString('hex')
    const removed = [await admin('DELETE', `/defender/hosts/${id}`), await admin('DELETE', `/defender/hosts/${id}`)]
    const known = await admin('GET', `/defender/hosts/${id}`)
    assert.deepEqual(removed.map(short), ['200 {"message":"OK"}\n', '404 {"message":"Not found"}\n'])
    assert.equal(short(known), notFound)
    const other = await ask(server, '/token', { headers: basic('ops'), from })
    assert.deepEqual([other.status, await attempt(), await attempt(undefined, '192.0.2.8')], [200, 429, 429])
  } finally {
    await server.close()
  }
})

test('SFT-136 a configuration that leaves no way to sign in does not start', () => {
  const read = (bits: number): number =>
    readConfig({ flags: {}, env: {}, file: { sftpgo: { disabledLoginMethods: bits } } }).sftpgo.disabledLoginMethods
  assert.deepEqual([read(16 | 32 | 64), read(128), read(15)], [112, 128, 15])
  for (const bits of [16 | 32 | 64 | 128, 255]) assert.throws(() => read(bits), ConfigError)
})

/** Sends a request line as it is; returns the whole answer. */
function raw(start: string): Promise<string> {
  const { hostname, port } = new URL(world.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    const parts: Buffer[] = []
    socket.on('data', (bytes) => parts.push(Buffer.from(bytes)))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(parts).toString()))
    socket.write(`${start} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`)
  })
}
