/** Attacks by bodies: JSON that two readers read as two things, of wrong types, without end, and no JSON at all. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { findJsonFault } from '../../src/http/steps/json-faults.ts'
import {
  type AttackWorld,
  attackWorld,
  idleLimits,
  password,
  presented,
  type Realm,
  type Route,
  realmOf,
  tryCases,
} from '../fixtures/attack-world.ts'

let world: AttackWorld
let readers: readonly Route[]
const tokens = new Map<Realm, string>()

before(async () => {
  world = await attackWorld()
  readers = world.routes.filter(({ method }) => ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method))
  for (const realm of ['control', 'user', 'admin', 'pacerpro', 'giantswarm', 'koyeb'] as const) await renew(realm)
})

after(() => world.close())

let accounts = 0
/** Whose the token of a realm is. */
const holders = new Map<Realm, string>()

/** Gets a live token of a new account: the body may change or disable the account of the last one. */
async function renew(realm: Realm): Promise<void> {
  accounts += 1
  const username = `mallory-${accounts}`
  const role = realm === 'admin' || realm === 'giantswarm' ? 'admin' : 'user'
  await world.addAccount({ username, password, role, email: `${username}@example.org` })
  tokens.set(realm, await world.tokenOf(realm, username))
  holders.set(realm, username)
}

/** Sends a body to a route with a live token of its dialect; a token that the route ended is replaced. */
async function send({ method, path }: Route, payload: string | Buffer): Promise<{ status: number; body: string }> {
  const realm = realmOf(path)
  const holder = holders.get(realm) ?? ''
  const url = path
    .replace(':email', `${holder}@example.org`)
    .replace(':username', holder)
    .replace(/:\w+/g, '00000000-0000-4000-8000-000000000000')
  const authorization = presented(realm, tokens.get(realm) ?? '')
  const headers = { authorization, 'content-type': 'application/json' }
  const { statusCode: status, body } = await world.attack({ method, url, headers, payload })
  if (status < 300 || status === 401) {
    const isOver = (await world.attack({ url: probes[realm], headers: { authorization } })).statusCode === 401
    if (isOver) await renew(realm)
  }
  return { status, body }
}

/** Routes that end every session of the account, that of a case beside them included: they are tried one after the other. */
const endsAll: readonly string[] = ['DELETE /api/v1/sessions', 'DELETE /session']

/** A read of each dialect that shows whether a token is live. */
const probes: Readonly<Record<Realm, string>> = {
  control: '/api/v1/verify',
  user: '/api/v2/user/dirs',
  admin: '/api/v2/version',
  pacerpro: '/session',
  giantswarm: '/v4/info/',
  koyeb: '/v1/account/profile',
}

const names = [
  'username',
  'email',
  'password',
  'password_base64',
  'otp',
  'organization_id',
  'organizationId',
  'refresh_token',
  'current_password',
  'new_password',
  'code',
  'secret',
  'purpose',
  'change_id',
  'server',
  'os_user',
  'server_ip',
  'pty_session_id',
  'start_role',
  'name',
  'role',
  'id',
  'type',
  'scope',
  'user',
  'admin',
  'status',
  'permissions',
  'filters',
  'payload',
  'description',
  'public_keys',
  'tls_certs',
  'expires_at',
  'expiration_date',
  'expiry',
  'validity',
  'config_name',
  'passcode',
  'protocols',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
] as const
const goodValues = [
  'ada',
  'admin:root',
  'ada@example.org',
  Buffer.from(password).toString('base64'),
  'health_check',
  'change_request',
  'implementor',
  'admin',
  '127.0.0.1',
  'CR-1',
  '123456',
  'Plain',
  'Default',
  '2030-01-02T03:04:05Z',
  '60s',
  `1.${'A'.repeat(43)}`,
] as const
const oddText = fc.constantFrom(
  '',
  ' ',
  '\0',
  'ada\0root',
  '\ud800',
  '\udfff\ud800',
  '\u202e',
  '\ufeff',
  '{"$gt":""}',
  "' OR 1=1 --",
  '../../etc/passwd',
  '\u001b[2J',
  'x'.repeat(70_000),
)
const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...goodValues) },
  { weight: 3, arbitrary: oddText },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      1e308,
      1.5,
      [],
      {},
      [[]],
      [null],
      { $gt: '' },
      { status: 'Plain', payload: 'x' },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...goodValues), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('os_user', 'server_ip', '__proto__'), oddText) },
)
const member = fc.tuple(fc.constantFrom(...names), value)

