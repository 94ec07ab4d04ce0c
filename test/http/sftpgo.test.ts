/** sftpgo: goldens, and what signing in takes and gives. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { Refusal, type RefusalCode } from '../../src/core/errors.ts'
import { answerRefusal } from '../../src/http/dialects/sftpgo/errors.ts'
import { encodeBody, formatDuration } from '../../src/http/dialects/sftpgo/wire.ts'
import { compareGoldens, type GoldenValues } from '../fixtures/goldens.ts'
import { sendRaw } from '../fixtures/raw-socket.ts'
import {
  adminToken,
  ask,
  basic,
  bearer,
  claimsOf,
  enrol,
  password,
  type Question,
  type SftpgoWorld,
  sftpgoWorld,
  short,
  signIn,
  userToken,
} from '../fixtures/sftpgo/world.ts'

/** Longest that a token of this dialect lives. */
const lifeMs = 20 * 60_000

const none = '401 {"message":"Unauthorized"}\n'
const invalid = '401 {"error":"invalid credentials","message":"Unauthorized"}\n'

const command = {
  by: null,
  request: { by: 'command', ip: null, requestId: null, activity: null, commandLine: null },
} as const

let world: SftpgoWorld

before(async () => {
  world = await sftpgoWorld({ config: { sftpgo: { absoluteSeconds: 1_200 }, throttle: false } })
})

after(() => world.close())

async function signOut(realm: '' | '/user', token: string): Promise<void> {
  assert.equal((await ask(world, `${realm}/logout`, { headers: bearer(token) })).status, 200)
}

const setups: Readonly<Record<string, () => Promise<string>>> = {
  'a user token': () => userToken(world),
  'an admin token': () => adminToken(world),
  'a user token of another address': () => userToken(world, '10.1.2.3'),
  'an admin token of another address': () => adminToken(world, '10.1.2.3'),
  'a user token that signed out': async () => {
    const token = await userToken(world)
    await signOut('/user', token)
    return token
  },
  'an admin token that signed out': async () => {
    const token = await adminToken(world)
    await signOut('', token)
    return token
  },
  'an expired user token': async () => {
    const token = await userToken(world)
    world.clock.advance(lifeMs)
    return token
  },
  'an expired admin token': async () => {
    const token = await adminToken(world)
    world.clock.advance(lifeMs)
    return token
  },
  'a user token that signed out and expired': async () => {
    const token = await userToken(world)
    await signOut('/user', token)
    world.clock.advance(lifeMs)
    return token
  },
  'a token of a user without an e-mail address': async () => {
    await world.addAccount({ username: 'bare', password })
    return signIn(world, '/user', { headers: basic('bare') })
  },
}

async function prepare(setup: string): Promise<GoldenValues> {
  const make = setups[setup]
  assert.ok(make, `there is no set-up "${setup}"`)
  return { token: await make() }
}

test('SFT-2, SFT-5, SFT-7, SFT-8, SFT-9, SFT-13 the token endpoints answer as their goldens say', (t) =>
  compareGoldens(t, 'sftpgo/tokens', { url: world.url, prepare }))

test('SFT-3 what is not served is answered as its goldens say', (t) =>
  compareGoldens(t, 'sftpgo/unserved', { url: world.url, prepare }))

test('SFT-1, SFT-2, SFT-23 version, listing and profile are answered as their goldens say', (t) =>
  compareGoldens(t, 'sftpgo/probes', { url: world.url, prepare }))

test('SFT-2, SFT-13, SFT-14, SFT-15, SFT-16, SFT-17, SFT-18, SFT-19, SFT-20 Bearer checks and logout answer as their goldens say', (t) =>
  compareGoldens(t, 'sftpgo/bearer-checks', { url: world.url, prepare }))

test("SFT-1 a body is escaped as Go's encoder escapes it, lone surrogates included", () => {
  const body = { b: '<a href="x">&\u2028\u2029/\u007f\b', a: [null, 1, '\ud800x'] }
  const text = '{"b":"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029/\u007f\\b","a":[null,1,"\ufffdx"]}\n'
  assert.equal(encodeBody(body), text)
})

