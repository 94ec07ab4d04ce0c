/** sftpgo: the rules of accounts at sign-in and at use, what is due, token validation and the defender. */
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
  adminToken,
  ask,
  basic,
  bearer,
  claimsOf,
  enrol,
  password,
  type SftpgoWorld,
  sftpgoWorld,
  short,
  signIn,
  userToken,
} from '../fixtures/sftpgo/world.ts'

const invalid = '401 {"error":"invalid credentials","message":"Unauthorized"}\n'
const ended = '401 {"message":"Your token is no longer valid"}\n'
const empty = '200 []\n'
const forbidden = (error: string): string => `403 ${JSON.stringify({ error, message: 'Forbidden' })}\n`
const due = (error: string): string => `403 ${JSON.stringify({ error, message: '' })}\n`
const passwordDue = due('Password change required. Please set a new password to continue to use your account')
const factorDue = (suffix = ''): string =>
  due(`Two-factor authentication requirements not met, please configure two-factor authentication${suffix}`)

let world: SftpgoWorld

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
})

after(() => world.close())

async function signInAnswer(username: string, secret = password, from = '127.0.0.1'): Promise<string> {
  const answer = await ask(world, '/user/token', { headers: basic(username, secret), from })
  return answer.status === 200 ? '200' : short(answer)
}

test('SFT-117 a rule of the account denies after a right password alone, in the words of the original', async () => {
  const ops = await asAdmin(world)
  const http = (name: string): string => forbidden(`protocol HTTP is not allowed for user "${name}"`)
  const rules: readonly (readonly [string, Json, string])[] = [
    ['no-http', { denied_protocols: ['SSH', 'HTTP'] }, http('no-http')],
    ['anonymous', { is_anonymous: true }, http('anonymous')],
    [
      'no-password',
      { denied_login_methods: ['publickey', 'password'] },
      forbidden('login method password is not allowed for user "no-password"'),
    ],
    ['others', { denied_protocols: ['SSH', 'FTP'], denied_login_methods: ['publickey'] }, '200'],
  ]
  const answers: unknown[] = []
  for (const [username, filters] of rules) {
    await addUser(ops, { username, filters })
    answers.push([await signInAnswer(username), await signInAnswer(username, 'a lamp above the water')])
  }
  assert.deepEqual(
    answers,
    rules.map(([, , expected]) => [expected, invalid]),
  )
})

test('SFT-117 an address is welcome when it is allowed, else not when it is denied, else when none is allowed', async () => {
  const ops = await asAdmin(world)
  const denied = (ip: string): string => forbidden(`login for user "placed" is not allowed from this address: ${ip}`)
  const rules: readonly (readonly [Json, string, string])[] = [
    [{ allowed_ip: ['10.0.0.0/8'] }, '10.1.2.3', '200'],
    [{ allowed_ip: ['10.0.0.0/8'] }, '192.0.2.1', denied('192.0.2.1')],
    [{ denied_ip: ['10.0.0.0/8'] }, '10.1.2.3', denied('10.1.2.3')],
    [{ denied_ip: ['10.0.0.0/8'] }, '192.0.2.1', '200'],
    [{ allowed_ip: ['10.1.0.0/16'], denied_ip: ['10.0.0.0/8'] }, '10.1.2.3', '200'],
    [{ allowed_ip: ['2001:db8::/32'] }, '2001:db9::1', denied('2001:db9::1')],
  ]
  await addUser(ops, { username: 'placed' })
  const answers: string[] = []
  for (const [filters, from] of rules) {
    readJson(await ops('PUT', '/users/placed', { ...rooted, filters }))
    answers.push(await signInAnswer('placed', password, from))
  }
  assert.deepEqual(
    answers,
    rules.map(([, , expected]) => expected),
  )
})

test('SFT-117 the refused address is named with its port where no proxy is between', async () => {
  const ops = await asAdmin(world)
  await addUser(ops, { username: 'ported', filters: { allowed_ip: ['10.0.0.0/8'] } })
  const answer = await fetch(`${world.url}/api/v2/user/token`, { headers: basic('ported') })
  const body = (await answer.json()) as { error: string; message: string }
  assert.deepEqual([answer.status, body.message], [403, 'Forbidden'])
  assert.match(body.error, /^login for user "ported" is not allowed from this address: 127\.0\.0\.1:[1-9]\d{1,4}$/)
})

