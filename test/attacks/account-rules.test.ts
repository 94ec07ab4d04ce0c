/** Every rule of an account at every door and moment; a cell without an expectation fails. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { goodPassword } from '../fixtures/control-calls.ts'
import { auditOf, server as sampleServer } from '../fixtures/records.ts'
import {
  type Asked,
  addFor,
  ask,
  atControl,
  clientIp,
  type Held,
  type Realm,
  realmCalls,
  realms,
  rule,
} from '../fixtures/rule-realms.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

/** The clock of the world stands on a Monday. */
const now = Date.UTC(2027, 2, 1, 12, 0, 0)
const dayMs = 86_400_000

/** How a rule is answered: rules of one kind are answered alike at a door. */
type Kind = 'network' | 'closed' | 'time' | 'factor' | 'password'

type Rule = { readonly kind: Kind; readonly user: object | null; readonly admin: object | null }

/** Every rule, as sftpgo writes it for a user and for an administrator; null: it has no word for it. */
const rules: Readonly<Record<string, Rule>> = {
  'allowed networks': {
    kind: 'network',
    user: { allowed_ip: ['198.51.100.0/24'] },
    admin: { allow_list: ['198.51.100.0/24'] },
  },
  'denied networks': { kind: 'network', user: { denied_ip: ['192.0.2.0/24'] }, admin: null },
  'denied doors': { kind: 'closed', user: { denied_protocols: ['HTTP'] }, admin: null },
  anonymity: { kind: 'closed', user: { is_anonymous: true }, admin: null },
  'denied password': { kind: 'closed', user: { denied_login_methods: ['password'] }, admin: null },
  'access times': {
    kind: 'time',
    user: { access_time: [{ day_of_week: 2, from: '00:00', to: '23:59' }] },
    admin: null,
  },
  'second factor due': {
    kind: 'factor',
    user: { two_factor_protocols: ['HTTP'] },
    admin: { require_two_factor: true },
  },
  'new password due': {
    kind: 'password',
    user: { require_password_change: true },
    admin: { require_password_change: true },
  },
  'password too old': { kind: 'password', user: { password_expiration: 1 }, admin: null },
}

const moments = ['sign-in', 'use', 'refresh', 'verify', 'mint', 'sign-out'] as const
type Moment = (typeof moments)[number]

/** One answer for every kind, or one for each; null: the door has no such operation. */
type Expected = string | null | Readonly<Record<Kind, string>>

const each = (refused: string, due: string): Expected => ({
  network: refused,
  closed: refused,
  time: refused,
  factor: due,
  password: due,
})

/** Of tokens that are spent at control too. */
const elsewhere = {
  verify: each('403 access-denied', '403 action-due'),
  mint: each('403 A rule', '403 The account has to'),
} as const

const table: Readonly<Record<Realm, Readonly<Record<Moment, Expected>>>> = {
  control: {
    'sign-in': each('401 credentials-invalid', '201'),
    use: each('403 access-denied', '403 action-due'),
    refresh: each('403 access-denied', '200'),
    ...elsewhere,
    'sign-out': '204',
  },
  sftpgo: {
    'sign-in': {
      network: '403 login for user',
      closed: '403',
      time: '401 invalid credentials',
      factor: '200',
      password: '200',
    },
    use: {
      network: '403 login for user',
      closed: '403',
      time: '403 login for user',
      factor: '403 Two-factor',
      password: '403 Password change required',
    },
    refresh: null,
    ...elsewhere,
    'sign-out': '200',
  },
  'sftpgo administrators': {
    'sign-in': each('401 invalid credentials', '200'),
    use: {
      network: '401 Your token is not valid',
      closed: 'no such rule',
      time: 'no such rule',
      factor: '403 Two-factor',
      password: '403 Password change required',
    },
    refresh: null,
    verify: '401 token-wrong-audience',
    mint: '401',
    'sign-out': '200',
  },
  pacerpro: {
    'sign-in': '401',
    use: '401',
    refresh: '401',
    ...elsewhere,
    'sign-out': '200',
  },
  giantswarm: {
    'sign-in': {
      network: '401 INVALID_CREDENTIALS',
      closed: '401 INVALID_CREDENTIALS',
      time: '401 INVALID_CREDENTIALS',
      factor: '401 INVALID_CREDENTIALS',
      password: '200',
    },
    use: '403 PERMISSION_DENIED',
    refresh: null,
    ...elsewhere,
    'sign-out': '200',
  },
  koyeb: {
    'sign-in': '401 authentication_error',
    use: '403 authorization_error',
    refresh: '403 authorization_error',
    ...elsewhere,
    'sign-out': '200',
  },
}

let world: RunningSallyport
let accounts = 0

before(async () => {
  world = await runSallyport({ now: now - 2 * dayMs, config: { throttle: false, trustedProxies: ['127.0.0.1'] } })
  const server = sampleServer({ name: 'web-1', address: '10.0.0.1', groups: ['ops'], osUsers: ['deploy'] })
  await world.ports.store.execute('addServer', { server, audit: auditOf('server') })
})

after(() => world.close())

const start = { purpose: 'health_check', server: { os_user: 'deploy', server_ip: '10.0.0.1' } }

