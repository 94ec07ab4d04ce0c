/** sftpgo: what accounts read and change of themselves: profile and password. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { keepAttributes } from '../../src/http/dialects/sftpgo/attributes.ts'
import { allowedCertificate, weakCertificate } from '../fixtures/sftpgo/certificates.ts'
import { addRuled, byCommand, type Call, call, callFor, tokenOf, validation } from '../fixtures/sftpgo/self.ts'
import { ask, basic, bearer, password, type SftpgoWorld, sftpgoWorld, short } from '../fixtures/sftpgo/world.ts'

const ended = '401 {"message":"Your token is no longer valid"}\n'
const updated = '200 {"message":"Profile updated"}\n'
const forbidden = '403 {"message":"Forbidden"}\n'
const newPassword = 'another lamp above the harbour'

let world: SftpgoWorld

before(async () => {
  world = await sftpgoWorld()
})

after(() => world.close())

/** A line of authorized_keys with a key of its own. */
function publicKey(): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const [type, key] = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')]
  const length = (bytes: Buffer): Buffer => Buffer.from([0, 0, 0, bytes.length])
  const blob = Buffer.concat([length(type), type, length(key), key])
  return `ssh-ed25519 ${blob.toString('base64')} ada@example.org`
}

test('SFT-50 a profile is read in the order of the original, replaced as a whole, and what is empty is left out', async () => {
  const [user, admin] = [
    await addRuled(world, { username: 'pro' }),
    await addRuled(world, { username: 'pro', role: 'admin' }),
  ]
  const [key, other] = [publicKey(), publicKey()]
  const whole = {
    tls_certs: [allowedCertificate, ''],
    public_keys: [key, '', `restrict,command="a b" ${other}`, key],
    additional_emails: ['b@example.org', 'b@example.org', 'c@example.org'],
    allow_api_key_auth: true,
    description: 'on <call>',
    email: 'pro@example.org',
  }
  const certificate = allowedCertificate.replaceAll('\n', '\\n')
  const shown = (of: string): string =>
    `200 {"email":"pro${of}@example.org","description":"on \\u003ccall\\u003e","allow_api_key_auth":true`
  const lists = `,"additional_emails":["b@example.org","c@example.org"],"public_keys":["${key}","restrict,command=\\"a b\\" ${other}"],"tls_certs":["${certificate}"]`
  const answers: string[] = []
  for (const account of [user, admin]) {
    const token = await tokenOf(world, account)
    const path = `/${account.role}/profile`
    const email = account.role === 'admin' ? 'proadmin@example.org' : whole.email
    for (const body of [{ ...whole, email }, { description: null }]) {
      answers.push(await call(world, token, ['PUT', path, body]), await call(world, token, ['GET', path]))
    }
  }
  const empty = '200 {"allow_api_key_auth":false}\n'
  assert.deepEqual(answers, [
    ...[updated, `${shown('')}${lists}}\n`, updated, empty],
    ...[updated, `${shown('admin')}}\n`, updated, empty],
  ])
})

test('SFT-51 what is not well formed in a profile is named and changes nothing', async () => {
  const account = await addRuled(world, { username: 'malformed' })
  const token = await tokenOf(world, account)
  const kept = { email: 'malformed@example.org', description: 'kept', allow_api_key_auth: true }
  await call(world, token, ['PUT', '/user/profile', kept])
  const key = publicKey()
  const cases: readonly (readonly [object, string])[] = [
    [{ email: 'no address' }, 'email "no address" is not valid'],
    [{ email: 'ADA&co@example.org' }, 'the email address belongs to another account'],
    [{ additional_emails: ['a@example.org', '"'] }, 'email "\\"" is not valid'],
    [{ public_keys: ['', key, 'ssh-ed25519 AAAA'] }, 'could not parse key nr. 3: ssh: no key found'],
    [{ public_keys: [key.replace('ssh-ed25519', 'ssh-rsa')] }, 'could not parse key nr. 1: ssh: no key found'],
    [{ tls_certs: [allowedCertificate, 'no certificate'] }, 'invalid TLS certificate 1'],
    [{ tls_certs: [allowedCertificate.replace('MII', 'AAA')] }, 'invalid TLS certificate 0'],
    [{ tls_certs: [weakCertificate] }, 'invalid TLS certificate 0'],
    [{ allow_api_key_auth: 'yes' }, 'allow_api_key_auth has to be true or false'],
  ]
  for (const [body, reason] of cases) {
    const sent = { ...kept, ...body }
    const expected = `400 {"error":${JSON.stringify(`Validation error: ${reason}`)},"message":""}\n`
    assert.equal(await call(world, token, ['PUT', '/user/profile', sent]), expected)
  }
  assert.deepEqual(await callFor(world, token, ['GET', '/user/profile']), kept)
})