test('SFT-118 an administrator from outside the allow list, a user outside the hours and an expired one look like a wrong password', async () => {
  const ops = await asAdmin(world)
  await addAdmin(ops, { username: 'fenced', filters: { allow_list: ['10.0.0.0/8', '2001:db8::1/128'] } })
  const admin = async (from: string): Promise<string> => {
    const answer = await ask(world, '/token', { headers: basic('fenced'), from })
    return answer.status === 200 ? '200' : `${answer.headers['www-authenticate']} ${short(answer)}`
  }
  const fences = [await admin('127.0.0.1'), await admin('10.9.9.9'), await admin('2001:db8::1')]
  const friday = { day_of_week: 5, from: '15:04', to: '15:05' }
  await addUser(ops, {
    username: 'timed',
    filters: { access_time: [{ day_of_week: 6, from: '00:00', to: '23:59' }, friday] },
  })
  await addUser(ops, { username: 'over', expiration_date: world.clock.wallMs() + 60_000 })
  const start = Date.UTC(2026, 0, 2, 15, 4)
  const hours: string[] = []
  const wallMs = world.clock.wallMs()
  for (const at of [start - 1, start, start + 119_999, start + 120_000, start + 86_400_000]) {
    world.clock.set(at)
    hours.push((await signInAnswer('timed')).slice(0, 3))
  }
  world.clock.set(wallMs)
  const inTime = await signInAnswer('over')
  world.clock.set(wallMs + 60_000)
  const tooLate = await signInAnswer('over')
  world.clock.set(wallMs)
  assert.deepEqual(
    [fences, hours, inTime, tooLate],
    [[`Basic realm="SFTPGo" ${invalid}`, '200', '200'], ['401', '200', '200', '401', '200'], '200', invalid],
  )
})

test('SFT-119 a rule that is set later denies the live tokens of a user, with the same sentence, and lets them back in', async () => {
  const ops = await asAdmin(world)
  await addUser(ops, { username: 'later' })
  const token = await signIn(world, '/user', { headers: basic('later') })
  const list = async (): Promise<string> => short(await ask(world, '/user/dirs', { headers: bearer(token) }))
  const answers = [await list()]
  for (const filters of [
    { denied_protocols: ['HTTP'] },
    { denied_login_methods: ['password'] },
    { denied_ip: ['127.0.0.1/32'] },
    {},
  ]) {
    readJson(await ops('PUT', '/users/later', { ...rooted, filters }))
    answers.push(await list())
  }
  assert.deepEqual(answers, [
    empty,
    forbidden('protocol HTTP is not allowed for user "later"'),
    forbidden('login method password is not allowed for user "later"'),
    forbidden('login for user "later" is not allowed from this address: 127.0.0.1'),
    empty,
  ])
})

test('SFT-120 a due second factor comes before a due password, both are 403 in the words of the original, and neither stops sign-in, version and logout', async () => {
  const ops = await asAdmin(world)
  const filters = { require_password_change: true, two_factor_protocols: ['HTTP', 'FTP'] }
  await addUser(ops, { username: 'owing', filters })
  await addUser(ops, { username: 'stale', filters: { require_password_change: true } })
  await addAdmin(ops, { username: 'owing', permissions: ['view_users'], filters: { require_two_factor: true } })
  const user = await signIn(world, '/user', { headers: basic('owing') })
  const stale = await signIn(world, '/user', { headers: basic('stale') })
  const admin = await signIn(world, '', { headers: basic('owing') })
  const answers = [
    short(await ask(world, '/user/dirs', { headers: bearer(user) })),
    short(await ask(world, '/user/dirs', { headers: bearer(stale) })),
    short(await ask(world, '/users', { headers: bearer(admin) })),
    short(await ask(world, '/admins', { headers: bearer(admin) })),
    (await ask(world, '/version', { headers: bearer(admin) })).status,
    (await ask(world, '/user/logout', { headers: bearer(user) })).status,
  ]
  const factors = factorDue(' for the following protocols: HTTP, FTP')
  assert.deepEqual(answers, [factors, passwordDue, factorDue(), factorDue(), 200, 200])
  const claims = [user, stale, admin]
    .map(claimsOf)
    .map(({ '2fa_required': factor, chpwd, '2fa_protos': protocols }) => ({
      factor,
      chpwd,
      protocols,
    }))
  assert.deepEqual(claims, [
    { factor: true, chpwd: true, protocols: ['HTTP', 'FTP'] },
    { factor: undefined, chpwd: true, protocols: undefined },
    { factor: true, chpwd: undefined, protocols: undefined },
  ])
})

test('SFT-120 a password is due so many days after its last change, at the very millisecond', async () => {
  const server = await sftpgoWorld({
    config: { throttle: false, sftpgo: { tokenSeconds: 864_000, absoluteSeconds: 864_000 } },
  })
  try {
    const ops = await asAdmin(server)
    await addUser(ops, { username: 'aging', filters: { password_expiration: 2 } })
    const changed = server.clock.wallMs()
    const token = await signIn(server, '/user', { headers: basic('aging') })
    const list = async (): Promise<string> => short(await ask(server, '/user/dirs', { headers: bearer(token) }))
    server.clock.set(changed + 2 * 86_400_000 - 1)
    const before = await list()
    server.clock.advance(1)
    assert.deepEqual([before, await list()], [empty, passwordDue])
  } finally {
    await server.close()
  }
})

