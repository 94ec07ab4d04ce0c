/** Attacks by large bodies, on every route: who has not signed in may send little, and is judged before a byte of it is read. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type AttackWorld,
  attackWorld,
  type Injected,
  presented,
  type Realm,
  type Route,
  realmOf,
} from '../fixtures/attack-world.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'

let world: AttackWorld

before(async () => {
  world = await attackWorld()
})

after(() => world.close())

const little = 64 * 1024
const much = 1024 * 1024

/** Routes that need no authentication and read a body. Every other one has to judge its caller first. */
const open: ReadonlySet<string> = new Set([
  'POST /api/v1/sessions',
  'POST /api/v1/sessions/refresh',
  'POST /api/v1/setup',
  'POST /session',
  'POST /v4/auth-tokens/',
  'POST /v1/account/login',
  'POST /api/v2/admins/:username/forgot-password',
  'POST /api/v2/admins/:username/forgot-password/',
  'POST /api/v2/admins/:username/reset-password',
  'POST /api/v2/admins/:username/reset-password/',
  'POST /api/v2/users/:username/forgot-password',
  'POST /api/v2/users/:username/forgot-password/',
  'POST /api/v2/users/:username/reset-password',
  'POST /api/v2/users/:username/reset-password/',
])

/** SFTPGo has no 413: its decoder stops, and says so as of any body that it cannot read (SFT-3). */
const statusOf = (realm: Realm): string => (realm === 'user' || realm === 'admin' ? '400' : '413')
const sentence = 'The body is larger than '

/** Members of the answer to a body that is too large, by dialect. */
const shapes: Readonly<Record<Realm, string>> = {
  control: 'type title status',
  user: 'error message',
  admin: 'error message',
  pacerpro: 'error message status type',
  giantswarm: 'code message',
  koyeb: 'code message details',
}

const isOpen = ({ method, path }: Route): boolean => open.has(`${method} ${path}`)
const withBodies = (): Route[] =>
  world.routes.filter(({ method }) => ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method))
const urlOf = (path: string): string => path.replace(/:\w+/g, 'some-id').replace('*', 'some-file')

function ask({ method, path }: Route, lines: readonly string[], body = ''): Promise<string> {
  const head = [`${method} ${urlOf(path)} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...lines, '', '']
  return exchangeRaw(world.url, head.join('\r\n') + body)
}

test('ATK-14 every route that is open is known, and every known one is there', () => {
  const served = new Set(world.routes.map(({ method, path }) => `${method} ${path}`))
  assert.deepEqual(
    [...open].filter((route) => !served.has(route)),
    [],
  )
  assert.ok(withBodies().length > 80)
})

test('ATK-14 nobody who has not signed in is read more of than 64 KiB, on any route, and no body is waited for', async () => {
  for (const route of withBodies()) {
    const name = `${route.method} ${route.path}`
    const [told, chunked] = await Promise.all([
      ask(route, [`Content-Length: ${little + 1}`]),
      ask(route, ['Transfer-Encoding: chunked'], `${(little + 1).toString(16)}\r\n${' '.repeat(little + 1)}\r\n`),
    ])
    const status = isOpen(route) ? statusOf(realmOf(route.path)) : '401'
    assert.deepEqual([told.slice(9, 12), chunked.slice(9, 12)], [status, status], name)
    if (status === '401') continue
    const body = JSON.parse(told.slice(told.indexOf('\r\n\r\n') + 4)) as object
    assert.ok(Object.values(body).includes(`${sentence}64 KiB.`), name)
    assert.equal(Object.keys(body).join(' '), shapes[realmOf(route.path)], name)
  }
})

test('ATK-14 on every route that is open a body of exactly 64 KiB is read', async () => {
  const largest = Buffer.from(`{"x":"${'a'.repeat(little - 8)}"}`)
  assert.equal(largest.length, little)
  for (const route of withBodies().filter(isOpen)) {
    const { body } = await world.attack({ method: route.method, url: urlOf(route.path), payload: largest })
    assert.ok(!body.includes(sentence), route.path)
  }
})

test('ATK-14 who has signed in may send 1 MiB and no byte more, on every other route', async () => {
  const tokens = new Map<Realm, string>()
  for (const realm of Object.keys(shapes) as Realm[]) tokens.set(realm, await world.tokenOf(realm))
  const judgedBySize = new Set<Realm>()
  for (const route of withBodies().filter((one) => !isOpen(one))) {
    const realm = realmOf(route.path)
    const headers = { authorization: presented(realm, tokens.get(realm) ?? '') }
    // No JSON, so that an operation that needs a body does nothing.
    const send = (bytes: number): Promise<Injected> =>
      world.attack({ method: route.method, url: urlOf(route.path), headers, payload: Buffer.alloc(bytes, 'x') })
    // Verify reads none (HTP-18). A caller without permission is refused first.
    const answers = [await send(much + 1), await send(much)]
    if (answers.every(({ statusCode }) => statusCode === 401 || statusCode === 403)) continue
    const isTooLarge = answers.map(({ body }) => body.includes(`${sentence}1 MiB.`))
    assert.deepEqual(isTooLarge, [route.path !== '/api/v1/verify', false], `${route.method} ${route.path}`)
    judgedBySize.add(realm)
  }
  assert.deepEqual([...judgedBySize].sort(), Object.keys(shapes).sort())
})