test('SFT-51 an administrator may send lists of users, which nobody reads', async () => {
  const token = await tokenOf(world, await addRuled(world, { username: 'lists', role: 'admin' }))
  const body = { public_keys: ['rubbish'], tls_certs: 7, description: 'x' }
  const answers = [
    await call(world, token, ['PUT', '/admin/profile', body]),
    await call(world, token, ['GET', '/admin/profile']),
  ]
  assert.deepEqual(answers, [updated, '200 {"description":"x","allow_api_key_auth":false}\n'])
})

const parts = {
  'info-change-disabled': ['email', 'description', 'additional_emails'],
  'api-key-auth-change-disabled': ['allow_api_key_auth'],
  'publickey-change-disabled': ['public_keys'],
  'tls-cert-change-disabled': ['tls_certs'],
} as const

test('SFT-52 an option that takes a right away keeps its part of the profile as it was and no other', async () => {
  const sent = {
    email: 'x@example.org',
    description: 'y',
    allow_api_key_auth: true,
    additional_emails: ['z@example.org'],
    public_keys: [publicKey()],
    tls_certs: [allowedCertificate],
  }
  for (const [option, kept] of Object.entries(parts)) {
    const account = await addRuled(world, { username: option, filters: { web_client: [option] } })
    const token = await tokenOf(world, account)
    const body = { ...sent, email: `${option}@example.org` }
    assert.equal(await call(world, token, ['PUT', '/user/profile', body]), updated)
    const left = Object.entries({ ...body, allow_api_key_auth: option !== 'api-key-auth-change-disabled' })
    const expected = left.filter(
      ([name]) => name === 'allow_api_key_auth' || !(kept as readonly string[]).includes(name),
    )
    assert.deepEqual(await callFor(world, token, ['GET', '/user/profile']), Object.fromEntries(expected))
  }
})

test('SFT-52 whom every right was taken from may change nothing', async () => {
  const account = await addRuled(world, { username: 'fixed', filters: { web_client: Object.keys(parts) } })
  const answer = await call(world, await tokenOf(world, account), ['PUT', '/user/profile', { description: 'x' }])
  assert.equal(answer, '403 {"message":"You are not allowed to change anything"}\n')
})

test('SFT-53 two changes of a profile and a rule at once lose none of the three', async () => {
  const account = await addRuled(world, { username: 'crowded' })
  const token = await tokenOf(world, account)
  const profile = (description: string): Promise<string> =>
    call(world, token, ['PUT', '/user/profile', { description }])
  const rule = world.ports.store.execute('changeAccount', {
    accountId: account.id,
    change: { attributes: keepAttributes('user', { filters: { denied_ip: ['192.0.2.0/24'] } }) },
    rotation: null,
    seen: null,
    nowMs: world.clock.wallMs(),
    audit: { ...byCommand.request, atMs: 0, accountId: null, username: null, action: 'account-change', outcome: 'ok' },
  })
  const [answers] = await Promise.all([Promise.all([profile('one'), profile('two')]), rule])
  const now = await world.ports.store.accountById(account.id)
  const kept = JSON.parse(now?.attributes ?? '{}') as { description?: string; filters: { denied_ip?: string[] } }
  assert.deepEqual([answers, kept.filters.denied_ip], [[updated, updated], ['192.0.2.0/24']])
  assert.match(kept.description ?? '', /^(one|two)$/)
})

for (const role of ['user', 'admin'] as const) {
  test(`SFT-54 a password of ${role} is changed by its own rules, in their order, and a refusal changes nothing`, async () => {
    const account = await addRuled(world, { username: 'changer', role })
    const token = await tokenOf(world, account)
    const change = (current: unknown, next: unknown): Promise<string> =>
      call(world, token, ['PUT', `/${role}/changepwd`, { current_password: current, new_password: next }])
    const two = validation('please provide the current password and the new one two times')
    const insecure = validation('insecure password: The password must have at least 15 characters.')
    const answers = [
      await change('', newPassword),
      await change(password, ''),
      await change(undefined, undefined),
      await change('wrong', 'wrong'),
      await change('a lamp above the water', 'short'),
      await change(password, 'short'),
      await change(password, 7),
    ]
    assert.deepEqual(answers, [
      ...[two, two, two],
      validation('the new password must be different from the current one'),
      validation('current password does not match'),
      insecure,
      validation('new_password has to be a text'),
    ])
    assert.match(await tokenOf(world, account), /^ey/)
  })

  test(`SFT-55 a changed password of ${role} ends every token, the presented one as well, and the old password`, async () => {
    const account = await addRuled(world, { username: 'changed', role })
    const [token, other] = [await tokenOf(world, account), await tokenOf(world, account)]
    const body = { current_password: password, new_password: newPassword }
    const path = `/${role}/changepwd`
    const answers = [
      await call(world, token, ['PUT', path, body]),
      await call(world, token, ['PUT', path, body]),
      await call(world, other, ['GET', `/${role}/profile`]),
      short(await ask(world, role === 'admin' ? '/token' : '/user/token', { headers: basic('changed') })),
    ]
    const invalid = '401 {"error":"invalid credentials","message":"Unauthorized"}\n'
    assert.deepEqual(answers, ['200 {"message":"Password updated"}\n', ended, ended, invalid])
    assert.match(await tokenOf(world, account, { secret: newPassword }), /^ey/)
  })
}