test('SFT-2 HEAD makes a token and ends one, without a body', async () => {
  const { events } = await world.ports.store.auditHeads().then(async ([head]) => ({ events: head?.seq ?? 0 }))
  const signed = await sendRaw(world.url, [
    'HEAD /api/v2/user/token HTTP/1.1',
    `Authorization: ${basic('ada').authorization}`,
  ])
  const token = await userToken(world)
  const ended = await sendRaw(world.url, ['HEAD /api/v2/user/logout HTTP/1.1', `Authorization: Bearer ${token}`])
  const after = await ask(world, '/user/dirs', { headers: bearer(token) })
  const [head] = await world.ports.store.auditHeads()
  assert.deepEqual(
    [signed.statusLine, signed.body, ended.statusLine, ended.body, short(after), (head?.seq ?? 0) - events],
    ['HTTP/1.1 200 OK', '', 'HTTP/1.1 200 OK', '', '401 {"message":"Your token is no longer valid"}\n', 3],
  )
})

test('SFT-3, SFT-4 a body that is too large, a rule that denies and a fault of our own are ApiResponse', async () => {
  const codes: readonly RefusalCode[] = [
    'BODY_TOO_LARGE',
    'INPUT_INVALID',
    'SIGN_IN_DENIED',
    'ACCOUNT_NOT_FOUND',
    'INTERNAL',
  ]
  const answers = codes.map((code) => writtenAs(new Refusal(code)))
  assert.deepEqual(answers, [
    '400 {"error":"The body is too large.","message":""}\n',
    '400 {"error":"The request is not well formed.","message":""}\n',
    '403 {"error":"A rule of the account denies this sign-in.","message":"Forbidden"}\n',
    '404 {"error":"Not Found","message":""}\n',
    '500 {"error":"Something went wrong on our side.","message":"Internal Server Error"}\n',
  ])
})

/** Runs the error handler on a reply that only remembers. */
function writtenAs(refusal: Refusal): string {
  let written = ''
  const reply = {
    header: () => reply,
    headers: () => reply,
    code: (status: number) => {
      written = String(status)
      return reply
    },
    send: (body: Buffer) => {
      written += ` ${body.toString()}`
      return reply
    },
  }
  answerRefusal(refusal, {} as never, reply as never)
  return written
}

test('SFT-5 the end is in whole seconds with a literal Z, whatever the milliseconds of the clock, and is the exp', async () => {
  world.clock.set(Date.UTC(2026, 1, 28, 23, 59, 59, 987))
  const { status, headers, body } = await ask(world, '/token', { headers: basic('ops') })
  const answer = JSON.parse(body) as { access_token: string; expires_at: string }
  const { exp } = claimsOf(answer.access_token)
  assert.deepEqual(
    [status, headers['cache-control'], Object.keys(answer), answer.expires_at, exp],
    [200, 'no-store', ['access_token', 'expires_at'], '2026-03-01T00:19:59Z', Date.UTC(2026, 2, 1, 0, 19, 59) / 1000],
  )
})

test('SFT-6 header and claims of both realms are those of the original, and jti alone differs within a second', async () => {
  const { ada, ops } = world
  const [one, other, admin] = [
    await userToken(world, '::ffff:10.9.8.7'),
    await userToken(world, '10.9.8.7'),
    await adminToken(world),
  ]
  const iat = Math.floor(world.clock.wallMs() / 1000)
  const times = { iat, nbf: iat - 10, exp: iat + 1_200 }
  const { jti: jtiOfOne, ...rest } = claimsOf(one)
  const { jti: jtiOfOther } = claimsOf(other)
  const { jti: jtiOfAdmin, ...restOfAdmin } = claimsOf(admin)
  const read = await Promise.all([ada, ops].map(({ id }) => world.ports.store.accountById(id)))
  assert.deepEqual(
    [Buffer.from(one.split('.')[0] ?? '', 'base64url').toString(), rest, restOfAdmin],
    [
      '{"alg":"HS256","typ":"JWT"}',
      { ...times, aud: ['APIUser', '10.9.8.7'], sub: String(read[0]?.updatedAtMs), username: 'ada' },
      { ...times, aud: ['API', '127.0.0.1'], sub: String(read[1]?.updatedAtMs), username: 'ops', permissions: ['*'] },
    ],
  )
  const ids = [jtiOfOne, jtiOfOther, jtiOfAdmin]
  assert.equal(new Set(ids).size, 3)
  for (const id of ids) assert.match(String(id), /^[0-9a-v]{19}[0g]$/)
})

