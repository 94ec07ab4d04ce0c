/** sftpgo: the form in which members of accounts are kept, the keys that are taken, and lists as client libraries read them. */
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
import { allowedCertificate, weakCertificate } from '../fixtures/sftpgo/certificates.ts'
import { line, publicKeyLine } from '../fixtures/sftpgo/keys.ts'
import { valueAt, withValueAt } from '../fixtures/sftpgo/members/paths.ts'
import { call, tokenOf } from '../fixtures/sftpgo/self.ts'
import { type SftpgoWorld, sftpgoWorld } from '../fixtures/sftpgo/world.ts'

let world: SftpgoWorld
let ops: Caller

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
  ops = await asAdmin(world)
})

after(() => world.close())

const periods = { from: '09:00', to: '17:00' }

/** A value in the request at a place, and the stored one. */
const normalised: readonly (readonly [path: string, sent: unknown, kept: unknown])[] = [
  ['home_dir', '/srv//a/../b/', '/srv/b'],
  ['home_dir', '/', '/'],
  ['permissions', { '/': ['*', 'list'] }, { '/': ['*'] }],
  ['permissions', { '/': ['list', 'copy', 'list'], '/b/../c/': [] }, { '/': ['list', 'copy'], '/c': [] }],
  ['email', ' e@example.org ', 'e@example.org'],
  ['filters.allowed_ip', ['10.0.0.0/8', '10.0.0.0/8', '2001:db8::/32'], ['10.0.0.0/8', '2001:db8::/32']],
  ['filters.denied_login_methods', ['publickey', 'publickey'], ['publickey']],
  ['filters.denied_protocols', ['FTP', 'SSH', 'FTP'], ['FTP', 'SSH']],
  ['filters.additional_emails', ['', 'a@example.org', 'a@example.org'], ['a@example.org']],
  ['filters.tls_certs', ['', allowedCertificate, allowedCertificate], [allowedCertificate]],
  ['filters.start_directory', 'a//b/', '/a/b'],
  ['filters.start_directory', '/..', undefined],
  ['filters.access_time', [{ day_of_week: 0, ...periods }], [{ day_of_week: 0, ...periods }]],
  ['filters.external_auth_cache_time', 60, undefined],
  ['filters.file_patterns', [{ path: '/a/', allowed_patterns: ['*.A'] }], [{ path: '/a', allowed_patterns: ['*.a'] }]],
  ['upload_bandwidth', -5, undefined],
  ['filesystem', { provider: 9, s3config: { bucket: 'b' } }, 0],
  ['filesystem', { provider: 0, s3config: { bucket: 'b' } }, 0],
]

test('SFT-130 paths are cleaned, equal entries are one, `*` stands alone, and what a provider does not read is dropped', async () => {
  await addUser(ops, { username: 'formed' })
  const outcomes: unknown[] = []
  for (const [path, sent] of normalised) {
    const body = withValueAt(rooted, path, sent)
    assert.equal((await ops('PUT', '/users/formed', body)).status, 200, `${path} ${JSON.stringify(sent)}`)
    const shown = valueAt(readJson(await ops('GET', '/users/formed')), path)
    outcomes.push([path, path === 'filesystem' ? (shown as { provider: number }).provider : shown])
    if (path === 'filesystem') assert.deepEqual((shown as { s3config: unknown }).s3config, {})
  }
  assert.deepEqual(
    outcomes,
    normalised.map(([path, , kept]) => [path, kept]),
  )
})

test('SFT-130 a limit for all transfers takes the place of those for each direction', async () => {
  const limits = { upload_data_transfer: 1, download_data_transfer: 2 }
  const one = await addUser(ops, { username: 'limited', ...limits })
  const all = await addUser(ops, { username: 'limited-in-all', ...limits, total_data_transfer: 3 })
  const shown = ({
    upload_data_transfer: up,
    download_data_transfer: down,
    total_data_transfer: total,
  }: Json): unknown => [up, down, total]
  assert.deepEqual(
    [shown(one), shown(all)],
    [
      [1, 2, 0],
      [0, 0, 3],
    ],
  )
})

