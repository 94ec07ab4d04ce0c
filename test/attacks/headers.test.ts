/** Attacks by headers that clients send about themselves, by paths, and by ids in paths. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  type AttackWorld,
  assertSound,
  attackWorld,
  idleLimits,
  password,
  presented,
  type Realm,
  realmOf,
  tryCases,
} from '../fixtures/attack-world.ts'
import { auditTrail } from '../fixtures/control-calls.ts'
import { type HttpClient, openClient } from '../fixtures/http-client.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'

let world: AttackWorld
let client: HttpClient
const tokens = new Map<Realm, string>()

before(async () => {
  world = await attackWorld()
  client = openClient(world.url, 16)
  for (const realm of ['control', 'user', 'admin', 'pacerpro', 'giantswarm', 'koyeb'] as const) {
    tokens.set(realm, await world.tokenOf(realm))
  }
})

after(async () => {
  client.close()
  await world.close()
})

const tracking = ['x-request-id', 'x-giant-swarm-activity', 'x-giant-swarm-cmdline', 'seon-fp', 'user-agent'] as const

/** Latin-1, as Node hands headers over; UTF-8 of bidirectional overrides and of emoji among it, terminal sequences too. */
const hostile = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(fc.integer({ min: 0x20, max: 0xff }), { maxLength: 60 })
      .map((codes) => String.fromCharCode(...codes)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '\u001b[2J\u001b[31mred',
      '\u001b]0;title\u0007',
      '\u009b31m',
      Buffer.from('\u202eevil\u2066').toString('latin1'),
      Buffer.from('\u{1f600}').toString('latin1'),
      '","outcome":"done","x":"',
      '\\u000a\\n%0d%0a',
      '<script>',
      '\u0024{jndi:ldap://x}',
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 64 }).map((kibibytes) => 'ab '.repeat(kibibytes * 341)) },
)

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

test(
  'ATK-8 whatever tracking headers hold, the answer is sound and every event is one printable line of bounded length',
  idleLimits,
  async () => {
    const seen = (await auditTrail(world)).length
    const cases = fc.record({
      path: fc.constantFrom('/v4/auth-tokens/', '/v1/account/login', '/session', '/v4/info/', '/v4/user/'),
      headers: fc.dictionary(fc.constantFrom(...tracking), hostile, { maxKeys: 4 }),
    })
    const login = JSON.stringify({ email: 'ada@example.org', password: 'wrong', password_base64: 'd3Jvbmc=' })
    await tryCases('headers', cases, async ({ path, headers }) => {
      const isRead = path === '/v4/info/' || path === '/v4/user/'
      const authorization = presented('giantswarm', tokens.get('giantswarm') ?? '')
      const { statusCode, headers: answered } = await world.attack({
        method: isRead ? 'GET' : 'POST',
        url: path,
        headers: { ...headers, ...(isRead ? { authorization } : {}) },
        ...(isRead ? {} : { payload: login }),
      })
      assert.equal(statusCode, isRead ? 200 : 401)
      assert.match(String(answered['x-request-id'] ?? ''), /^[ -~]{0,128}$/)
    })
    const events = (await auditTrail(world)).slice(seen)
    assert.ok(events.length > 100)
    const bad = events.flatMap(textsIn).filter((text) => unprintable.test(text) || Buffer.byteLength(text) > 2_048)
    assert.deepEqual(bad, [])
  },
)

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

test('ATK-8 a line end cannot be sent by a client of Node.js, and raw it begins another header or ends the request', async () => {
  const { port } = new URL(world.url)
  for (const value of ['a\r\nx-evil: 1', 'a\nb', 'a\0b', 'a\u{1f600}']) {
    assert.throws(() => request({ port, headers: { 'x-request-id': value } }), { code: 'ERR_INVALID_CHAR' })
  }
  const ask = (value: string): Promise<string> =>
    exchangeRaw(
      world.url,
      `GET /v4/info/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-ID: ${value}\r\nConnection: close\r\n\r\n`,
    )
  const [begun, bare, nul] = [await ask('a\r\nX-Evil: b'), await ask('a\nX-Evil: b'), await ask('a\0b')]
  assert.match(begun, /^HTTP\/1\.1 401 [\s\S]*\r\nx-request-id: a\r\n/)
  assert.deepEqual(
    [bare, nul].map((answer) => answer.split('\r\n')[0]),
    ['HTTP/1.1 400 Bad Request', 'HTTP/1.1 400 Bad Request'],
  )
})