test('SFT-7, SFT-12 missing credentials are never throttled; failures are, alike for names that nobody has', async () => {
  const server = await sftpgoWorld()
  try {
    for (let attempt = 0; attempt < 12; attempt += 1) await ask(server, '/user/token', { headers: basic('ada', '') })
    const first = await ask(server, '/user/token', { headers: basic('ada') })
    const throttled: unknown[] = []
    for (const [realm, username] of [
      ['/user', 'nobody'],
      ['', 'ops'],
    ] as const) {
      const wrong: Question = { headers: basic(username, 'a lamp above the water'), from: '10.3.3.3' }
      for (let attempt = 0; attempt < 10; attempt += 1) await ask(server, `${realm}/token`, wrong)
      const answer = await ask(server, `${realm}/token`, { headers: basic(username), from: '10.3.3.3' })
      const { 'retry-after': retryAfter, 'x-retry-in': retryIn, 'content-type': type } = answer.headers
      throttled.push([short(answer), retryAfter, retryIn, type, answer.headers['www-authenticate']])
    }
    const body = '429 {"error":"Too many failed sign-ins; wait before the next one.","message":"Too Many Requests"}\n'
    const expected = [body, '30', '30s', 'application/json', undefined]
    assert.deepEqual([first.status, throttled], [200, [expected, expected]])
  } finally {
    await server.close()
  }
})

test('SFT-12 a full hash queue answers 503 with Retry-After', async () => {
  const server = await sftpgoWorld({ config: { hashThreads: 1, hashQueue: 1, throttle: false } })
  try {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => ask(server, '/token', { headers: basic('ops') })),
    )
    const refused = answers.filter(({ status }) => status !== 200)
    const body = '503 {"error":"Too many sign-ins at once; try again shortly.","message":"Service Unavailable"}\n'
    assert.ok(refused.length > 0 && refused.length < answers.length)
    assert.deepEqual(
      new Set(refused.map((one) => `${one.headers['retry-after']} ${short(one)}`)),
      new Set([`2 ${body}`]),
    )
  } finally {
    await server.close()
  }
})

test('SFT-12 a wait is written as Go writes it', () => {
  const written = [1, 30, 60, 90, 3_600, 3_661].map(formatDuration)
  assert.deepEqual(written, ['1s', '30s', '1m0s', '1m30s', '1h0m0s', '1h1m1s'])
})

test('SFT-8, SFT-9 no account is told from another by the answer to a wrong sign-in', async () => {
  const now = Math.floor(world.clock.wallMs() / 1000)
  await world.addAccount({ username: 'mute', password: null })
  await world.addAccount({ username: 'mute', password: null, role: 'admin' })
  await world.addAccount({ username: 'late', password, expiresAt: now })
  await world.addAccount({ username: 'blank', password: ' '.repeat(16), role: 'admin' })
  const off = await world.addAccount({ username: 'off', password })
  await changeAccount(world.ports, off, { change: { status: 'disabled' }, how: command })
  const attempts: readonly (readonly [string, string, string])[] = [
    ['/user', 'mute', password],
    ['', 'mute', password],
    ['', 'mute', ''],
    ['/user', 'late', password],
    ['/user', 'off', password],
    ['', 'blank', ' '.repeat(16)],
    ['/user', 'Ada', password],
    ['/user', 'ada', `${password} `],
    ['/user', ' ', password],
    ['/user', 'ada', 'x'.repeat(5_000)],
  ]
  const answers = new Set<string>()
  for (const [realm, username, secret] of attempts) {
    const answer = await ask(world, `${realm}/token`, { headers: basic(username, secret) })
    answers.add(`${answer.headers['www-authenticate']} ${short(answer)}`)
  }
  assert.deepEqual([...answers], [`Basic realm="SFTPGo" ${invalid}`])
})