test('SFT-130 an anonymous user may list and download alone, over the protocols and by the method that know no account', async () => {
  const filters = { is_anonymous: true, denied_protocols: ['FTP'] }
  const { permissions, filters: shown } = await addUser(ops, {
    username: 'nobody-in-particular',
    permissions: { '/': ['*'], '/a': ['upload'] },
    filters,
  })
  const { denied_protocols: protocols, denied_login_methods: methods } = shown as Json
  assert.deepEqual(
    [permissions, protocols, (methods as string[]).includes('password'), (methods as string[]).length],
    [{ '/': ['list', 'download'], '/a': ['list', 'download'] }, ['FTP', 'SSH', 'HTTP'], false, 7],
  )
})

test('SFT-130 an administrator with `*` has it alone', async () => {
  const { permissions } = await addAdmin(ops, { username: 'starred', permissions: ['view_users', '*', 'view_users'] })
  assert.deepEqual(permissions, ['*'])
})

const badNames = ['a/b', '/', '..', 'a..b', 'a?b', '<b>', 'a>b', '../../etc/passwd']

test('SFT-130 a name that is a path, a query or markup is not taken, for users and administrators', async () => {
  const wrong: unknown[] = []
  for (const username of badNames) {
    const users = await ops('POST', '/users', { ...rooted, username })
    const admins = await ops('POST', '/admins', { status: 1, permissions: ['*'], password: 'a lamp above', username })
    if (users.status !== 400 || admins.status !== 400) wrong.push([username, users.status, admins.status])
  }
  assert.deepEqual(wrong, [])
})

const ed25519 = publicKeyLine('ed25519')
const rsa = publicKeyLine('rsa')
const goodKeys: Readonly<Record<string, string>> = {
  'an ed25519 key': ed25519,
  'an RSA key of 2,048 bits': rsa,
  'a key on P-256': publicKeyLine('nistp256'),
  'a key on P-384': publicKeyLine('nistp384'),
  'a key on P-521': publicKeyLine('nistp521'),
  'a key with options': `restrict,command="a \\"b\\" c" ${ed25519}`,
  'a key without a comment': ed25519.split(' ').slice(0, 2).join(' '),
  'a key after a comment line': `# of Ada\n${ed25519}\n`,
}
const cut = (key: string, bytes: number): string => {
  const [type = '', blob = ''] = key.split(' ')
  return `${type} ${Buffer.from(blob, 'base64').subarray(0, -bytes).toString('base64')}`
}
const badKeys: Readonly<Record<string, string>> = {
  'an RSA key under 2,048 bits': publicKeyLine('rsa', 1024),
  'text that is no key': 'a key to the granary',
  'a comment line': `# ${ed25519}`,
  'a key behind words': `here is ${ed25519}`,
  'a cut ed25519 key': cut(ed25519, 1),
  'a cut RSA key': cut(rsa, 3),
  'a large RSA key that is cut': cut(publicKeyLine('rsa', 3072), 3),
  'a key with more behind it': `${ed25519.split(' ')[0]} ${Buffer.concat([Buffer.from(ed25519.split(' ')[1] ?? '', 'base64'), Buffer.from([0])]).toString('base64')}`,
  'a key of another type': ed25519.replace('ssh-ed25519', 'ssh-rsa'),
  'a type that is not known': line('ssh-dss', [Buffer.from('x')]),
  'a point that is on no curve': line('ecdsa-sha2-nistp256', [Buffer.from('nistp256'), Buffer.alloc(65, 4)]),
  'a curve of another type': line('ecdsa-sha2-nistp256', [Buffer.from('nistp384'), Buffer.alloc(97, 4)]),
  'an ed25519 key that is too short': line('ssh-ed25519', [Buffer.alloc(31, 1)]),
  'a broken certificate of SSH': line('ssh-ed25519-cert-v01@openssh.com', [Buffer.alloc(32, 1)]),
}

