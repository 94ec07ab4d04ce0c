/** sftpgo: accounts that have to set up a second factor, or a new password, before they are served. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { addApiKeyFor } from '../fixtures/sftpgo/api-key.ts'
import {
  addRuled,
  type Call,
  call,
  codeOf,
  savedFactor,
  saveFactor,
  setRules,
  tokenOf,
  validation,
} from '../fixtures/sftpgo/self.ts'
import { claimsOf, password, type SftpgoWorld, sftpgoWorld } from '../fixtures/sftpgo/world.ts'

const ended = '401 {"message":"Your token is no longer valid"}\n'
const saved = '200 {"message":"TOTP configuration saved"}\n'
const factorDue = 'Two-factor authentication requirements not met, please configure two-factor authentication'
const passwordDue =
  '403 {"error":"Password change required. Please set a new password to continue to use your account","message":""}\n'
const newPassword = 'another lamp above the harbour'
const dayMs = 86_400_000

function needsFactor(suffix = ''): string {
  return `403 {"error":"${factorDue}${suffix}","message":""}\n`
}

let world: SftpgoWorld

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
})

after(() => world.close())

// Codes are used up for all tests alike, so each test has steps of its own.
beforeEach(() => world.clock.advance(90_000))

function dueClaims(token: string): Readonly<Record<string, unknown>> {
  const claims = claimsOf(token)
  const names = ['2fa_required', 'chpwd', '2fa_protos'].filter((name) => name in claims)
  return Object.fromEntries(names.map((name) => [name, claims[name]]))
}

test('SFT-70 a sign-in is answered with a token although something is due, and the token says what', async () => {
  const both = { require_password_change: true, two_factor_protocols: ['HTTP', 'FTP'], require_two_factor: true }
  const tokens = [
    await tokenOf(world, await addRuled(world, { username: 'due', filters: both })),
    await tokenOf(world, await addRuled(world, { username: 'due', role: 'admin', filters: both })),
    await tokenOf(world, await addRuled(world, { username: 'pass', filters: { require_password_change: true } })),
    await tokenOf(world, await addRuled(world, { username: 'none', filters: { require_two_factor: true } })),
  ]
  assert.deepEqual(tokens.map(dueClaims), [
    { '2fa_required': true, chpwd: true, '2fa_protos': ['HTTP', 'FTP'] },
    { '2fa_required': true, chpwd: true },
    { chpwd: true },
    {},
  ])
})

const gated: Readonly<Record<'user' | 'admin', readonly Call[]>> = {
  user: [
    ['GET', '/user/dirs'],
    ['PUT', '/user/profile', { description: 'x' }],
    ['PUT', '/user/profile', 'no JSON'],
  ],
  admin: [
    ['PUT', '/admin/profile', { description: 'x' }],
    ['GET', '/users'],
    ['GET', '/users/ada'],
    ['POST', '/users', {}],
    ['GET', '/admins'],
    ['PUT', '/admins/ops', {}],
    ['GET', '/defender/hosts'],
  ],
}

const open: Readonly<Record<'user' | 'admin', readonly Call[]>> = {
  user: [],
  admin: [
    ['GET', '/version'],
    ['GET', '/apikeys'],
  ],
}

for (const role of ['user', 'admin'] as const) {
  const logout = role === 'admin' ? '/logout' : '/user/logout'

  test(`SFT-71 what is due of ${role} is said in place of every answer, the second factor first`, async () => {
    const factor = { require_two_factor: true, two_factor_protocols: ['SSH', 'HTTP'] }
    const cases = [
      [factor, needsFactor(role === 'admin' ? '' : ' for the following protocols: SSH, HTTP')],
      [{ require_password_change: true }, passwordDue],
      [
        { ...factor, require_password_change: true },
        needsFactor(role === 'admin' ? '' : ' for the following protocols: SSH, HTTP'),
      ],
    ] as const
    for (const [index, [filters, expected]] of cases.entries()) {
      const token = await tokenOf(world, await addRuled(world, { username: `gated${index}`, role, filters }))
      const answers = new Set<string>()
      for (const one of gated[role]) answers.add(await call(world, token, one))
      assert.deepEqual([...answers], [expected])
    }
  })

  test(`SFT-72 what ${role} needs to get it done, and to leave, is served although everything is due`, async () => {
    const filters = { require_two_factor: true, two_factor_protocols: ['HTTP'], require_password_change: true }
    const token = await tokenOf(world, await addRuled(world, { username: 'served', role, filters }))
    const self = `/${role}`
    const calls: readonly Call[] = [
      ...open[role],
      ['GET', `${self}/profile`],
      ['PUT', `${self}/changepwd`, {}],
      ['GET', `${self}/totp/configs`],
      ['POST', `${self}/totp/generate`, { config_name: 'Default' }],
      ['POST', `${self}/totp/validate`, {}],
      ['POST', `${self}/totp/save`, {}],
      ['GET', `${self}/2fa/recoverycodes`],
      ['POST', `${self}/2fa/recoverycodes`],
      ['GET', logout],
    ]
    const held = [factorDue, 'Password change required']
    for (const one of calls) {
      const answer = await call(world, token, one)
      assert.deepEqual(
        [one, held.some((sentence) => answer.includes(sentence)), answer.slice(0, 3) === '401'],
        [one, false, false],
      )
    }
    assert.equal(await call(world, token, ['GET', logout]), ended)
  })

  test(`SFT-73 a token of ${role} that demanded the second factor ends when it is set up, and the next one is served`, async () => {
    const filters = { require_two_factor: true, two_factor_protocols: ['HTTP'] }
    const account = await addRuled(world, { username: 'setter', role, filters })
    const [token, other] = [await tokenOf(world, account), await tokenOf(world, account)]
    const served: Call = role === 'admin' ? ['GET', '/admins'] : ['GET', '/user/dirs']
    const answers = [
      await call(world, token, ['POST', `/${role}/totp/save`, savedFactor(role)]),
      await call(world, token, served),
      await call(world, other, served),
    ]
    assert.deepEqual(answers, [saved, ended, ended])
    const next = await tokenOf(world, account, { code: codeOf(world) })
    assert.deepEqual([dueClaims(next), (await call(world, next, served)).slice(0, 3)], [{}, '200'])
  })

  test(`SFT-74 ${role} cannot take away the factor that is demanded`, async () => {
    const filters = { require_two_factor: true, two_factor_protocols: ['HTTP'] }
    const account = await addRuled(world, { username: 'bound', role, filters })
    const path = `/${role}/totp/save`
    const first = await tokenOf(world, account)
    const enabled = validation('two-factor authentication must be enabled')
    assert.equal(await call(world, first, ['POST', path, { enabled: false }]), enabled)
    await saveFactor(world, first, { role })
    const token = await tokenOf(world, account, { code: codeOf(world) })
    assert.equal(await call(world, token, ['POST', path, { enabled: false }]), enabled)
    assert.notEqual((await world.ports.store.accountById(account.id))?.totpSealed, null)
  })

  test(`SFT-75 a demanded change of password of ${role} is done once, by changepwd`, async () => {
    const filters = { require_password_change: true, allow_api_key_auth: true }
    const account = await addRuled(world, { username: 'renewed', role, filters })
    const token = await tokenOf(world, account)
    const body = { current_password: password, new_password: newPassword }
    const changed = await call(world, token, ['PUT', `/${role}/changepwd`, body])
    const next = await tokenOf(world, account, { secret: newPassword })
    const answers = [changed, await call(world, next, ['PUT', `/${role}/profile`, { allow_api_key_auth: true }])]
    assert.deepEqual(answers, ['200 {"message":"Password updated"}\n', '200 {"message":"Profile updated"}\n'])
    const kept = JSON.parse((await world.ports.store.accountById(account.id))?.attributes ?? '') as { filters: object }
    assert.deepEqual(
      [dueClaims(next), kept.filters],
      [{}, { ...filters, require_password_change: false, ...listsOf(role) }],
    )
  })
}

/** What a write of a user's profile leaves in the rules. */
function listsOf(role: 'user' | 'admin'): object {
  return role === 'admin' ? {} : { additional_emails: [], tls_certs: [] }
}