test('SFT-120 a second factor that was set up elsewhere is good for every protocol', async () => {
  const ops = await asAdmin(world)
  await addUser(ops, { username: 'ready', filters: { two_factor_protocols: ['HTTP', 'SSH'] } })
  const code = await enrol(world, 'ready')
  world.clock.advance(60_000)
  const token = await signIn(world, '/user', { headers: { ...basic('ready'), 'x-sftpgo-otp': code() } })
  assert.equal(short(await ask(world, '/user/dirs', { headers: bearer(token) })), empty)
})

/** Asks with a token from home and from elsewhere, before and after a change of the account that takes nothing away. */
async function livesUnder(tokenValidation: number): Promise<unknown> {
  const server = await sftpgoWorld({ config: { throttle: false, sftpgo: { tokenValidation } } })
  try {
    const ops = await asAdmin(server)
    await addAdmin(ops, { username: 'other' })
    const token = await userToken(server)
    const list = async (from?: string): Promise<string> =>
      short(await ask(server, '/user/dirs', { headers: bearer(token), ...(from === undefined ? {} : { from }) }))
    const before = [await list(), (await list('10.1.1.1')).slice(0, 3)]
    server.clock.advance(1_000)
    readJson(await ops('PUT', '/users/ada', { ...rooted, email: 'ada&co@example.org', description: 'changed' }))
    const changed = await list()
    const session = (await server.ports.store.liveSessions(server.ada.id)).length
    return [before, changed, await list(), session]
  } finally {
    await server.close()
  }
}

test('SFT-121 each mode of token validation binds to the address or not, and ends tokens at any change of the account or not', async () => {
  const modes = [await livesUnder(0), await livesUnder(1), await livesUnder(2), await livesUnder(3)]
  assert.deepEqual(modes, [
    [[empty, '401'], empty, empty, 1],
    [[empty, '200'], empty, empty, 1],
    [[empty, '401'], ended, ended, 0],
    [[empty, '200'], ended, ended, 0],
  ])
})

test('SFT-121 bit 1 and the option that unbinds tokens are one', async () => {
  const server = await sftpgoWorld({ config: { sftpgo: { bindAddress: false, tokenValidation: 2 } } })
  try {
    const token = await adminToken(server)
    assert.equal((await ask(server, '/version', { headers: bearer(token), from: '10.1.1.1' })).status, 200)
  } finally {
    await server.close()
  }
})

test('SFT-122 the defender tells of an address that is asked for by name, lists none, and forgets it when told', async () => {
  const server = await sftpgoWorld()
  try {
    const from = '10.7.7.7'
    const id = Buffer.from(from).toString('hex')
    const ops: Caller = await asAdmin(server)
    const wrong = async (times: number): Promise<void> => {
      for (let attempt = 0; attempt < times; attempt += 1) {
        await ask(server, '/user/token', { headers: basic(`nobody-${attempt}`), from })
      }
    }
    const at = `/defender/hosts/${id}`
    const unknown = short(await ops('GET', at))
    await wrong(2)
    const scored = short(await ops('GET', at))
    await wrong(58)
    const blocked = short(await ops('GET', at))
    const throttled = (await ask(server, '/user/token', { headers: basic('ada'), from })).status
    const answers = [
      unknown,
      scored,
      blocked,
      throttled,
      short(await ops('GET', '/defender/hosts')),
      short(await ops('DELETE', at)),
      short(await ops('DELETE', at)),
      short(await ops('GET', at)),
      (await ask(server, '/user/token', { headers: basic('ada'), from })).status,
      short(await ops('GET', '/defender/hosts/xyz')),
    ]
    const notFound = '404 {"error":"Not Found","message":""}\n'
    assert.deepEqual(answers, [
      notFound,
      `200 {"id":"${id}","ip":"${from}","score":2}\n`,
      `200 {"id":"${id}","ip":"${from}","ban_time":"2026-01-02T15:05:05Z"}\n`,
      429,
      empty,
      '200 {"message":"OK"}\n',
      '404 {"message":"Not found"}\n',
      notFound,
      200,
      '400 {"error":"the id is not the hex form of an IP address","message":""}\n',
    ])
  } finally {
    await server.close()
  }
})

test('SFT-123 the status tells of no file service, and is 403 to whoever may not see it', async () => {
  const ops = await asAdmin(world)
  await addAdmin(ops, { username: 'blind', permissions: ['view_users'] })
  const blind = await asAdmin(world, 'blind')
  assert.deepEqual(
    [readJson(await ops('GET', '/status')), short(await blind('GET', '/status'))],
    [
      {
        ssh: { is_active: false },
        ftp: { is_active: false },
        webdav: { is_active: false },
        data_provider: { is_active: true, driver: 'sallyport', error: '' },
        defender: { is_active: false },
        mfa: { is_active: true, totp_configs: [{ name: 'Default', issuer: 'Sallyport', algo: 'sha1' }] },
        allow_list: { is_active: false },
        rate_limiters: { is_active: false, protocols: [] },
      },
      '403 {"message":"Forbidden"}\n',
    ],
  )
})
