/** Attacks on secrets: guessing tokens, comparing byte by byte, planting them, finding them in files, and provoking errors. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import type { Log } from '../../src/core/ports.ts'
import type { PooledPasswordHasher } from '../../src/platform/password-hasher.ts'
import { lineAt, nodesOf, projectRoot, readSources } from '../../tools/source-tree.ts'
import {
  auditTrail,
  call,
  codeOf,
  enrol,
  goodPassword as password,
  signInAs,
  verify,
} from '../fixtures/control-calls.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const hashCost = { memoryCost: 8, timeCost: 1, parallelism: 1 } as const
const lines: string[] = []
const write = (facts: object, sentence: string): void => {
  lines.push(JSON.stringify({ ...facts, sentence }))
}
const log: Log = { info: write, warn: write, error: write }

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({ log, start: { hashCost } })
  await sallyport.addAccount({ username: 'ada', password, email: 'ada@example.org' })
})

after(() => sallyport.close())

const login = { email: 'ada@example.org', password }

/** A sign-in of every dialect: the request, and the place of the token in the answer. */
const signIns = [
  { path: '/api/v1/sessions', body: { username: 'ada', password }, read: /"access_token":"([^"]+)"/ },
  { path: '/api/v1/sessions', body: { username: 'ada', password }, read: /"refresh_token":"([^"]+)"/ },
  { path: '/session', body: login, read: /"jwtToken":"([^"]+)"/ },
  { path: '/v4/auth-tokens/', body: { ...login, password_base64: btoa(password) }, read: /"auth_token":"([^"]+)"/ },
  { path: '/v1/account/login', body: login, read: /"id":"([^"]+)"/ },
  { path: '/api/v2/user/token', body: undefined, read: /"access_token":"([^"]+)"/ },
] as const

async function signInWith(
  { path, body, read }: (typeof signIns)[number],
  headers: Record<string, string> = {},
): Promise<string> {
  const basic = { authorization: `Basic ${btoa(`ada:${password}`)}` }
  const answer = await sallyport.app.inject({
    method: body === undefined ? 'GET' : 'POST',
    url: path,
    headers: { host: '127.0.0.1', ...headers, ...(body === undefined ? basic : {}) },
    ...(body === undefined ? {} : { payload: body }),
  })
  return read.exec(answer.body)?.[1] ?? assert.fail(`${path} answered ${answer.statusCode}`)
}

/** The random part of a token in bits: of UUIDs all but version and variant, of JWTs the `jti`, else what follows the row number. */
function randomBits(token: string): string {
  const claims = token.split('.').length === 3 ? String(JSON.parse(atob(token.split('.')[1] ?? '')).jti) : token
  const text = claims.split('.').at(-1) ?? ''
  const isUuid = /^[0-9a-f]{8}-/.test(text)
  const bytes = Buffer.from(isUuid ? text.replaceAll('-', '') : text, isUuid ? 'hex' : 'base64url')
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return isUuid ? bits.slice(0, 48) + bits.slice(52, 64) + bits.slice(66) : bits
}

test('ATK-24 of a hundred thousand tokens no two are alike, and every random bit is set in half of them', () => {
  const { random, encodings } = sallyport.ports
  const kinds: readonly { readonly bits: number; readonly make: () => string }[] = [
    { bits: 256, make: () => encodings.toBase64url(random.bytes(32)) },
    { bits: 128, make: () => encodings.toBase64url(random.bytes(16)) },
    { bits: 122, make: () => random.uuid() },
    { bits: 96, make: () => encodings.toBase64url(random.bytes(12)) },
  ]
  const each = 25_000
  // Six standard deviations: one false alarm in a million runs over all these bits.
  const most = 6 * Math.sqrt(each / 4)
  for (const { bits, make } of kinds) {
    const tokens = Array.from({ length: each }, make)
    const set = new Int32Array(bits)
    for (const token of tokens) {
      const found = randomBits(token)
      assert.equal(found.length, bits)
      for (let index = 0; index < bits; index += 1) if (found[index] === '1') set[index] = (set[index] ?? 0) + 1
    }
    assert.equal(new Set(tokens).size, each)
    assert.ok(
      set.every((count) => Math.abs(count - each / 2) < most),
      `${bits} bits`,
    )
  }
})

