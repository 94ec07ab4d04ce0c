/** Tests of koyeb: goldens, and the sign-in. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { removeMember } from '../../src/core/organizations/administer.ts'
import type { Organization } from '../../src/core/organizations/organization.ts'
import { call, claimsOf, commandFacts, type KoyebWorld, koyebWorld, login, password } from '../fixtures/koyeb/world.ts'

type Text = string | { readonly match: string }

type Golden = {
  readonly title: string
  readonly setup?: { readonly signIn: string }
  readonly request: {
    readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly answer: { readonly status: number; readonly headers: Readonly<Record<string, Text>>; readonly body: Text }
}

const folder = new URL('../fixtures/koyeb/', import.meta.url)
const goldens = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Golden[])

let world: KoyebWorld

before(async () => {
  world = await koyebWorld({ config: { throttle: false } })
})

after(() => world.close())

for (const golden of goldens) test(golden.title, () => runGolden(golden))

async function runGolden({ setup, request, answer }: Golden): Promise<void> {
  const token = setup === undefined ? '' : (await login(world, setup.signIn)).id
  const fill = (text: string): string => filled(text, token)
  const got = await world.app.inject({
    method: request.method,
    url: fill(request.path),
    headers: Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name, fill(value)])),
    ...(request.body === undefined ? {} : { payload: fill(request.body) }),
  })
  const wanted = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, expected(value, fill)]),
  )
  assert.deepEqual(
    {
      status: got.statusCode,
      headers: Object.fromEntries(
        Object.keys(wanted).map((name) => [name, seen(answer.headers[name], String(got.headers[name]), fill)]),
      ),
      body: seen(answer.body, got.body, fill),
    },
    { status: answer.status, headers: wanted, body: expected(answer.body, fill) },
  )
}

type Fill = (text: string) => string

function expected(text: Text, fill: Fill): string {
  return typeof text === 'string' ? fill(text) : text.match
}

/** Replaces a matching text by its pattern, so that one comparison shows every difference. */
function seen(wanted: Text | undefined, got: string, fill: Fill): string {
  if (wanted === undefined || typeof wanted === 'string') return got
  return new RegExp(fill(wanted.match)).test(got) ? wanted.match : got
}

function filled(text: string, token: string): string {
  const { ada, solo, harbour, island, url } = world
  const values: Readonly<Record<string, string>> = {
    token,
    url,
    'ada.uuid': ada.uuid,
    'solo.uuid': solo.uuid,
    'harbour.id': harbour.id,
    'island.id': island.id,
  }
  return text.replace(/\{\{([a-z.]+)\}\}/g, (_whole, name: string) => values[name] ?? `no ${name}`)
}

test('KOY-1 a body is read as JSON under every media type and none, and unknown members are ignored', async () => {
  const body = JSON.stringify({ email: 'solo@example.org', password, captcha: 'x', remember: true })
  const types = [
    undefined,
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/octet-stream',
    'x',
  ]
  const statuses: number[] = []
  for (const type of types) {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
    statuses.push((await call(world, 'POST /v1/account/login', { headers, body: `${body}\n` })).status)
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200])
})

test('KOY-1 an organization may be named in camel case, and an empty string names none', async () => {
  const member = { email: 'solo@example.org', password }
  const empty = await call(world, 'POST /v1/account/login', { body: { ...member, organization_id: '' } })
  const camel = await call(world, 'POST /v1/account/login', { body: { ...member, organizationId: world.island.id } })
  assert.deepEqual([empty.status, camel.status], [200, 403])
})

test('KOY-2 missing members, an empty body and malformed JSON are 400 in one shape', async () => {
  const bodies = ['{}', '', '{"email":"a"}', '{', 'null', '"a"', '\u0000']
  const shapes: unknown[] = []
  for (const body of bodies) {
    const { status, json } = await call(world, 'POST /v1/account/login', { body })
    const { fields, ...rest } = json as { fields: { field: string }[]; status: number; message: string }
    shapes.push([status, Object.keys(rest), rest.status, fields.map(({ field }) => field)])
  }
  const shape = (fields: string[]): unknown => [400, ['status', 'code', 'message'], 400, fields]
  const both = shape(['email', 'password'])
  assert.deepEqual(shapes, [both, both, shape(['password']), shape([]), shape([]), shape([]), shape([])])
})

test('KOY-3 every fault of an account or its password gets the same answer', async () => {
  await world.addAccount({ username: 'mute', email: 'mute@example.org', password: null })
  await world.addAccount({
    username: 'late',
    email: 'late@example.org',
    password,
    expiresAt: Math.floor(world.clock.wallMs() / 1000),
  })
  await world.addAccount({ username: 'dual', email: 'dual@example.org', password })
  await enrol('dual')
  const attempts = [
    { email: 'ada@example.org', password: 'a lamp above the water' },
    { email: 'ada@example.org', password: `${password} ` },
    { email: 'nobody@example.org', password },
    { email: 'ada', password },
    { email: 'mute@example.org', password },
    { email: 'late@example.org', password },
    { email: 'dual@example.org', password },
    { email: 'ada@example.org', password: 'x'.repeat(5_000) },
    { email: 'ada@example.org', password: 'a lamp above the water', organization_id: world.island.id },
  ]
  const answers = new Set<string>()
  for (const body of attempts) {
    const { status, text } = await call(world, 'POST /v1/account/login', { body })
    answers.add(`${status} ${text}`)
  }
  const message = 'There is no Koyeb account associated with this email address or your password is incorrect'
  assert.deepEqual([...answers], [`401 ${JSON.stringify({ status: 401, code: 'authentication_error', message })}`])
})

