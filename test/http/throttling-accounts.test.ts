/** Tests the count of an account besides those of its names, in every dialect that accepts a name or an e-mail address. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { PooledPasswordHasher } from '../../src/platform/password-hasher.ts'
import { type Answer, auditTrail, type Call, call, goodPassword } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({
    config: { trustedProxies: ['127.0.0.1'] },
    start: { hashCost: { memoryCost: 8, timeCost: 1, parallelism: 1 } },
  })
})

after(() => sallyport.close())

const wrong = 'wrong horse battery staple'

type Door = { readonly by: 'name' | 'email'; readonly call: (name: string, password: string) => Call }

const post = (path: string, body: object): Call => ({ method: 'POST', path, body })
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const mail = (name: string): string => `${name}@example.org`

const realms: Readonly<Record<string, Door>> = {
  'control by name': { by: 'name', call: (username, password) => post('/api/v1/sessions', { username, password }) },
  'control by e-mail': {
    by: 'email',
    call: (name, password) => post('/api/v1/sessions', { email: mail(name), password }),
  },
  'sftpgo user': {
    by: 'name',
    call: (name, password) => ({
      path: '/api/v2/user/token',
      headers: { authorization: `Basic ${base64(`${name}:${password}`)}` },
    }),
  },
  pacerpro: { by: 'email', call: (name, password) => post('/session', { email: mail(name), password }) },
  giantswarm: {
    by: 'email',
    call: (name, password) => post('/v4/auth-tokens/', { email: mail(name), password_base64: base64(password) }),
  },
  koyeb: { by: 'email', call: (name, password) => post('/v1/account/login', { email: mail(name), password }) },
}

function doorOf(title: string): Door {
  const realm = realms[title]
  assert.ok(realm !== undefined, title)
  return realm
}

type Attempt = Omit<Answer, 'headers'> & {
  readonly headers: Readonly<Record<string, unknown>>
  readonly hashes: number
}

/** Makes one attempt at a dialect; returns the answer without its variable headers, and the number of hashes. */
async function attempt(
  realm: Door,
  name: string,
  { password = wrong, ip }: { readonly password?: string; readonly ip: string },
) {
  const hasher = sallyport.ports.hasher as PooledPasswordHasher
  const hashes = hasher.calls()
  const { headers = {}, ...rest } = realm.call(name, password)
  const answer: Answer = await call(sallyport, { ...rest, headers: { ...headers, 'x-forwarded-for': ip } })
  const { date: _date, 'x-request-id': _id, ...kept } = answer.headers
  return { status: answer.status, headers: kept, body: answer.body, hashes: hasher.calls() - hashes }
}

for (const [index, [title, realm]] of Object.entries(realms).entries()) {
  const ip = `192.0.2.${index}`
  const other = doorOf(realm.by === 'name' ? 'control by e-mail' : 'control by name')

  test(`THR-10 guesses by name and by e-mail count together, and ${title} answers like for a wrong password`, async () => {
    const name = title.replaceAll(/\W/g, '')
    await sallyport.addAccount({ username: name, email: mail(name), password: goodPassword })
    assert.ok(
      (await attempt(realm, name, { password: goodPassword, ip: '198.51.100.7' })).status < 300,
      'a known address',
    )
    for (let failure = 0; failure < 5; failure += 1) {
      assert.equal((await attempt(realm, name, { ip })).status, 401)
      assert.equal((await attempt(other, name, { ip })).status, 401)
    }
    const asWrong = await attempt(realm, name, { ip })
    assert.deepEqual([asWrong.status, asWrong.hashes], [401, 1])
    assert.deepEqual(await attempt(realm, name, { password: goodPassword, ip }), asWrong)
    assert.deepEqual(await attempt(realm, name, { password: goodPassword, ip: '203.0.113.9' }), asWrong)
    const last = (await auditTrail(sallyport)).findLast((event) => event.action === 'sign-in')
    assert.equal((last?.detail as { readonly reason?: string } | undefined)?.reason, 'too many failures of the account')
    assert.ok((await attempt(realm, name, { password: goodPassword, ip: '198.51.100.7' })).status < 300, 'known still')
    sallyport.clock.advance(30_000)
    assert.ok((await attempt(realm, name, { password: goodPassword, ip })).status < 300, 'the block is over')
  })
}

test('THR-10 a presented name is still blocked by its own count, known or not, and the answer says so', async () => {
  const realm = doorOf('control by name')
  await sallyport.addAccount({ username: 'both', email: mail('both'), password: goodPassword })
  const attempts: Attempt[] = []
  for (const name of ['both', 'nobody']) {
    for (let failure = 0; failure < 10; failure += 1) {
      assert.equal((await attempt(realm, name, { ip: '192.0.2.77' })).status, 401)
    }
    attempts.push(await attempt(realm, name, { ip: '192.0.2.77' }))
  }
  assert.deepEqual([attempts[0]?.status, attempts[0]?.headers['retry-after'], attempts[0]?.hashes], [429, '30', 0])
  assert.deepEqual(attempts[1], attempts[0])
})

test('THR-10 at a known address guesses by name and by e-mail count together as well', async () => {
  const [byName, byMail] = [doorOf('control by name'), doorOf('control by e-mail')]
  const ip = '198.51.100.20'
  await sallyport.addAccount({ username: 'near', email: mail('near'), password: goodPassword })
  assert.equal((await attempt(byName, 'near', { password: goodPassword, ip })).status, 201)
  for (let failure = 0; failure < 5; failure += 1) {
    for (const realm of [byName, byMail]) assert.equal((await attempt(realm, 'near', { ip })).status, 401)
  }
  assert.equal((await attempt(byName, 'near', { password: goodPassword, ip })).status, 401)
  assert.equal((await attempt(byName, 'near', { password: goodPassword, ip: '203.0.113.1' })).status, 201, 'elsewhere')
})
