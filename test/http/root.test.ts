import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, goodPassword, signInAs } from '../fixtures/control-calls.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport()
  await sallyport.addAccount({ username: 'ada', password: goodPassword, email: 'ada@example.org' })
})

after(() => sallyport.close())

const unserved = [
  { path: '/api/v2/nothing', type: 'application/json', body: '{"message":"Not Found"}\n' },
  { path: '/v4/nothing/', type: 'application/json', match: /"code":"RESOURCE_NOT_FOUND"/ },
  { path: '/session/nothing', type: 'application/json', match: /"status":404,"type":"error"/ },
  { path: '/v1/nothing', type: 'application/json', match: /"status":404,"code":"not_found"/ },
  { path: '/nothing', type: 'application/problem+json', match: /"type":"route-not-found"/ },
  { path: '/api/v1/pty_token/nothing', type: 'application/json', match: /^\{"error":"[^"]+"\}$/ },
] as const

for (const { path, type, ...expected } of unserved) {
  test(`HTP-1 ${path} is not found in the shape of its dialect`, async () => {
    const answer = await sallyport.app.inject({ url: path, headers: { host: 'localhost' } })
    assert.deepEqual([answer.statusCode, answer.headers['content-type']], [404, type])
    if ('body' in expected) assert.equal(answer.body, expected.body)
    else assert.match(answer.body, expected.match)
  })
}

const wrongMethods = [
  { path: '/api/v2/token', method: 'POST', allow: 'GET, HEAD', body: /^$/ },
  { path: '/session', method: 'PUT', allow: 'DELETE, GET, POST', body: /"status":405/ },
  { path: '/session', method: 'HEAD', allow: 'DELETE, GET, POST', body: /^$/ },
  { path: '/v4/auth-tokens/', method: 'GET', allow: 'DELETE, POST', body: /"code":"NOT_SUPPORTED"/ },
  {
    path: '/v1/account/login',
    method: 'GET',
    allow: 'POST',
    body: /^\{"code":12,"message":"Method Not Allowed","details":\[\]\}$/,
  },
  { path: '/api/v1/sessions/current', method: 'POST', allow: 'DELETE', body: /"type":"method-not-allowed"/ },
  { path: '/api/v1/pty_token/start', method: 'GET', allow: 'POST', body: /^\{"error":/ },
] as const

for (const { path, method, allow, body } of wrongMethods) {
  test(`HTP-2 ${method} ${path} is 405 with Allow`, async () => {
    const answer = await sallyport.app.inject({ method, url: path, headers: { host: 'localhost' } })
    assert.deepEqual([answer.statusCode, answer.headers.allow], [405, allow])
    assert.match(answer.body, body)
  })
}

test('HTP-3 headers of 60 KiB are accepted, headers of 70 KiB are 431 without a body and with a closed connection', async () => {
  const ask = (kibibytes: number): Promise<string> =>
    exchangeRaw(
      sallyport.url,
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'a'.repeat(kibibytes * 1024)}\r\nConnection: close\r\n\r\n`,
    )
  assert.match(await ask(60), /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(
    await ask(70),
    /^HTTP\/1\.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n$/,
  )
})

test('HTP-3 a body over 64 KiB is 413 in the shape of each dialect', async () => {
  const large = JSON.stringify({ filler: 'a'.repeat(1024 * 1024) })
  const answers = []
  for (const url of ['/api/v1/sessions', '/session', '/v4/auth-tokens/', '/v1/account/login']) {
    const answer = await sallyport.app.inject({
      method: 'POST',
      url,
      headers: { host: 'localhost', 'content-type': 'application/json' },
      payload: large,
    })
    answers.push([answer.statusCode, Object.keys(JSON.parse(answer.body) as object).join(' ')])
  }
  assert.deepEqual(answers, [
    [413, 'type title status'],
    [413, 'error message status type'],
    [413, 'code message'],
    [413, 'code message details'],
  ])
})

test('HTP-10 bytes that are not HTTP are 400 without a body and with a closed connection', async () => {
  assert.equal(
    await exchangeRaw(sallyport.url, 'RUBBISH\r\n\r\n'),
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  )
})

test('HTP-4 another host is 421, the public host and loopback names are served, and probes accept every host', async () => {
  const statusFor = async (host: string, url = '/api/v1/verify'): Promise<number> =>
    (await sallyport.app.inject({ url, headers: { host } })).statusCode
  const statuses = [
    await statusFor('evil.example'),
    await statusFor('evil.example', '/healthz'),
    await statusFor('evil.example', '/livez'),
    await statusFor('evil.example', '/readyz?verbose'),
    await statusFor('evil.example', '/readyz/'),
    await statusFor('localhost:9'),
    await statusFor('[::1]:9'),
    await statusFor('127.0.0.1'),
  ]
  assert.deepEqual(statuses, [421, 200, 200, 200, 421, 401, 401, 401])
})

test('HTP-6 every answer has nosniff and a CSP, and none names a server', async () => {
  for (const url of ['/', '/healthz', '/setup', '/nothing', '/api/v2/token', '/.well-known/jwks.json']) {
    const { headers } = await sallyport.app.inject({ url, headers: { host: 'localhost' } })
    assert.deepEqual(
      [headers['x-content-type-options'], headers.server, headers['x-powered-by']],
      ['nosniff', undefined, undefined],
      url,
    )
    assert.match(String(headers['content-security-policy']), /^default-src 'none'.*frame-ancestors 'none'/, url)
  }
})

test('HTP-9 of two Authorization lines the first counts', async () => {
  const { access_token: token } = await signInAs(sallyport, 'ada')
  const ask = (first: string, second: string): Promise<string> =>
    exchangeRaw(
      sallyport.url,
      `GET /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${first}\r\nAuthorization: ${second}\r\nConnection: close\r\n\r\n`,
    )
  assert.match(await ask(`Bearer ${token}`, 'Bearer rubbish'), /^HTTP\/1\.1 200 /)
  assert.match(await ask('Bearer rubbish', `Bearer ${token}`), /^HTTP\/1\.1 401 /)
})

test('HTP-12 HEAD gets the headers of GET and no body', async () => {
  const answer = await exchangeRaw(
    sallyport.url,
    'HEAD /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  )
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(answer, /content-type: application\/json\r\n/i)
  assert.ok(answer.endsWith('\r\n\r\n'))
})

test('HTP-13 verify accepts user tokens of every dialect, each in its own scheme', async () => {
  const koyeb = await call(sallyport, {
    method: 'POST',
    path: '/v1/account/login',
    body: { email: 'ada@example.org', password: goodPassword },
  })
  const pacerpro = await call(sallyport, {
    method: 'POST',
    path: '/session',
    body: { email: 'ada@example.org', password: goodPassword },
  })
  const giantswarm = await call(sallyport, {
    method: 'POST',
    path: '/v4/auth-tokens/',
    body: { email: 'ada@example.org', password_base64: Buffer.from(goodPassword).toString('base64') },
  })
  const headers = [
    `Bearer ${(koyeb.body.token as unknown as { id: string }).id}`,
    `Bearer ${pacerpro.body.jwtToken}`,
    `giantswarm ${giantswarm.body.auth_token}`,
  ]
  const statuses = await Promise.all(
    headers.map(
      async (authorization) => (await call(sallyport, { path: '/api/v1/verify', headers: { authorization } })).status,
    ),
  )
  assert.deepEqual(statuses, [200, 200, 200])
})

test('HTP-5 CORS is off by default, and an allowed origin gets its preflight without authentication', async () => {
  const preflight = {
    method: 'OPTIONS',
    url: '/v1/account/login',
    headers: { host: 'localhost', origin: 'https://app.example', 'access-control-request-method': 'POST' },
  } as const
  const off = await sallyport.app.inject(preflight)
  assert.deepEqual([off.statusCode, off.headers['access-control-allow-origin']], [405, undefined])
  const open = await runSallyport({ config: { koyeb: { allowedOrigins: ['https://app.example'] } } })
  try {
    const allowed = await open.app.inject(preflight)
    assert.deepEqual(
      [
        allowed.statusCode,
        allowed.headers['access-control-allow-origin'],
        allowed.headers['access-control-allow-methods'],
        allowed.headers['access-control-allow-credentials'],
        allowed.headers.vary,
      ],
      [204, 'https://app.example', 'POST', undefined, 'Origin'],
    )
    const foreign = await open.app.inject({
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://evil.example' },
    })
    assert.deepEqual([foreign.statusCode, foreign.headers['access-control-allow-origin']], [405, undefined])
    const refused = await open.app.inject({
      url: '/v1/account/profile',
      headers: { host: 'localhost', origin: 'https://app.example' },
    })
    assert.deepEqual([refused.statusCode, refused.headers['access-control-allow-origin']], [401, 'https://app.example'])
  } finally {
    await open.close()
  }
})

test('HTP-7 if two dialects claim one path, the server does not start, and the error names both', async () => {
  await assert.rejects(
    runSallyport({ config: { koyeb: { prefix: '/api' } } }),
    /control and koyeb both claim \/api\/v1;/,
  )
})

test('HTP-8 the client is the last address that is no trusted proxy’s, and an untrusted peer’s header is ignored', async () => {
  const proxied = await runSallyport({ config: { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } })
  try {
    await proxied.addAccount({ username: 'ada', password: goodPassword })
    const addressOf = async (server: RunningSallyport, forwarded: string): Promise<unknown> => {
      const body = { username: 'ada', password: goodPassword }
      const { body: session } = await call(server, {
        method: 'POST',
        path: '/api/v1/sessions',
        body,
        headers: { 'x-forwarded-for': forwarded },
      })
      const list = await call(server, { path: '/api/v1/sessions', token: session.access_token })
      return list.body.items.find((one) => one.current)?.ip
    }
    const addresses = [
      await addressOf(proxied, '203.0.113.9'),
      await addressOf(proxied, '198.51.100.1, 203.0.113.9, 10.1.2.3'),
      await addressOf(proxied, '::ffff:203.0.113.9'),
      await addressOf(proxied, '10.9.9.9, 10.1.2.3'),
      await addressOf(sallyport, '203.0.113.9'),
    ]
    assert.deepEqual(addresses, ['203.0.113.9', '203.0.113.9', '203.0.113.9', '10.9.9.9', '127.0.0.1'])
  } finally {
    await proxied.close()
  }
})

test('HTP-11 a disabled dialect answers nothing, and one with a prefix answers only under it', async () => {
  const server = await runSallyport({ config: { sftpgo: { enabled: false }, pacerpro: { prefix: '/qa' } } })
  try {
    const ask = async (method: 'GET' | 'POST', url: string): Promise<string> => {
      const answer = await server.app.inject({ method, url, headers: { host: 'localhost' } })
      return `${answer.statusCode} ${String(answer.headers['content-type'])}`
    }
    const answers = [
      await ask('GET', '/api/v2/token'),
      await ask('POST', '/qa/session'),
      await ask('POST', '/session'),
      await ask('GET', '/qa/session/nothing'),
    ]
    assert.deepEqual(answers, [
      '404 application/problem+json',
      '401 application/json',
      '404 application/problem+json',
      '404 application/json',
    ])
  } finally {
    await server.close()
  }
})