test('KOY-3 an e-mail is compared case-insensitively, and either role signs in', async () => {
  await world.addAccount({ username: 'ops', email: 'ops@example.org', password, role: 'admin' })
  const statuses = []
  for (const email of ['ADA@EXAMPLE.ORG', 'ops@example.org']) {
    statuses.push((await call(world, 'POST /v1/account/login', { body: { email, password } })).status)
  }
  assert.deepEqual(statuses, [200, 200])
})

test('KOY-4 LoginReply has four members, and expires_at is the exp of the token', async () => {
  const token = await login(world, 'solo@example.org')
  const expiresAt = Number(claimsOf(token.id).exp)
  assert.deepEqual(token, {
    id: token.id,
    user_id: world.solo.uuid,
    organization_id: '',
    expires_at: new Date(expiresAt * 1000).toISOString().replace('.000Z', 'Z'),
  })
})

test('KOY-4, KOY-5 a life without an end still gives an exp, a day ahead', async () => {
  const endless = await koyebWorld({ config: { koyeb: { tokenSeconds: null, absoluteSeconds: null } } })
  try {
    const token = await login(endless, 'solo@example.org')
    const { iat, exp } = claimsOf(token.id)
    endless.clock.advance(86_400_000 - 1)
    const before = await call(endless, 'GET /v1/account/profile', { token: token.id })
    endless.clock.advance(1)
    const afterwards = await call(endless, 'GET /v1/account/profile', { token: token.id })
    assert.deepEqual([Number(exp) - Number(iat), before.status, afterwards.status], [86_400, 200, 401])
  } finally {
    await endless.close()
  }
})

test('KOY-5 two tokens of one second are JWTs that differ only in their jti', async () => {
  const tokens = [await login(world, 'ada@example.org'), await login(world, 'ada@example.org')]
  const [one, other] = tokens.map(({ id }) => claimsOf(id))
  assert.notEqual(one?.jti, other?.jti)
  assert.deepEqual({ ...one, jti: other?.jti }, other)
  assert.deepEqual(Object.keys(one ?? {}), ['jti', 'user_id', 'organization_id', 'iat', 'exp'])
  for (const { id } of tokens) {
    assert.match(id, /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
    assert.equal(Buffer.from(id.split('.')[0] ?? '', 'base64url').toString(), '{"alg":"HS256","typ":"JWT"}')
  }
})

test('KOY-7 a sign-in is scoped to the oldest membership, then to the organization used last, then to the remaining one', async () => {
  const server = await koyebWorld()
  const { harbour, lighthouse } = server
  const scope = async (): Promise<string> => (await login(server, 'ada@example.org')).organization_id
  try {
    const first = await login(server, 'ada@example.org')
    const switched = await call(server, `POST /v1/organizations/${lighthouse.id}/switch`, { token: first.id })
    const orgless = await call(server, 'POST /v1/account/session', { token: first.id })
    const second = await scope()
    const named = await login(server, 'ada@example.org', harbour.id)
    const third = await scope()
    assert.deepEqual(
      [first.organization_id, switched.status, orgless.status, second, named.organization_id, third],
      [harbour.id, 200, 200, lighthouse.id, harbour.id, harbour.id],
    )
    await leave(server, harbour)
    const fourth = await scope()
    await leave(server, lighthouse)
    assert.deepEqual([fourth, await scope()], [lighthouse.id, ''])
  } finally {
    await server.close()
  }
})

test('KOY-8 an organization that is named is used, and a refusal counts no failure', async () => {
  const server = await koyebWorld()
  try {
    const input = { email: 'ada@example.org', password, organization_id: server.island.id }
    const statuses = new Set<number>()
    for (let attempt = 0; attempt < 12; attempt += 1) {
      statuses.add((await call(server, 'POST /v1/account/login', { body: input })).status)
    }
    const { organization_id: scopedTo } = await login(server, 'ada@example.org', server.lighthouse.id)
    assert.deepEqual([[...statuses], scopedTo], [[403], server.lighthouse.id])
  } finally {
    await server.close()
  }
})

test('KOY-17 a throttled sign-in is 429 with a number as its code and Retry-After, also for unknown names', async () => {
  const server = await koyebWorld()
  try {
    const answers: unknown[] = []
    for (const email of ['ada@example.org', 'nobody@example.org']) {
      const body = { email, password: 'a lamp above the water' }
      for (let attempt = 0; attempt < 10; attempt += 1) await call(server, 'POST /v1/account/login', { body })
      const { status, headers, json } = await call(server, 'POST /v1/account/login', { body: { email, password } })
      answers.push({ status, retryAfter: headers.get('retry-after'), type: headers.get('content-type'), json })
    }
    const throttled = {
      status: 429,
      retryAfter: '30',
      type: 'application/json',
      json: { code: 8, message: 'Too many failed sign-ins; wait before the next one.', details: [] },
    }
    assert.deepEqual(answers, [throttled, throttled])
  } finally {
    await server.close()
  }
})

function leave(server: KoyebWorld, organization: Organization): Promise<void> {
  return removeMember(server.ports, { organization, accountId: server.ada.id }, commandFacts)
}

/** Enrols a second factor for an account, through control. */
async function enrol(username: string): Promise<void> {
  const signedIn = await call(world, 'POST /api/v1/sessions', { body: { username, password } })
  const { access_token: token } = signedIn.json as { access_token: string }
  const begun = await call(world, 'POST /api/v1/account/totp', { token, body: { password } })
  const { secret } = begun.json as { secret: string }
  const code = TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: world.clock.wallMs() })
  const confirmed = await call(world, 'POST /api/v1/account/totp/confirm', { token, body: { code } })
  assert.equal(confirmed.status, 204, confirmed.text)
}