test('ATK-10 a fingerprint of any form and up to the size of all headers signs in, and is in no event', async () => {
  const login = JSON.stringify({ email: 'ada@example.org', password })
  const fingerprints = ['', ' ', '"', '%00', '__proto__', '\u00ff'.repeat(100), 'f'.repeat(60 * 1024)]
  for (const fingerprint of fingerprints) {
    const headers = { 'seon-fp': fingerprint }
    const { statusCode } = await world.attack({ method: 'POST', url: '/v1/account/login', headers, payload: login })
    assert.equal(statusCode, 200, fingerprint.slice(0, 20))
  }
  const trail = JSON.stringify(await auditTrail(world))
  assert.deepEqual(
    fingerprints.filter((fingerprint) => fingerprint.length >= 100 && trail.includes(fingerprint.slice(0, 100))),
    [],
  )
})

const segment = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('api', 'v1', 'v2', 'v4', 'sessions', 'account', 'organizations', 'session', 'setup'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('user', 'token', 'current', 'switch', 'pty_token', 'auth-tokens', '.well-known', ''),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%2E%2e%2f',
      '%00',
      '%0d%0a',
      '%zz',
      '%',
      '%c0%ae',
      '%ff',
      '%ed%a0%80',
      '%u0000',
      '*',
      ':id',
      ';a=b',
      'a'.repeat(101),
      'a'.repeat(20_000),
      "';--",
      '\\..\\',
      '__proto__',
      'constructor',
      '%5f%5fproto%5f%5f',
      '1e999',
      '-1',
    ),
  },
  { weight: 2, arbitrary: fc.webPath().map((path) => path.slice(1)) },
)
const anyPath = fc
  .tuple(
    fc.array(segment, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('', '?', '?a', '?a=%zz', '?__proto__[x]=1', '?limit=1&limit=2', '#f'),
  )
  .map(([segments, query]) => `/${segments.join('/')}${query}`)
const knownShape = fc
  .tuple(fc.constantFrom('/api/v1/sessions/', '/v1/organizations/'), segment, fc.constantFrom('', '/switch'))
  .map((parts) => parts.join(''))
const methods = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'LOCK',
] as const

test(
  'ATK-9 whatever a path holds, the answer is sound and nothing outside the served paths is found',
  idleLimits,
  async () => {
    const spared = [
      '/api/v1/sessions',
      '/api/v1/sessions/current',
      '/session',
      '/v4/auth-tokens/',
      '/v1/account/logout',
    ]
    const cases = fc.record({
      method: fc.constantFrom(...methods),
      path: fc.oneof(anyPath, knownShape).filter((path) => !spared.includes(path.replace(/[?#].*$/, ''))),
      isSignedIn: fc.boolean(),
    })
    await tryCases('paths', cases, async ({ method, path, isSignedIn }) => {
      const realm = realmOf(path)
      const headers = isSignedIn ? { authorization: presented(realm, tokens.get(realm) ?? '') } : {}
      const { status, headers: answered, body } = await client.send({ method, path: encodePath(path), headers })
      assertSound({ statusCode: status, headers: answered, body }, path)
    })
  },
)

/** What Node's client refuses to send is sent percent-encoded. */
function encodePath(path: string): string {
  return path.replace(/[^!-~]/g, encodeURIComponent)
}

test('ATK-9 a fault of percent-encoding is 400 with no body and a closed connection, and an id of any length is looked up', async () => {
  for (const path of [
    '/api/v1/%zz',
    '/v4/%ff/',
    '/session/%',
    '/v1/organizations/%c0%ae/switch',
    '/api/v2/%ed%a0%80',
  ]) {
    const answer = await exchangeRaw(world.url, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    const [statusLine, ...headers] = (answer.split('\r\n\r\n')[0] ?? '').split('\r\n')
    const names = headers.map((line) => line.split(':')[0]?.toLowerCase())
    assert.deepEqual([statusLine, answer.endsWith('\r\n\r\n')], ['HTTP/1.1 400 Bad Request', true], answer)
    assert.deepEqual(names.includes('connection') && names.includes('content-security-policy'), true)
  }
  const authorization = presented('control', tokens.get('control') ?? '')
  for (const id of ['a'.repeat(101), 'a'.repeat(30_000), '%00', '%2e%2e%2f%2e%2e', "'%20OR%201=1"]) {
    const answer = await world.attack({ method: 'DELETE', url: `/api/v1/sessions/${id}`, headers: { authorization } })
    assert.equal((JSON.parse(answer.body) as { type: string }).type, 'session-not-found', id.slice(0, 20))
  }
})