test('SFT-133 a public key has to be whole, of a known type and strong enough, whoever sets it', async () => {
  await addUser(ops, { username: 'keys' })
  const token = await tokenOf(world, { username: 'keys', role: 'user' })
  const wrong: string[] = []
  for (const [keys, expected] of [
    [goodKeys, '200'],
    [badKeys, '400'],
  ] as const) {
    for (const [what, key] of Object.entries(keys)) {
      const byAdmin = await ops('PUT', '/users/keys', { ...rooted, public_keys: [key] })
      const bySelf = await call(world, token, ['PUT', '/user/profile', { public_keys: [key] }])
      if (String(byAdmin.status) !== expected) wrong.push(`${what}, by an administrator: ${byAdmin.body}`)
      if (bySelf.slice(0, 3) !== expected) wrong.push(`${what}, by the user: ${bySelf}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('SFT-133 a certificate has to be whole and strong enough, whoever sets it', async () => {
  await addUser(ops, { username: 'certificates' })
  const token = await tokenOf(world, { username: 'certificates', role: 'user' })
  const broken = [allowedCertificate.slice(0, 200), allowedCertificate.replace('MII', 'AAA'), weakCertificate, 'x']
  const answers: unknown[] = []
  for (const certificate of broken) {
    answers.push((await ops('PUT', '/users/certificates', { ...rooted, filters: { tls_certs: [certificate] } })).status)
    answers.push((await call(world, token, ['PUT', '/user/profile', { tls_certs: [certificate] }])).slice(0, 3))
  }
  assert.deepEqual(
    answers,
    broken.flatMap(() => [400, '400']),
  )
})

/** Members that a client library made from SFTPGo's document reads as objects and lists; null is neither. */
const objects = [
  'permissions',
  'filters',
  'filters.hooks',
  'filters.totp_config',
  'filters.totp_config.secret',
  'filesystem',
]
const configs = ['osconfig', 's3config', 'gcsconfig', 'azblobconfig', 'cryptconfig', 'sftpconfig', 'httpconfig']
const numbers =
  'uid gid max_sessions quota_size quota_files upload_data_transfer download_data_transfer total_data_transfer expiration_date'

test('SFT-134 every user of a list has the defaults, whoever added it and whatever was sent or kept of it', async () => {
  await world.addAccount({ username: 'listed-by-command', password: null })
  const empties: Json = {
    filesystem: null,
    filters: null,
    uid: null,
    public_keys: null,
    groups: null,
    max_sessions: null,
  }
  await addUser(ops, { username: 'listed-with-null', ...empties })
  await addUser(ops, { username: 'listed-with-little', filesystem: {}, filters: { hooks: null, totp_config: null } })
  const older = await world.addAccount({ username: 'listed-of-old', password: null })
  const text = JSON.stringify({
    filesystem: null,
    filters: { hooks: 7, allowed_ip: null },
    uid: 'x',
    permissions: null,
  })
  await world.ports.store.execute('changeAccount', {
    accountId: older.id,
    change: { attributes: { text, rules: null } },
    rotation: null,
    seen: null,
    nowMs: world.clock.wallMs(),
    audit: { ...audit, atMs: 0, accountId: null, username: null, action: 'account-change', outcome: 'ok' },
  })
  const users = JSON.parse((await ops('GET', '/users?limit=500')).body) as readonly Json[]
  assert.ok(users.filter(({ username }) => String(username).startsWith('listed')).length === 4)
  for (const user of users) {
    const places = [...objects, ...configs.map((config) => `filesystem.${config}`)]
    const wrong = places.filter((place) => !isObject(valueAt(user, place)))
    const odd = numbers.split(' ').filter((name) => typeof user[name] !== 'number')
    assert.deepEqual([wrong, odd, nullsIn(user)], [[], [], []], String(user.username))
  }
})

const audit = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nullsIn(value: unknown, at = ''): readonly string[] {
  if (value === null) return [at]
  if (typeof value !== 'object') return []
  return Object.entries(value as object).flatMap(([name, member]) => nullsIn(member, `${at}.${name}`))
}
