/** Tests codes of a second factor in every dialect that accepts one: with spaces, and wrong ones. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, type Call, call, codeOf, enrol, goodPassword, signInAs } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({ start: { hashCost: { memoryCost: 8, timeCost: 1, parallelism: 1 } } })
})

after(() => sallyport.close())

const stepMs = 30_000

const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

function signIn(username: string, otp: string, password: string = goodPassword): Call {
  return { method: 'POST', path: '/api/v1/sessions', body: { username, password, otp } }
}

function sftpgoToken(path: string, name: string, { otp = '', password = goodPassword }): Call {
  const code = otp === '' ? {} : { 'x-sftpgo-otp': otp }
  return { path, headers: { authorization: basic(name, password), ...code } }
}

/** Adds an account with a second factor whose last code is one step old; returns a function for its next code. */
async function careful(username: string, role: 'user' | 'admin' = 'user') {
  await sallyport.addAccount({ username, password: goodPassword, role, email: `${username}@example.org` })
  const { access_token: token } = await signInAs(sallyport, username)
  const secret = await enrol(sallyport, token)
  const next = (): string => {
    sallyport.clock.advance(stepMs)
    return codeOf(secret, sallyport.clock.wallMs())
  }
  return { username, token, secret, next }
}

const spacings: readonly ((code: string) => string)[] = [
  (code) => `${code.slice(0, 3)} ${code.slice(3)}`,
  (code) => ` ${code} `,
  (code) => [...code].join(' '),
  (code) => `${code.slice(0, 2)}\t${code.slice(2)}`,
]

const realms = ['control', 'control, to enrol', 'sftpgo user', 'sftpgo admin', 'sftpgo, to validate'] as const

for (const realm of realms) {
  test(`SGN-18 a code may contain spaces: ${realm}`, async () => {
    for (const [index, space] of spacings.entries()) {
      const name = `${realm.replaceAll(/\W/g, '')}${index}`
      assert.ok((await tryAt(realm, name, space)).status < 300, JSON.stringify(space('123456')))
    }
  })
}

async function tryAt(realm: (typeof realms)[number], name: string, space: (code: string) => string): Promise<Answer> {
  if (realm === 'control, to enrol') {
    await sallyport.addAccount({ username: name, password: goodPassword })
    const { access_token: token } = await signInAs(sallyport, name)
    const path = '/api/v1/account/totp'
    const { body } = await call(sallyport, { method: 'POST', path, token, body: { password: goodPassword } })
    const code = space(codeOf(body.secret, sallyport.clock.wallMs()))
    return call(sallyport, { method: 'POST', path: `${path}/confirm`, token, body: { code } })
  }
  const { next } = await careful(name, realm === 'sftpgo admin' ? 'admin' : 'user')
  if (realm === 'control') return call(sallyport, signIn(name, space(next())))
  const path = realm === 'sftpgo admin' ? '/api/v2/token' : '/api/v2/user/token'
  const signedIn = await call(sallyport, sftpgoToken(path, name, { otp: space(next()) }))
  if (realm !== 'sftpgo, to validate') return signedIn
  const token = (signedIn.body as { readonly access_token: string }).access_token
  const body = { config_name: 'Default', passcode: '', secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' }
  const passcode = space(codeOf(body.secret, sallyport.clock.wallMs()))
  return call(sallyport, { method: 'POST', path: '/api/v2/user/totp/validate', token, body: { ...body, passcode } })
}

test('SGN-18 a recovery code may contain spaces', async () => {
  const { username, next } = await careful('recovered')
  const { access_token: token } = (await call(sallyport, signIn(username, next()))).body
  const path = '/api/v1/account/recovery_codes'
  const { body } = await call(sallyport, { method: 'POST', path, token, body: { password: goodPassword } })
  const [code = ''] = (body as unknown as { readonly codes: readonly string[] }).codes
  const spaced = code.replaceAll(/(.{4})/g, '$1 ')
  assert.equal((await call(sallyport, signIn(username, spaced))).status, 201)
})

test('SGN-19 control answers a wrong, a used and a used recovery code as a wrong code, and counts it', async () => {
  const { username, next } = await careful('guesser')
  const code = next()
  assert.equal((await call(sallyport, signIn(username, code))).status, 201)
  const wrong = [code, code === '000000' ? '111111' : '000000', `RC-${'A'.repeat(22)}`, 'rubbish']
  const answers = await Promise.all(wrong.map((otp) => call(sallyport, signIn(username, otp))))
  for (const { status, body } of answers) assert.deepEqual([status, body.type], [401, 'second-factor-wrong'])
  const asked = await call(sallyport, signIn(username, ' '))
  assert.deepEqual([asked.status, asked.body.type], [401, 'second-factor-required'], 'blanks are no code')
  const guessed = await call(sallyport, signIn(username, code, 'wrong horse battery staple'))
  assert.deepEqual([guessed.status, guessed.body.type], [401, 'credentials-invalid'])
  for (let more = 0; more < 5; more += 1) await call(sallyport, signIn(username, '000000'))
  assert.equal((await call(sallyport, signIn(username, '000000'))).status, 429)
})

test('SGN-19 the other dialects answer a wrong and a missing code like a wrong password', async () => {
  const { username } = await careful('untold')
  await careful('untoldroot', 'admin')
  const wrong = 'wrong horse battery staple'
  const email = `${username}@example.org`
  const post = (path: string, body: object): Call => ({ method: 'POST', path, body })
  const realmsOf: readonly ((how: { readonly otp?: string; readonly password?: string }) => Call)[] = [
    (how) => sftpgoToken('/api/v2/user/token', username, how),
    (how) => sftpgoToken('/api/v2/token', 'untoldroot', how),
    ({ password = goodPassword }) => post('/session', { email, password }),
    ({ password = goodPassword }) => post('/v4/auth-tokens/', { email, password_base64: btoa(password) }),
    ({ password = goodPassword }) => post('/v1/account/login', { email, password }),
  ]
  for (const realm of realmsOf) {
    const answers = [{ password: wrong }, {}, { otp: 'rubbish' }].map((how) => call(sallyport, realm(how)))
    const [guess, ...others] = (await Promise.all(answers)).map(({ status, body }) => ({ status, body }))
    assert.equal(guess?.status, 401)
    for (const other of others) assert.deepEqual(other, guess)
  }
})
