/** Tests requests that proxies pass on to `/api/v1/verify`: any method, any body, any number of spaces before the token. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, goodPassword, signInAs } from '../fixtures/control-calls.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const origin = 'https://app.example.org'

let sallyport: RunningSallyport
let token: string

before(async () => {
  sallyport = await runSallyport({ config: { control: { allowedOrigins: [origin] } } })
  await sallyport.addAccount({ username: 'ada', password: goodPassword, groups: ['Ops'], email: 'ada@example.org' })
  token = (await signInAs(sallyport, 'ada')).access_token
})

after(() => sallyport.close())

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const url = '/api/v1/verify'

type Headers = Readonly<Record<string, string>>

/** Returns the status and the answer without its variable headers. */
async function ask(method: string, headers: Headers, payload?: string): Promise<readonly [number, Headers, string]> {
  const sent = { method: method as 'GET', url, headers: { host: 'localhost', ...headers } }
  const answer = await sallyport.app.inject({ ...sent, ...(payload === undefined ? {} : { payload }) })
  const { date: _date, connection: _connection, ...kept } = answer.headers
  return [answer.statusCode, kept as Headers, method === 'HEAD' ? '' : answer.body]
}

const bodies: readonly { readonly type: string; readonly payload?: string }[] = [
  { type: 'application/json' },
  { type: 'application/json', payload: '{"x":' },
  { type: 'text/plain', payload: '\u0000 rubbish' },
  { type: 'no media type', payload: 'x' },
  { type: 'application/json', payload: ' '.repeat(2 * 1024 * 1024) },
]

test('HTP-18 verify answers every method that a proxy passes on like GET, with any body', async () => {
  for (const authorization of [`Bearer ${token}`, 'Bearer rubbish']) {
    const expected = await ask('GET', { authorization })
    for (const method of methods) {
      for (const { type, payload } of method === 'GET' || method === 'HEAD' ? [] : bodies) {
        const found = await ask(method, { authorization, 'content-type': type }, payload)
        assert.deepEqual(found, expected, `${method} ${type}`)
      }
      const [status, kept] = await ask(method, { authorization })
      assert.deepEqual([status, kept], expected.slice(0, 2), method)
    }
  }
})

test('HTP-18 verify does not wait for a body', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const head = `${method} ${url} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n`
    assert.match(await exchangeRaw(sallyport.url, `${head}Content-Length: 100\r\n\r\n{`), /^HTTP\/1\.1 200 /)
    assert.match(await exchangeRaw(sallyport.url, `${head}Transfer-Encoding: chunked\r\n\r\n`), /^HTTP\/1\.1 200 /)
  }
})

test('HTP-18 OPTIONS with a token and without an Origin is verified, and is a preflight request otherwise', async () => {
  const authorization = `Bearer ${token}`
  const preflight = { origin, 'access-control-request-method': 'GET' }
  const [asked, ...others] = await Promise.all([
    ask('OPTIONS', { authorization }),
    ask('OPTIONS', { authorization: 'Bearer rubbish' }),
    ask('OPTIONS', {}),
    ask('OPTIONS', preflight),
    ask('OPTIONS', { ...preflight, authorization }),
    ask('OPTIONS', { authorization, origin: 'https://other.example' }),
  ])
  assert.deepEqual(
    [asked, ...others].map(([status]) => status),
    [200, 401, 405, 204, 204, 405],
  )
  const allow = 'DELETE, GET, HEAD, PATCH, POST, PUT'
  const allowed = others.map(([, kept]) => kept.allow ?? kept['access-control-allow-methods'])
  assert.deepEqual(allowed, [undefined, allow, allow, allow, allow])
  assert.deepEqual(asked, await ask('GET', { authorization }))
})

test('HTP-19 several spaces may separate Bearer from the token at control, and at no other dialect', async () => {
  const login = { email: 'ada@example.org', password: goodPassword }
  const post = (path: string, body: object) => call(sallyport, { method: 'POST', path, body })
  const basic = `Basic ${Buffer.from(`ada:${goodPassword}`).toString('base64')}`
  const sftpgo = await call(sallyport, { path: '/api/v2/user/token', headers: { authorization: basic } })
  const giantswarm = await post('/v4/auth-tokens/', { email: login.email, password_base64: btoa(goodPassword) })
  const koyeb = (await post('/v1/account/login', login)).body.token as unknown as { readonly id: string }
  const uses: readonly (readonly [string, string, string, number])[] = [
    [url, 'Bearer', token, 200],
    ['/api/v1/account', 'bearer', token, 200],
    ['/api/v1/account/application_passwords', 'BEARER', token, 200],
    ['/api/v2/user/profile', 'Bearer', (sftpgo.body as { readonly access_token: string }).access_token, 401],
    ['/session', 'Bearer', (await post('/session', login)).body.jwtToken, 401],
    ['/v4/user/', 'giantswarm', giantswarm.body.auth_token, 401],
    ['/v1/account/profile', 'Bearer', koyeb.id, 401],
  ]
  for (const [path, scheme, credentials, status] of uses) {
    for (const blanks of ['  ', '   '.repeat(20)]) {
      const answer = await call(sallyport, { path, headers: { authorization: `${scheme}${blanks}${credentials}` } })
      assert.equal(answer.status, status, `${path} with ${blanks.length} blanks`)
    }
  }
  assert.equal((await call(sallyport, { path: url, headers: { authorization: 'Bearer   ' } })).status, 401)
})