/** Members as they come, repeated ones included. */
const objectText = fc.array(member, { maxLength: 6 }).map((members) => objectOf(members))
const deep = fc
  .tuple(fc.constantFrom(63, 64, 65, 1_000, 10_000), fc.constantFrom(['[', ']'], ['{"a":', '}']))
  .map(([depth, [open = '', close = '']]) => `${open.repeat(depth)}1${close.repeat(depth)}`)
const hostileText = fc.oneof(
  { weight: 8, arbitrary: objectText },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc.constantFrom('null', 'true', '0', '""', '[]', '[{}]', '{', '{"a"', '"', '\ufeff{}', '-', '1e999'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
)
const body = fc.oneof(
  { weight: 8, arbitrary: hostileText.map((text) => Buffer.from(text)) },
  {
    weight: 1,
    arbitrary: fc.tuple(hostileText, fc.nat(200)).map(([text, cut]) => Buffer.from(text).subarray(0, -cut - 1)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(hostileText, fc.nat(200), fc.nat(255)).map(([text, at, byte]) => altered(text, at, byte)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
)

function objectOf(members: readonly (readonly [string, unknown])[]): string {
  return `{${members.map(([name, held]) => `${JSON.stringify(name)}:${JSON.stringify(held)}`).join(',')}}`
}

function altered(text: string, at: number, byte: number): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > 0) bytes[at % bytes.length] = byte
  return bytes
}

test('ATK-5 whatever a body holds, the answer is sound and no object of ours is changed', idleLimits, async () => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  const routes = readers.filter(({ method, path }) => !endsAll.includes(`${method} ${path}`))
  await tryCases('bodies', fc.record({ route: fc.nat(), payload: body }), async ({ route, payload }) => {
    await send(routes[route % routes.length] as Route, payload)
  })
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  assert.equal(Object.keys({}).length, 0)
})

/** Routes that take any body, because they want none, or because what they would change is not there. */
const wantsNone: ReadonlySet<string> = new Set([
  ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /api/v1/verify`),
  ...['admin', 'user'].map((realm) => `POST /api/v2/${realm}/2fa/recoverycodes`),
  ...['admins', 'users'].flatMap((accounts) => [
    `POST /api/v2/${accounts}/:username/forgot-password`,
    `DELETE /api/v2/${accounts}/:username`,
    `PUT /api/v2/${accounts}/:username/2fa/disable`,
  ]),
  'PUT /api/v2/users/:username',
  'PUT /api/v2/apikeys/:id',
  'DELETE /api/v2/apikeys/:id',
  'DELETE /api/v2/defender/hosts/:id',
])

test('ATK-6 a repeated member, a member called __proto__ and a depth over 64 are refused on every route that reads JSON', async () => {
  const refused = [
    '{"x":1,"x":2}',
    '{"x":1,"\\u0078":2}',
    '{"y":[{"x":1,"x":1}]}',
    '{"__proto__":{}}',
    '['.repeat(65) + ']'.repeat(65),
  ]
  assert.ok(readers.length >= 18)
  for (const route of readers) {
    const malformed = await send(route, '{')
    if (wantsNone.has(`${route.method} ${route.path.replace(/\/$/, '')}`)) {
      assert.doesNotMatch(malformed.body, /well-formed/, `${route.method} ${route.path}`)
      continue
    }
    for (const payload of refused) {
      const { status, body: said } = await send(route, payload)
      assert.equal(status, malformed.status, `${route.method} ${route.path} ${payload.slice(0, 30)} ${said}`)
      assert.ok(
        status === 400 || (status === 401 && route.path === '/session'),
        `${route.method} ${route.path} ${status}`,
      )
      if (route.path !== '/session') assert.match(said, /names a member|nested too deeply/)
    }
  }
})

test('ATK-6 a sign-in that is right but for one member that is said twice is refused at every dialect', async () => {
  const encoded = Buffer.from(password).toString('base64')
  const right = [
    {
      path: '/api/v1/sessions',
      members: [
        ['username', 'ada'],
        ['password', password],
      ],
      refused: 400,
    },
    {
      path: '/session',
      members: [
        ['email', 'ada@example.org'],
        ['password', password],
      ],
      refused: 401,
    },
    {
      path: '/v4/auth-tokens/',
      members: [
        ['email', 'ada@example.org'],
        ['password_base64', encoded],
      ],
      refused: 400,
    },
    {
      path: '/v1/account/login',
      members: [
        ['email', 'ada@example.org'],
        ['password', password],
      ],
      refused: 400,
    },
  ] as const
  for (const { path, members, refused } of right) {
    const route = { method: 'POST', path }
    const accepted = await send(route, objectOf(members))
    const repeated = await send(route, objectOf([...members, members[0]]))
    assert.deepEqual([accepted.status < 300, repeated.status], [true, refused], path)
  }
})

test('ATK-7 the scanner finds a fault exactly where a slow reader finds one', () => {
  const text = fc.oneof(objectText, fc.json(), deep)
  fc.assert(
    fc.property(fc.tuple(text, fc.constantFrom('', ' ', '\n\t')), ([plain, blanks]) => {
      const spaced = plain.replace(token, (mark) => `${blanks}${mark}${blanks}`)
      assert.equal(findJsonFault(spaced) !== null, hasFault(spaced))
    }),
    { numRuns: 2_000 },
  )
})

test('ATK-7 names are compared as they are read, and a name may be said again elsewhere', () => {
  const texts = [
    ['{"a":1,"\\u0061":2}', 'repeated-member'],
    ['{"":1,"":2}', 'repeated-member'],
    ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}', null],
    ['{"a":"a","b":"a\\":{\\"a\\":1"}', null],
    ['{"\\u005f_proto__":1}', 'prototype-member'],
    ['{"a":"__proto__","constructor":1}', null],
    ['{"\\\\":1,"\\\\\\\\":2}', null],
    [`${'['.repeat(64)}${']'.repeat(64)}`, null],
    [`${'{"a":'.repeat(64)}[]${'}'.repeat(64)}`, 'too-deep'],
  ] as const
  assert.deepEqual(
    texts.map(([text]) => findJsonFault(text)),
    texts.map(([, fault]) => fault),
  )
})

test('ATK-7 the scanner looks at each character of a large text a bounded number of times', () => {
  const members = Array.from({ length: 5_000 }, (_unused, index) => `"name ${index}":"${'\\"'.repeat(3)}"`)
  const large = [`{${members.join(',')}}`, `["${'\\\\'.repeat(40_000)}"]`, `[${`""${' '.repeat(9)},`.repeat(8_000)}1]`]
  for (const text of large) {
    JSON.parse(text)
    let looks = 0
    const watched = new Proxy(Object(text) as object, {
      get: (whole, name) => {
        looks += 1
        const found = Reflect.get(whole, name, whole) as unknown
        return typeof found === 'function' ? found.bind(whole) : found
      },
    })
    assert.equal(findJsonFault(watched as unknown as string), null)
    assert.ok(looks <= 6 * text.length, `${looks} looks at ${text.length} characters`)
  }
})

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g

/** Cuts a text into strings and marks first, and then looks which strings stand before a colon. */
function hasFault(text: string): boolean {
  const marks = [...text.matchAll(token)].map(([mark]) => mark)
  const open: string[][] = []
  for (const [index, mark] of marks.entries()) {
    if (mark === '{' || mark === '[') open.push([])
    if (open.length > 64) return true
    if (mark === '}' || mark === ']') open.pop()
    if (mark.startsWith('"') && marks[index + 1] === ':') {
      const name = JSON.parse(mark) as string
      if (name === '__proto__' || open.at(-1)?.includes(name)) return true
      open.at(-1)?.push(name)
    }
  }
  return false
}