/** Returns the request to an endpoint at a moment; null: it has no such operation. */
function askedAt(moment: Moment, door: Realm, of: { readonly username: string; readonly held: Held }): Asked | null {
  const calls = realmCalls[door]
  const headers = atControl(door, of.held.token)
  switch (moment) {
    case 'sign-in':
      return calls.signIn(of.username)
    case 'use':
      return calls.use(of.held)
    case 'refresh':
      return calls.refresh === null ? null : calls.refresh(of.held)
    case 'verify':
      return { method: 'GET', url: '/api/v1/verify', headers }
    case 'mint':
      return { method: 'POST', url: '/api/v1/pty_token/start', headers, body: start }
    case 'sign-out':
      return calls.signOut(of.held)
  }
}

/** Adds an account two days before the clock's Monday, so that its password is older than a day, and signs it in. */
async function signedIn(door: Realm): Promise<{ readonly username: string; readonly held: Held }> {
  const username = `ada-${accounts++}`
  world.clock.set(now - 2 * dayMs)
  await addFor(world, door, username)
  world.clock.set(now)
  return { username, held: await signInAt(door, username) }
}

async function signInAt(door: Realm, username: string): Promise<Held> {
  const { text, body } = await ask(world, realmCalls[door].signIn(username))
  assert.match(text, /^20[01]$/, `${door} signs in without rules`)
  return realmCalls[door].held(body)
}

for (const door of realms) {
  for (const [name, { kind, user, admin }] of Object.entries(rules)) {
    const filters = realmCalls[door].role === 'admin' ? admin : user
    if (filters === null) continue
    test(`ACR-3 ${name} at ${door}: each moment answers as the table says, and as before once the rule is lifted`, async () => {
      const who = await signedIn(door)
      await rule(world, door, { username: who.username, filters })
      for (const moment of moments) {
        const row = table[door][moment]
        const expected = row === null || typeof row === 'string' ? row : row[kind]
        const asked = askedAt(moment, door, who)
        assert.equal(asked === null, expected === null, `${moment} has an expectation exactly when it is offered`)
        if (asked === null || expected === null || moment === 'sign-out') continue
        const { text } = await ask(world, asked)
        assert.ok(text.startsWith(expected), `${moment}: ${text}, and not ${expected}`)
      }
      await rule(world, door, { username: who.username, filters: {} })
      const again = askedAt('refresh', door, who) ?? askedAt('use', door, who) ?? assert.fail()
      assert.match((await ask(world, again)).text, /^200$/, 'the rule refused; it spent nothing and ended nothing')
      const held = await signInAt(door, who.username)
      await rule(world, door, { username: who.username, filters })
      const out = await ask(world, askedAt('sign-out', door, { ...who, held }) ?? assert.fail())
      assert.equal(out.text, table[door]['sign-out'], 'a session can be ended whatever the rules say')
    })
  }
}

test('ACR-4 at /verify the address is what a trusted proxy forwards; without one an account with networks is refused', async () => {
  const { username, held } = await signedIn('control')
  const verify = async (from: string | null): Promise<string> =>
    (await ask(world, { method: 'GET', url: '/api/v1/verify', headers: atControl('control', held.token) }, from)).text
  await rule(world, 'control', { username, filters: { allowed_ip: [`${clientIp}/32`, '127.0.0.0/8'] } })
  assert.deepEqual(
    [await verify(clientIp), await verify('198.51.100.9'), await verify(null)],
    ['200', '403 access-denied', '403 access-denied'],
  )
  await rule(world, 'control', { username, filters: { access_time: [{ day_of_week: 1, from: '00:00', to: '23:59' }] } })
  assert.equal(await verify(null), '200', 'rules without networks need no address')
})

test('ACR-5 what is due is settled at control, and then every door is open', async () => {
  const { username, held } = await signedIn('control')
  const next = 'a lamp above the harbour'
  await rule(world, 'control', { username, filters: { require_password_change: true } })
  const put = (at: Held): Asked => ({
    method: 'PUT',
    url: '/api/v1/account/password',
    headers: atControl('control', at.token),
    body: { current_password: goodPassword, new_password: next },
  })
  const account = { method: 'GET', url: '/api/v1/account', headers: atControl('control', held.token) } as const
  assert.equal((await ask(world, account)).text, '200', 'the account tells of itself')
  assert.equal((await ask(world, put(held))).text, '204')
  assert.equal((await ask(world, realmCalls.control.use(held))).text, '200')
  const basic = `Basic ${Buffer.from(`${username}:${next}`).toString('base64')}`
  const token = await ask(world, { method: 'GET', url: '/api/v2/user/token', headers: { authorization: basic } })
  const headers = { authorization: `Bearer ${token.body.access_token}` }
  const profile = await ask(world, { method: 'GET', url: '/api/v2/user/dirs', headers })
  assert.equal(profile.text, '200', 'sftpgo knows that nothing is due any more')
})

test('ACR-5 a new password is settled at giantswarm, and nothing else is done there meanwhile', async () => {
  const { username, held } = await signedIn('giantswarm')
  await rule(world, 'giantswarm', { username, filters: { require_password_change: true } })
  const settle: Asked = {
    method: 'POST',
    url: `/v4/users/${username}@example.org/password/`,
    headers: atControl('giantswarm', held.token),
    body: {
      current_password_base64: Buffer.from(goodPassword).toString('base64'),
      new_password_base64: Buffer.from('a lamp above the harbour').toString('base64'),
    },
  }
  const found = { method: 'GET', url: `/v4/users/${username}@example.org/`, headers: settle.headers ?? {} } as const
  assert.equal((await ask(world, found)).text, '403 PERMISSION_DENIED')
  assert.equal((await ask(world, settle)).text, '202')
})