test('SFT-9 a user and an administrator of one name are two accounts', async () => {
  await world.addAccount({ username: 'twin', password: 'the name of a user here' })
  await world.addAccount({ username: 'twin', password: 'the name of an admin here', role: 'admin' })
  const statuses: number[] = []
  for (const secret of ['the name of a user here', 'the name of an admin here']) {
    for (const realm of ['/user', ''])
      statuses.push((await ask(world, `${realm}/token`, { headers: basic('twin', secret) })).status)
  }
  assert.deepEqual(statuses, [200, 401, 401, 200])
})

test('SFT-10 the scheme is compared without its case, a name trimmed, a password taken from the first colon on, all as UTF-8', async () => {
  await world.addAccount({ username: 'zoë', password: 'der Turm: über dem Hafen' })
  const { authorization } = basic(' zoë ', 'der Turm: über dem Hafen')
  const headers = [authorization, authorization.replace('Basic', 'bASIC'), authorization.replace('Basic', 'BASIC')]
  const statuses = await Promise.all(
    headers.map(async (value) => (await ask(world, '/user/token', { headers: { authorization: value } })).status),
  )
  assert.deepEqual(statuses, [200, 200, 200])
})

test('SFT-10 of two Authorization lines the first counts', async () => {
  const good = `Authorization: ${basic('ada').authorization}`
  const bad = `Authorization: ${basic('ada', 'wrong').authorization}`
  const ask = async (lines: readonly string[]): Promise<string> =>
    (await sendRaw(world.url, ['GET /api/v2/user/token HTTP/1.1', ...lines])).statusLine
  assert.deepEqual([await ask([good, bad]), await ask([bad, good])], ['HTTP/1.1 200 OK', 'HTTP/1.1 401 Unauthorized'])
})

test('SFT-11 a code is asked of both realms, once, and nothing tells a missing one from a wrong password', async () => {
  await world.addAccount({ username: 'dual', password })
  await world.addAccount({ username: 'duo', password, role: 'admin' })
  const codes = { dual: await enrol(world, 'dual'), duo: await enrol(world, 'admin:duo') }
  world.clock.advance(60_000)
  for (const [realm, username] of [
    ['/user', 'dual'],
    ['', 'duo'],
  ] as const) {
    const good = codes[username]()
    const wrong = good === '000000' ? '000001' : '000000'
    const send = async (otp: string | null, secret = password): Promise<string> => {
      const headers = { ...basic(username, secret), ...(otp === null ? {} : { 'x-sftpgo-otp': otp }) }
      const answer = await ask(world, `${realm}/token`, { headers })
      return answer.status === 200 ? '200' : `${answer.headers['www-authenticate']} ${short(answer)}`
    }
    const recovery = `RC-${'A'.repeat(22)}`
    const refused = [null, '', '  ', wrong, `${good}0`, good.slice(1), recovery, `${good}, ${good}`]
    const answers = new Set<string>()
    for (const otp of refused) answers.add(await send(otp))
    answers.add(await send(good, 'a lamp above the water'))
    const accepted = await send(` ${good} `)
    answers.add(await send(good))
    assert.deepEqual([[...answers], accepted], [[`Basic realm="SFTPGo" ${invalid}`], '200'])
  }
})

test('SFT-11 of parallel sign-ins with one code one gets a token', async () => {
  await world.addAccount({ username: 'many', password })
  const code = await enrol(world, 'many')
  world.clock.advance(60_000)
  const headers = { ...basic('many'), 'x-sftpgo-otp': code() }
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(world, '/user/token', { headers })))
  const refused = answers.filter(({ status }) => status !== 200)
  assert.deepEqual([refused.length, new Set(refused.map(short))], [5, new Set([invalid])])
})

test('SFT-13 a 401 without credentials names the realm once, by the raw header line', async () => {
  const { statusLine, headers, body } = await sendRaw(world.url, ['GET /api/v2/token HTTP/1.1'])
  const named = headers
    .filter((line) => /^(www-authenticate|content-type|content-length):/i.test(line))
    .map((line) => line.toLowerCase())
  assert.deepEqual(
    [`${statusLine.slice(9, 12)} ${body}`, named.sort()],
    [none, ['content-length: 27', 'content-type: application/json', 'www-authenticate: basic realm="sftpgo"']],
  )
})