test('ATK-24 the tokens of every dialect hold that many random bits, or are signed by a key of 256', async () => {
  const found = []
  for (const one of signIns) {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => signInWith(one)))
    assert.equal(new Set(tokens).size, tokens.length)
    const signature = tokens[0]?.split('.')[2]
    found.push([
      randomBits(tokens[0] ?? '').length,
      signature === undefined ? 0 : Buffer.from(signature, 'base64url').length * 8,
    ])
  }
  // pacerpro has no room for a random part: its epoch is a UUID and its secret is the signature.
  assert.deepEqual(found, [
    [96, 512],
    [256, 0],
    [122, 256],
    [122, 0],
    [128, 256],
    [120, 256],
  ])
})

test('ATK-25 nothing that is secret is held against another value by an operator that stops at the first difference', () => {
  const allowed = new Map([
    ['src/http/dialects/sftpgo/change-password.ts', 'both passwords are the caller’s own'],
    ['src/client/client.ts', 'both tokens are the holder’s own'],
  ])
  const comparesPublicBytes = new Set([
    'src/terminals/transports/ssh/agent-protocol.ts',
    'src/terminals/transports/ssh/host-trust.ts',
    'src/terminals/transports/pty-pair.ts',
    'src/terminals/recording/read-record.ts',
    'src/terminals/recording/verify-record.ts',
  ])
  const secret = /(digest|secret|signature|password|token|mac)$/i
  const found: string[] = []
  let comparisons = 0
  for (const [path, source] of readSources(projectRoot, ['src'])) {
    for (const node of nodesOf(path, source)) {
      if (node.type !== 'BinaryExpression' || !/^[!=]==?$/.test(node.operator)) continue
      comparisons += 1
      const [left, right] = [
        source.slice(node.left.start, node.left.end),
        source.slice(node.right.start, node.right.end),
      ]
      if (isLiteral(node.left.type, left) || isLiteral(node.right.type, right)) continue
      if (!secret.test(left) && !secret.test(right)) continue
      if (!allowed.has(path)) found.push(`${path}:${lineAt(source, node.start)} ${left} ${node.operator} ${right}`)
    }
    if (!comparesPublicBytes.has(path)) assert.doesNotMatch(source, /Buffer\.compare\(|\.equals\(/, path)
  }
  assert.ok(comparisons > 100)
  assert.deepEqual(found, [])
})

function isLiteral(type: string, text: string): boolean {
  return type === 'Literal' || text === 'undefined'
}

test('ATK-26 wrong codes after a right password are guesses: they are throttled as wrong passwords are', async () => {
  await sallyport.addAccount({ username: 'careful', password })
  const secret = await enrol(sallyport, (await signInAs(sallyport, 'careful')).access_token)
  const attempt = async (otp: string): Promise<number> => {
    const body = { username: 'careful', password, otp }
    return (await call(sallyport, { method: 'POST', path: '/api/v1/sessions', body })).status
  }
  const right = codeOf(secret, sallyport.clock.wallMs() + 30_000)
  const wrong = right === '000000' ? '111111' : '000000'
  const statuses: number[] = []
  for (let guess = 0; guess < 11; guess += 1) statuses.push(await attempt(wrong))
  assert.deepEqual([statuses.slice(0, 10), statuses[10], await attempt(right)], [Array(10).fill(401), 429, 429])
})

test('ATK-27 a token that comes in a query, a path, a cookie or a wrong header is not looked at, and no log line or event holds it', async () => {
  const { access_token: token } = await signInAs(sallyport, 'ada')
  const ask = async (path: string, headers: readonly string[] = []): Promise<number> => {
    const request = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headers, '', '']
    return Number((await exchangeRaw(sallyport.url, request.join('\r\n'))).slice(9, 12))
  }
  const statuses = [
    await ask(`/api/v1/verify?access_token=${token}&token=${token}`),
    await ask(`/api/v1/verify/${token}`),
    await ask('/api/v1/verify', [`Cookie: token=${token}; access_token=${token}; jwt=${token}; session=${token}`]),
    await ask('/api/v1/verify', [`X-Access-Token: ${token}`, `X-Auth-Token: ${token}`]),
    await ask(`/api/v2/user/dirs?jwt=${token}`),
    await ask(`/v1/ws?token=${token}`, [
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Protocol: ${token}`,
    ]),
    await ask('/api/v1/verify', [`Authorization: Bearer ${token}`]),
  ]
  assert.deepEqual(statuses, [401, 404, 401, 401, 401, 400, 200])
  const written = [...lines, ...(await auditTrail(sallyport)).map((event) => JSON.stringify(event))]
  assert.deepEqual(
    written.filter((line) => line.includes(token.slice(-40))),
    [],
  )
})

test('ATK-28 a fault of our own is told in the shape of the dialect and nothing else, and the log has its cause', async () => {
  await sallyport.addAccount({ username: 'broken', password, email: 'broken@example.org' })
  const database = new DatabaseSync(join(sallyport.dataDir, 'sallyport.db'))
  database.exec("UPDATE accounts SET totp_sealed = x'00' WHERE username = 'broken'")
  database.close()
  const ask = async (path: string, request: object): Promise<string> => {
    const answer = await sallyport.app.inject({ url: path, ...request } as object)
    return `${answer.statusCode} ${answer.body}`
  }
  const otp = { 'x-sftpgo-otp': '123456', authorization: `Basic ${btoa(`broken:${password}`)}` }
  const before = lines.length
  const answers = [
    await ask('/api/v1/sessions', { method: 'POST', payload: { username: 'broken', password, otp: '123456' } }),
    await ask('/api/v2/user/token', { headers: otp }),
  ]
  assert.deepEqual(answers, [
    '500 {"type":"internal","title":"Something went wrong on our side.","status":500}',
    '500 {"error":"Something went wrong on our side.","message":"Internal Server Error"}\n',
  ])
  assert.equal(lines.slice(before).filter((line) => line.includes('INTERNAL')).length, 2)
})

test('ATK-28 nothing for operators or of the file system is served to the public', async () => {
  const paths = [
    '/metrics',
    '/debug/pprof/',
    '/debug/vars',
    '/status',
    '/server-status',
    '/actuator/env',
    '/.env',
    '/.git/config',
    '/package.json',
    '/src/main.ts',
    '/data/sallyport.db',
    '/master.key',
    '/api/v1/debug',
    '/api/v1/metrics',
    '/graphql',
  ]
  for (const url of paths) {
    const answer = await sallyport.app.inject({ url, headers: { host: '127.0.0.1' } })
    assert.equal(answer.statusCode, 404, url)
  }
})

test('ATK-29 verifying writes nothing to the store and hashes no password', async () => {
  const fresh = await runSallyport({ start: { hashCost } })
  try {
    await fresh.addAccount({ username: 'ada', password })
    const { access_token: token } = await signInAs(fresh, 'ada')
    const reader = new DatabaseSync(join(fresh.dataDir, 'sallyport.db'), { readOnly: true })
    const version = (): unknown => reader.prepare('PRAGMA data_version').get()?.data_version
    const hashes = (): number => (fresh.ports.hasher as PooledPasswordHasher).calls()
    const before = [version(), hashes()]
    const statuses = new Set<number>()
    for (let use = 0; use < 2_000; use += 1) statuses.add(await verify(fresh, use % 2 === 0 ? token : `${token}x`))
    const after = [version(), hashes()]
    reader.close()
    assert.deepEqual([[...statuses], after], [[200, 401], before])
  } finally {
    await fresh.close()
  }
})

test('ATK-30 a sign-in never takes over a token, or an id, that its client brings along', async () => {
  const planted = 'e5239484-2299-41df-b901-d0568db7e3f9'
  for (const one of signIns) {
    const live = await signInWith(one)
    for (const brought of [planted, live]) {
      const headers = { authorization: `Bearer ${brought}`, cookie: `session=${brought}`, 'x-request-id': brought }
      const fresh = await signInWith(one, headers)
      assert.ok(fresh !== brought && fresh !== live, one.path)
    }
  }
  const authorization = `giantswarm ${planted}`
  assert.equal((await call(sallyport, { path: '/v4/info/', headers: { authorization } })).status, 401)
})