test('SFT-73 a factor for too few protocols is no factor, and a token that demanded it ends when they are complete', async () => {
  const account = await addRuled(world, { username: 'few' })
  await saveFactor(world, await tokenOf(world, account), { role: 'user' })
  const current = (await world.ports.store.accountById(account.id)) ?? assert.fail()
  const config = { config_name: 'Default', protocols: ['HTTP'] }
  await setRules(world, current, { two_factor_protocols: ['HTTP', 'SSH'], totp_config: config })
  const token = await tokenOf(world, account, { code: codeOf(world) })
  const save = (protocols: readonly string[]): Promise<string> =>
    call(world, token, ['POST', '/user/totp/save', { protocols }])
  const answers = [
    await call(world, token, ['GET', '/user/dirs']),
    await save(['SSH']),
    await save(['SSH', 'HTTP']),
    await call(world, token, ['GET', '/user/dirs']),
  ]
  assert.deepEqual(
    [dueClaims(token), answers],
    [
      { '2fa_required': true, '2fa_protos': ['HTTP', 'SSH'] },
      [
        needsFactor(' for the following protocols: HTTP, SSH'),
        validation('totp: the following protocols are required: "HTTP, SSH"'),
        saved,
        ended,
      ],
    ],
  )
})

test('SFT-74 a second factor cannot be demanded of and forbidden to one user', async () => {
  const admin = await tokenOf(world, world.ops)
  const body = {
    username: 'torn',
    password,
    status: 1,
    home_dir: '/srv/torn',
    permissions: { '/': ['*'] },
    filters: { two_factor_protocols: ['HTTP'], web_client: ['mfa-disabled'] },
  }
  const answer = await call(world, admin, ['POST', '/users', body])
  assert.match(answer, /^400 \{"error":"Validation error: two-factor authentication cannot be required/)
})

test('SFT-75 a password is due from the very millisecond on that its days are over, counted from its last change', async () => {
  const account = await addRuled(world, { username: 'aged', filters: { password_expiration: 2 } })
  const { passwordChangedAtMs } = (await world.ports.store.accountById(account.id)) ?? assert.fail()
  world.clock.advance((passwordChangedAtMs ?? 0) + 2 * dayMs - 1 - world.clock.wallMs())
  const young = await tokenOf(world, account)
  const before = await call(world, young, ['GET', '/user/dirs'])
  world.clock.advance(1)
  const old = await tokenOf(world, account)
  const answers = [
    before,
    await call(world, young, ['GET', '/user/dirs']),
    await call(world, old, ['GET', '/user/dirs']),
  ]
  assert.deepEqual(
    [answers, dueClaims(young), dueClaims(old)],
    [['200 []\n', passwordDue, passwordDue], {}, { chpwd: true }],
  )
  await call(world, old, ['PUT', '/user/changepwd', { current_password: password, new_password: newPassword }])
  const fresh = await tokenOf(world, account, { secret: newPassword })
  assert.equal(await call(world, fresh, ['GET', '/user/dirs']), '200 []\n')
})

test('SFT-76 a rule that is made or lifted counts at the next request of a token that was out before', async () => {
  const account = await addRuled(world, { username: 'ruled' })
  const token = await tokenOf(world, account)
  const list: Call = ['GET', '/user/dirs']
  const answers = [await call(world, token, list)]
  for (const filters of [{ two_factor_protocols: ['FTP'] }, { require_password_change: true }, {}]) {
    await setRules(world, account, filters)
    answers.push(await call(world, token, list))
  }
  assert.deepEqual(answers, ['200 []\n', needsFactor(' for the following protocols: FTP'), passwordDue, '200 []\n'])
})

test('SFT-76 a request with an API key is served whatever is due of its account', async () => {
  const key = await addApiKeyFor(world, 'machine')
  const account = (await world.ports.store.accountByName('machine', 'user')) ?? assert.fail()
  await setRules(world, account, {
    allow_api_key_auth: true,
    two_factor_protocols: ['HTTP'],
    require_password_change: true,
  })
  const got = await world.app.inject({ url: '/api/v2/user/dirs', headers: { 'x-sftpgo-api-key': key } })
  assert.equal(`${got.statusCode} ${got.body}`, '200 []\n')
})