test('SFT-56 a user from whom it was taken changes no password, whatever is sent', async () => {
  const account = await addRuled(world, { username: 'stuck', filters: { web_client: ['password-change-disabled'] } })
  const token = await tokenOf(world, account)
  const answers = [
    await call(world, token, ['PUT', '/user/changepwd', { current_password: password, new_password: newPassword }]),
    await call(world, token, ['PUT', '/user/changepwd', 'no JSON']),
  ]
  assert.deepEqual(answers, [forbidden, forbidden])
})

test('SFT-57 guesses at the current password are throttled as failed sign-ins are', async () => {
  const token = await tokenOf(world, await addRuled(world, { username: 'guessed' }))
  const guess = (current: string): Promise<string> =>
    call(world, token, ['PUT', '/user/changepwd', { current_password: current, new_password: newPassword }])
  const wrong = new Set<string>()
  for (let attempt = 0; attempt < 10; attempt += 1) wrong.add(await guess(`guess number ${attempt}`))
  const throttled =
    '429 {"error":"Too many failed sign-ins; wait before the next one.","message":"Too Many Requests"}\n'
  assert.deepEqual([[...wrong], await guess(password)], [[validation('current password does not match')], throttled])
})

test('SFT-58 a forgotten password is not reset: no mail is sent, and no code is the right one', async () => {
  const answers: string[] = []
  for (const path of ['/users/ada', '/admins/ops', '/users/nobody', '/admins/nobody']) {
    const sent = [
      [`${path}/forgot-password`, {}],
      [`${path}/reset-password`, { code: 'c'.repeat(20), password: newPassword }],
      [`${path}/reset-password`, { code: '', password: newPassword }],
      [`${path}/reset-password`, { code: 'c'.repeat(20) }],
    ] as const
    const answered: string[] = []
    for (const [url, body] of sent) {
      const got = await world.app.inject({ method: 'POST', url: `/api/v2${url}`, payload: body })
      answered.push(`${got.statusCode} ${got.body}`)
    }
    answers.push(answered.join(''))
  }
  const expected = [
    '400 {"message":"No SMTP configuration"}\n',
    validation('confirmation code not found'),
    validation('please set a confirmation code'),
    validation('please set a password'),
  ].join('')
  assert.deepEqual([new Set(answers), answers.length], [new Set([expected]), 4])
})

const operations: readonly Call[] = [
  ['PUT', '/profile', {}],
  ['PUT', '/changepwd', {}],
  ['POST', '/totp/generate', {}],
  ['POST', '/totp/validate', {}],
  ['POST', '/totp/save', {}],
]

test('SFT-59 a body that is no JSON object is 400, after the token was looked at', async () => {
  const tokens = { user: await tokenOf(world, world.ada), admin: await tokenOf(world, world.ops) }
  const answers = new Set<string>()
  const withoutToken = new Set<string>()
  for (const role of ['user', 'admin'] as const) {
    for (const [method, path] of operations) {
      for (const body of ['{', '', '[]', '"x"', 'nul']) {
        answers.add(await call(world, tokens[role], [method, `/${role}${path}`, body]))
      }
      withoutToken.add(await call(world, '', [method, `/${role}${path}`, '{']))
    }
  }
  assert.deepEqual(
    [[...answers].sort(), [...withoutToken]],
    [
      [
        '400 {"error":"The body has to be a JSON object.","message":""}\n',
        '400 {"error":"The body is not well-formed JSON.","message":""}\n',
      ],
      ['401 {"error":"no token found","message":"Unauthorized"}\n'],
    ],
  )
})

test('SFT-59 the operations of one realm take no token of the other', async () => {
  const tokens = { user: await tokenOf(world, world.ada), admin: await tokenOf(world, world.ops) }
  const answers = new Set<string>()
  for (const [method, path, body] of operations) {
    answers.add(await call(world, tokens.user, [method, `/admin${path}`, body]))
    answers.add(await call(world, tokens.admin, [method, `/user${path}`, body]))
  }
  assert.deepEqual([...answers], ['401 {"message":"Your token audience is not valid"}\n'])
})

test('SFT-59 every one of them has a form with a slash', async () => {
  const headers = bearer(await tokenOf(world, world.ada))
  const statuses: number[] = []
  for (const [method, path] of operations) {
    const url = `/api/v2/user${path}/`
    statuses.push((await world.app.inject({ method, url, headers, payload: '[]' })).statusCode)
  }
  assert.deepEqual(statuses, [400, 400, 400, 400, 400])
})
