/** sftpgo: the second factor and its recovery codes, as accounts set them up themselves. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { addApiKeyFor } from '../fixtures/sftpgo/api-key.ts'
import {
  addRuled,
  byCommand,
  type Call,
  call,
  callFor,
  codeOf,
  factorSecret,
  savedFactor,
  saveFactor,
  tokenOf,
  validation,
} from '../fixtures/sftpgo/self.ts'
import { ask, basic, enrol, password, type SftpgoWorld, sftpgoWorld, short } from '../fixtures/sftpgo/world.ts'

const saved = '200 {"message":"TOTP configuration saved"}\n'
const ended = '401 {"message":"Your token is no longer valid"}\n'
const invalid = '401 {"error":"invalid credentials","message":"Unauthorized"}\n'
const valid = '200 {"message":"Passcode successfully validated"}\n'
const noCodes =
  '403 {"error":"recovery codes are not available with two-factor authentication disabled","message":""}\n'
const otherSecret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

let world: SftpgoWorld

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
})

after(() => world.close())

// Codes are used up for all tests alike, so each test has steps of its own.
beforeEach(() => world.clock.advance(90_000))

type Code = { readonly code: string; readonly used: boolean }

function wrong(error?: string): string {
  return `400 ${JSON.stringify({ ...(error === undefined ? {} : { error }), message: 'Invalid passcode' })}\n`
}

for (const role of ['user', 'admin'] as const) {
  const path = `/${role}/totp`

  test(`SFT-60 the one configuration is listed for ${role}`, async () => {
    const token = await tokenOf(world, role === 'admin' ? world.ops : world.ada)
    const answer = await call(world, token, ['GET', `${path}/configs`])
    assert.equal(answer, '200 [{"name":"Default","issuer":"Sallyport","algo":"sha1"}]\n')
  })

  test(`SFT-61 a secret of ${role} comes with its address and a picture of 200 pixels, and nothing is stored`, async () => {
    const account = await addRuled(world, { username: 'gen <ä>', role })
    const token = await tokenOf(world, account)
    const make: Call = ['POST', `${path}/generate`, { config_name: 'Default' }]
    const [one, other] = [
      await callFor<Record<string, string>>(world, token, make),
      await callFor<Record<string, string>>(world, token, make),
    ]
    const { secret = '', qr_code: picture = '', ...rest } = one
    const label = `${role === 'admin' ? 'Admin' : 'User'}%20%22gen%20%3C%C3%A4%3E%22`
    const query = `algorithm=SHA1&digits=6&issuer=Sallyport&period=30&secret=${secret}`
    const png = Buffer.from(picture, 'base64')
    assert.deepEqual(
      [Object.keys(one), rest, secret === other.secret, png.readUInt32BE(16), png.readUInt32BE(20)],
      [
        ['config_name', 'issuer', 'secret', 'url', 'qr_code'],
        { config_name: 'Default', issuer: 'Sallyport', url: `otpauth://totp/Sallyport:${label}?${query}` },
        ...[false, 200, 200],
      ],
    )
    assert.match(secret, /^[A-Z2-7]{32}$/)
    assert.equal(png.toString('latin1', 1, 4), 'PNG')
    const now = await world.ports.store.accountById(account.id)
    assert.deepEqual([now?.totpSealed, now?.totpPendingSealed], [null, null])
  })

  test(`SFT-61 a secret of ${role} for a configuration that is not there is refused`, async () => {
    const token = await tokenOf(world, role === 'admin' ? world.ops : world.ada)
    const make = (body: object): Promise<string> => call(world, token, ['POST', `${path}/generate`, body])
    assert.deepEqual(
      [await make({ config_name: 'a"b' }), await make({})],
      [
        '400 {"error":"totp: no configuration \\"a\\\\\\"b\\"","message":""}\n',
        '400 {"error":"totp: no configuration \\"\\"","message":""}\n',
      ],
    )
  })

  test(`SFT-62 a code of ${role} is validated once; what else is wrong is told apart from a wrong code`, async () => {
    const token = await tokenOf(world, role === 'admin' ? world.ops : world.ada)
    const secret = role === 'admin' ? factorSecret : otherSecret
    const code = codeOf(world, secret)
    const other = code === '000000' ? '000001' : '000000'
    const attempt = (body: object): Promise<string> =>
      call(world, token, ['POST', `${path}/validate`, { config_name: 'Default', passcode: code, secret, ...body }])
    const answers = [
      await attempt({ passcode: other }),
      await attempt({ passcode: ` ${code} `, secret: secret.toLowerCase() }),
      await attempt({}),
      await attempt({ passcode: '12345' }),
      await attempt({ passcode: '' }),
      await attempt({ secret: 'no base 32' }),
      await attempt({ config_name: 'Other' }),
      await attempt({ config_name: undefined }),
    ]
    assert.deepEqual(answers, [
      ...[wrong(), valid, wrong('this passcode was already used')],
      ...[wrong('Input length unexpected'), wrong('Input length unexpected')],
      wrong('Decoding of secret as base32 failed.'),
      ...[wrong('totp: no configuration "Other"'), wrong('totp: no configuration ""')],
    ])
  })

  test(`SFT-62, SFT-63 a code of ${role} that was validated signs nobody in, and one that signed in is not validated`, async () => {
    const account = await addRuled(world, { username: 'shared', role })
    const token = await tokenOf(world, account)
    const { secret = '' } = await callFor<{ secret?: string }>(world, token, [
      'POST',
      `${path}/generate`,
      { config_name: 'Default' },
    ])
    await saveFactor(world, token, { role, secret })
    const check = (code: string): Promise<string> =>
      call(world, token, ['POST', `${path}/validate`, { config_name: 'Default', passcode: code, secret }])
    const signIn = async (code: string): Promise<string> =>
      short(
        await ask(world, role === 'admin' ? '/token' : '/user/token', {
          headers: { ...basic('shared'), 'x-sftpgo-otp': code },
        }),
      )
    const first = codeOf(world, secret)
    const answers = [await check(first), await signIn(first)]
    world.clock.advance(30_000)
    const second = codeOf(world, secret)
    const spent = [(await signIn(second)).slice(0, 3), await signIn(second), await check(second)]
    assert.deepEqual(
      [answers, spent],
      [
        [valid, invalid],
        ['200', invalid, wrong('this passcode was already used')],
      ],
    )
  })

  test(`SFT-63 once ${role} saved a secret every sign-in needs a code of it, and 12 recovery codes are there`, async () => {
    const account = await addRuled(world, { username: 'saver', role })
    const [token, other] = [await tokenOf(world, account), await tokenOf(world, account)]
    await saveFactor(world, token, { role })
    const codes = await callFor<readonly Code[]>(world, token, ['GET', `/${role}/2fa/recoverycodes`])
    const url = role === 'admin' ? '/token' : '/user/token'
    const answers = [
      await call(world, other, ['GET', `/${role}/profile`]),
      short(await ask(world, url, { headers: basic('saver') })),
      (await tokenOf(world, account, { code: codeOf(world) })).slice(0, 2),
      short(await ask(world, url, { headers: { ...basic('saver'), 'x-sftpgo-otp': codeOf(world) } })),
    ]
    assert.deepEqual(answers, [ended, invalid, 'ey', invalid])
    assert.deepEqual([codes.length, new Set(codes.map(({ code }) => code)).size], [12, 12])
    for (const one of codes) assert.match(JSON.stringify(one), /^\{"code":"RC-[0-9A-Z]{22}","used":false\}$/)
  })

  test(`SFT-64 what ${role} may not save is refused by its sentence, and leaves no factor`, async () => {
    const account = await addRuled(world, { username: 'sender', role })
    const token = await tokenOf(world, account)
    const save = (body: object): Promise<string> =>
      call(world, token, ['POST', `${path}/save`, { ...savedFactor(role), ...body }])
    const plain = (payload: unknown): object => ({ secret: { status: 'Plain', payload } })
    const weak = validation('totp: the secret has to be base32 of at least 20 bytes')
    const mandatory = validation('totp: secret is mandatory')
    const cases: readonly (readonly [object, string])[] = [
      [{ config_name: undefined }, validation('totp: config name is mandatory')],
      [{ config_name: 'Other' }, validation('totp: config name "Other" not found')],
      [{ secret: undefined }, mandatory],
      [{ secret: null }, mandatory],
      [plain(''), mandatory],
      [{ secret: { status: 'Redacted' } }, mandatory],
      [plain(factorSecret.slice(0, 31)), weak],
      [plain(factorSecret.slice(0, 24)), weak],
      [plain('not base32 at all, and long enough'), weak],
      [plain(7), validation('payload has to be a text')],
      [{ secret: 'text' }, validation('secret has to be an object')],
      [{ enabled: 'yes' }, validation('enabled has to be true or false')],
    ]
    for (const [body, expected] of cases) assert.equal(await save(body), expected, JSON.stringify(body))
    assert.equal(await call(world, token, ['GET', `/${role}/2fa/recoverycodes`]), noCodes)
  })

  test(`SFT-66 disabling takes the factor of ${role}, its codes and its configuration away`, async () => {
    const account = await addRuled(world, { username: 'leaver', role })
    const token = await tokenOf(world, account)
    await saveFactor(world, token, { role })
    const recovery: Call = ['GET', `/${role}/2fa/recoverycodes`]
    const answers = [
      (await call(world, token, recovery)).slice(0, 3),
      await call(world, token, ['POST', `${path}/save`, { enabled: false }]),
      await call(world, token, ['POST', `${path}/save`, { enabled: false }]),
      await call(world, token, recovery),
      await call(world, token, ['POST', `/${role}/2fa/recoverycodes`]),
      await call(world, token, [
        'POST',
        `${path}/save`,
        { enabled: true, config_name: 'Default', protocols: ['HTTP'] },
      ]),
    ]
    const mandatory = validation('totp: secret is mandatory')
    assert.deepEqual(answers, ['200', saved, saved, noCodes, noCodes, mandatory])
    const now = await world.ports.store.accountById(account.id)
    assert.deepEqual([now?.totpSealed, now?.recoverySealed, now?.attributes], [null, null, '{"filters":{}}'])
    assert.match(await tokenOf(world, account), /^ey/)
  })

  test(`SFT-67 recovery codes of ${role} are shown again as often as asked, and renewed as a set`, async () => {
    const account = await addRuled(world, { username: 'keeper', role })
    const token = await tokenOf(world, account)
    await saveFactor(world, token, { role })
    const recovery = `/${role}/2fa/recoverycodes`
    const first = await callFor<readonly Code[]>(world, token, ['GET', recovery])
    const again = await callFor<readonly Code[]>(world, token, ['GET', recovery])
    const renewed = await callFor<readonly string[]>(world, token, ['POST', recovery])
    const shown = await callFor<readonly Code[]>(world, token, ['GET', recovery])
    assert.deepEqual([again, shown], [first, renewed.map((code) => ({ code, used: false }))])
    assert.deepEqual([renewed.length, renewed.some((code) => first.some((old) => old.code === code))], [12, false])
  })
}

test('SFT-64 a user names at least one protocol, and only those there are', async () => {
  const token = await tokenOf(world, await addRuled(world, { username: 'proto' }))
  const save = (protocols: unknown): Promise<string> =>
    call(world, token, ['POST', '/user/totp/save', { ...savedFactor('user'), protocols }])
  assert.deepEqual(
    [await save([]), await save(undefined), await save(['HTTP', 'DAV']), await save('HTTP')],
    [
      validation('totp: specify at least one protocol'),
      validation('totp: specify at least one protocol'),
      validation('totp: invalid protocol "DAV"'),
      validation('protocols has to be a list of texts'),
    ],
  )
})

test('SFT-65 a save of protocols alone, or of a redacted secret, keeps the secret, its codes and every session', async () => {
  const account = await addRuled(world, { username: 'partial' })
  const token = await tokenOf(world, account)
  await saveFactor(world, token, { role: 'user' })
  const other = await tokenOf(world, account, { code: codeOf(world) })
  const before = await callFor<readonly Code[]>(world, token, ['GET', '/user/2fa/recoverycodes'])
  const redacted = { ...savedFactor('user'), secret: { status: 'Redacted', payload: '**' }, protocols: ['FTP', 'FTP'] }
  const answers = [
    await call(world, token, ['POST', '/user/totp/save', { protocols: ['SSH', 'HTTP'] }]),
    await call(world, token, ['POST', '/user/totp/save', redacted]),
  ]
  const after = await callFor<readonly Code[]>(world, token, ['GET', '/user/2fa/recoverycodes'])
  const admin = await tokenOf(world, world.ops)
  const { filters } = await callFor<{ filters: { totp_config: { secret: { payload: string } } } }>(world, admin, [
    'GET',
    '/users/partial',
  ])
  const { secret, ...config } = filters.totp_config
  assert.deepEqual(
    [answers, after, config, (await call(world, other, ['GET', '/user/profile'])).slice(0, 3)],
    [[saved, saved], before, { enabled: true, config_name: 'Default', protocols: ['FTP'] }, '200'],
  )
  assert.equal(JSON.stringify(secret).includes(factorSecret), false)
  world.clock.advance(30_000)
  assert.match(await tokenOf(world, account, { code: codeOf(world) }), /^ey/)
})

test('SFT-65 another secret ends every session but the one that saved it, and the old codes with it', async () => {
  const account = await addRuled(world, { username: 'exchanger' })
  const token = await tokenOf(world, account)
  await saveFactor(world, token, { role: 'user' })
  const other = await tokenOf(world, account, { code: codeOf(world) })
  await saveFactor(world, token, { role: 'user', secret: otherSecret })
  world.clock.advance(30_000)
  const old = await ask(world, '/user/token', { headers: { ...basic('exchanger'), 'x-sftpgo-otp': codeOf(world) } })
  assert.deepEqual(
    [
      await call(world, other, ['GET', '/user/profile']),
      (await call(world, token, ['GET', '/user/profile'])).slice(0, 3),
      short(old),
      (await tokenOf(world, account, { code: codeOf(world, otherSecret) })).slice(0, 2),
    ],
    [ended, '200', invalid, 'ey'],
  )
})

test('SFT-67 a used recovery code is marked, and a save with fewer than five left makes twelve new ones', async () => {
  const account = await addRuled(world, { username: 'spender' })
  const token = await tokenOf(world, account)
  await saveFactor(world, token, { role: 'user' })
  const read = (): Promise<readonly Code[]> => callFor(world, token, ['GET', '/user/2fa/recoverycodes'])
  const codes = await read()
  const spend = async (from: number, to: number): Promise<void> => {
    for (const { code } of codes.slice(from, to)) {
      const payload = { username: 'spender', password, otp: code }
      const got = await world.app.inject({ method: 'POST', url: '/api/v1/sessions', payload })
      assert.equal(got.statusCode, 201, got.body)
    }
  }
  const save = (): Promise<string> => call(world, token, ['POST', '/user/totp/save', { protocols: ['HTTP'] }])
  await spend(0, 7)
  await save()
  const five = await read()
  await spend(7, 8)
  await save()
  const fresh = await read()
  assert.deepEqual(
    [five, fresh.filter(({ used }) => used).length, fresh.length, fresh.some(({ code }) => code === codes[8]?.code)],
    [codes.map(({ code }, index) => ({ code, used: index < 7 })), 0, 12, false],
  )
})

test('SFT-65 a factor that was set up elsewhere covers every protocol, and is shown here', async () => {
  const account = await addRuled(world, { username: 'elsewhere', filters: { two_factor_protocols: ['SSH', 'HTTP'] } })
  const generate = await enrol(world, 'elsewhere')
  world.clock.advance(60_000)
  const token = await tokenOf(world, account, { code: generate() })
  const answers = [
    await call(world, token, ['GET', '/user/dirs']),
    await call(world, token, ['POST', '/user/totp/save', { secret: { status: 'Redacted' } }]),
    await call(world, token, ['POST', '/user/totp/save', { protocols: ['HTTP'] }]),
  ]
  const required = validation('totp: the following protocols are required: "SSH, HTTP"')
  assert.deepEqual(answers, ['200 []\n', saved, required])
})

const factorOperations: readonly Call[] = [
  ['GET', '/totp/configs'],
  ['POST', '/totp/generate', { config_name: 'Default' }],
  ['POST', '/totp/validate', {}],
  ['POST', '/totp/save', savedFactor('user')],
  ['GET', '/2fa/recoverycodes'],
  ['POST', '/2fa/recoverycodes'],
]

test('SFT-68 from whom the second factor was taken nothing about it is taken', async () => {
  const token = await tokenOf(
    world,
    await addRuled(world, { username: 'nofactor', filters: { web_client: ['mfa-disabled'] } }),
  )
  const answers = new Set<string>()
  for (const [method, path, body] of factorOperations)
    answers.add(await call(world, token, [method, `/user${path}`, body]))
  assert.deepEqual([...answers], ['403 {"message":"Forbidden"}\n'])
})

test('SFT-68 an API key does nothing of what accounts do to themselves', async () => {
  const key = await addApiKeyFor(world, 'keyed')
  const answers = new Set<string>()
  const others: readonly Call[] = [
    ['GET', '/profile'],
    ['PUT', '/profile', {}],
    ['PUT', '/changepwd', {}],
  ]
  for (const [method, path] of [...factorOperations, ...others]) {
    const url = `/api/v2/user${path}`
    const got = await world.app.inject({ method, url, headers: { 'x-sftpgo-api-key': key } })
    answers.add(`${got.statusCode} ${got.body}`)
  }
  assert.deepEqual([...answers], ['403 {"message":"API key authentication is not allowed"}\n'])
})

test('SFT-69 a password that may not stand alone keeps its second factor until it is a longer one', async () => {
  const account = await addRuled(world, { username: 'brief' })
  await saveFactor(world, await tokenOf(world, account), { role: 'user' })
  const factored = (await world.ports.store.accountById(account.id)) ?? assert.fail()
  await changeAccount(world.ports, factored, { change: { password: 'eight or 9' }, how: byCommand })
  const token = await tokenOf(world, account, { secret: 'eight or 9', code: codeOf(world) })
  const answer = await call(world, token, ['POST', '/user/totp/save', { enabled: false }])
  assert.equal(answer, validation('the password is too short to be the only factor, set a longer one first'))
})

test('SFT-69 secrets and codes are answered so that nobody keeps the answer', async () => {
  const token = await tokenOf(world, await addRuled(world, { username: 'nostore' }))
  await saveFactor(world, token, { role: 'user' })
  const kept: unknown[] = []
  for (const [method, path, body] of factorOperations.filter(([, path]) => /generate|recovery/.test(path))) {
    const url = `/api/v2/user${path}`
    const payload = body === undefined ? {} : { payload: body as object }
    const got = await world.app.inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...payload })
    kept.push(got.headers['cache-control'])
  }
  assert.deepEqual(kept, ['no-store', 'no-store', 'no-store'])
})
