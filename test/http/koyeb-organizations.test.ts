/** Tests of koyeb: creating, showing, leaving and removing organizations. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import { removeAccount } from '../../src/core/administration/administer-accounts.ts'
import { foundOrganization } from '../../src/core/organizations/govern.ts'
import { auditTexts } from '../fixtures/cast.ts'
import {
  type Answer,
  call,
  claimsOf,
  commandFacts,
  type KoyebWorld,
  koyebWorld,
  login,
  password,
  tokenOf,
} from '../fixtures/koyeb/world.ts'

let world: KoyebWorld

before(async () => {
  world = await koyebWorld({ config: { throttle: false } })
})

after(() => world.close())

type Named = { readonly id: string; readonly name: string }

async function newMember(name: string): Promise<{ readonly account: Account; readonly token: string }> {
  const account = await world.addAccount({ username: name, password, email: `${name}@example.org` })
  return { account, token: (await login(world, `${name}@example.org`)).id }
}

async function found(token: string, name: string): Promise<Named> {
  const { json } = await call(world, 'POST /v1/organizations', { token, body: { name } })
  return (json as { organization: Named }).organization
}

function profile(token: string): Promise<Answer> {
  return call(world, 'GET /v1/account/profile', { token })
}

async function memberList(token: string, query: string): Promise<unknown[]> {
  const { json } = await call(world, `GET /v1/organization_members${query}`, { token })
  const { members, ...page } = json as { members: { user: Named; organization: Named }[] }
  return [members.map(({ user, organization }) => `${user.name} ${organization.name}`), page]
}

test('KOY-100 the creator of an organization is its member at once, and the event names the creator', async () => {
  const { account, token } = await newMember('fay')
  const made = await call(world, 'POST /v1/organizations', { token, body: { name: 'made-by-fay', colour: 'red' } })
  const { organization } = made.json as { organization: Named }
  const switched = tokenOf(await call(world, `POST /v1/organizations/${organization.id}/switch`, { token, body: '{}' }))
  const shown = await call(world, 'GET /v1/account/organization', { token: switched.id })
  const event = (await auditTexts(world)).filter((text) => text.includes('organization:made-by-fay')).at(-1) ?? '{}'
  assert.deepEqual(
    [made.status, organization.name, shown.json, switched.organization_id],
    [200, 'made-by-fay', made.json, organization.id],
  )
  assert.deepEqual((JSON.parse(event) as Record<string, unknown>).account, account.id)
})

test('KOY-100 of parallel requests for one name one is answered 200', async () => {
  const { token } = await newMember('gil')
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => call(world, 'POST /v1/organizations', { token, body: { name: 'raced-for' } })),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 9 }, () => 409)])
})

test('KOY-100 an account that was removed meanwhile creates nothing', async () => {
  const { account } = await newMember('hal')
  await removeAccount(world.ports, account, { by: null, request: commandFacts })
  const input = { name: 'by-nobody', memberIds: [account.id] }
  await assert.rejects(foundOrganization(world.ports, input, { by: account, request: commandFacts }), {
    code: 'ACCOUNT_NOT_FOUND',
  })
  assert.equal(await world.ports.store.organizationByName('by-nobody'), null)
})

test('KOY-102 a member removes an organization with a token of it, and every token scoped to it ends', async () => {
  const { token } = await newMember('ida')
  const home = await found(token, 'home-of-ida')
  const scoped = await login(world, 'ida@example.org', home.id)
  const orgless = tokenOf(await call(world, 'POST /v1/account/session', { token: scoped.id }))
  const removed = await call(world, `DELETE /v1/organizations/${home.id}`, { token: scoped.id })
  const again = await call(world, `DELETE /v1/organizations/${home.id}`, { token: orgless.id })
  const statuses = await Promise.all([scoped.id, token, orgless.id].map(async (one) => (await profile(one)).status))
  assert.deepEqual(
    [removed.status, removed.json, again.status, statuses, await memberList(orgless.id, '')],
    [200, {}, 404, [401, 200, 200], [[], { limit: 100, offset: 0, count: 0 }]],
  )
})

test('KOY-103 members are listed for every organization of the caller, in the order of joining, and filtered', async () => {
  const [jon, kim] = [await newMember('jon'), await newMember('kim')]
  const shared = await world.addOrganization('shared', [jon.account])
  world.clock.advance(1_000)
  const { ports } = world
  const membership = { organizationId: shared.id, accountId: kim.account.id, nowMs: world.clock.wallMs() }
  const audit = {
    ...commandFacts,
    atMs: 0,
    accountId: null,
    username: null,
    action: 'membership',
    outcome: 'ok',
  } as const
  await ports.store.execute('addMember', { ...membership, audit })
  const own = await found(jon.token, 'own-of-jon')
  assert.deepEqual(
    [
      await memberList(jon.token, ''),
      await memberList(jon.token, '?limit=1&offset=1'),
      await memberList(jon.token, `?user_id=${jon.account.uuid}`),
      await memberList(jon.token, `?organization_id=${own.id}`),
      await memberList(kim.token, ''),
      await memberList(kim.token, `?organization_id=${own.id}`),
    ],
    [
      [['jon shared', 'kim shared', 'jon own-of-jon'], { limit: 100, offset: 0, count: 3 }],
      [['kim shared'], { limit: 1, offset: 1, count: 3 }],
      [['jon shared', 'jon own-of-jon'], { limit: 100, offset: 0, count: 2 }],
      [['jon own-of-jon'], { limit: 100, offset: 0, count: 1 }],
      [['jon shared', 'kim shared'], { limit: 100, offset: 0, count: 2 }],
      [[], { limit: 100, offset: 0, count: 0 }],
    ],
  )
})

test('KOY-103 an entry has every member of the original, and a stable id', async () => {
  const { account, token } = await newMember('lea')
  const home = await found(token, 'home-of-lea')
  const list = async (): Promise<Record<string, unknown>[]> => {
    const { json } = await call(world, 'GET /v1/organization_members', { token })
    return (json as { members: Record<string, unknown>[] }).members
  }
  const [member] = await list()
  assert.match(String(member?.id), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(await list(), [
    {
      id: member?.id,
      organization_id: home.id,
      user_id: account.uuid,
      external_id: '',
      joined_at: new Date(world.clock.wallMs()).toISOString().replace('.000Z', 'Z'),
      role: 'OWNER',
      status: 'ACTIVE',
      user: { id: account.uuid, email: 'lea@example.org', avatar_url: `${world.url}/avatar.svg`, name: 'lea' },
      organization: { id: home.id, name: 'home-of-lea', plan: 'hobby', status: 'ACTIVE', external_id: '' },
    },
  ])
})

test('KOY-104 unscoping answers an org-less token, and the caller’s lives on', async () => {
  const token = await login(world, 'ada@example.org', world.harbour.id)
  const orgless = tokenOf(await call(world, 'POST /v1/unscope_organization_token', { token: token.id, body: '{}\n' }))
  const statuses = [(await profile(token.id)).status, (await profile(orgless.id)).status]
  assert.deepEqual([orgless.user_id, orgless.organization_id, statuses], [world.ada.uuid, '', [200, 200]])
})

test('KOY-105 an access token is one text, scoped, and lives for its validity to the second', async () => {
  const { id: token } = await login(world, 'ada@example.org', world.lighthouse.id)
  const make = (body: unknown): Promise<Answer> =>
    call(world, `POST /v1/organizations/${world.harbour.id}/access_token`, { token, body })
  const lives: unknown[] = []
  for (const body of [
    '',
    '{}',
    { validity: null },
    { validity: '90s' },
    { validity: '1.9s' },
    { validity: '86400s' },
  ]) {
    const made = await make(body)
    const { token: short, ...rest } = made.json as { token: string }
    const { iat, exp, organization_id: scope } = claimsOf(short)
    lives.push([made.headers.get('cache-control'), rest, scope, Number(exp) - Number(iat)])
  }
  const alike = (seconds: number): unknown => ['no-store', {}, world.harbour.id, seconds]
  assert.deepEqual(lives, [3_600, 3_600, 3_600, 90, 1, 86_400].map(alike))
  const { token: brief } = (await make({ validity: '60s' })).json as { token: string }
  world.clock.advance(59_999)
  const before = (await profile(brief)).status
  world.clock.advance(1)
  assert.deepEqual([before, (await profile(brief)).status], [200, 401])
})

test('KOY-105 a malformed validity, or one out of its range, is refused with its field', async () => {
  const { id: token } = await login(world, 'ada@example.org')
  const line = `POST /v1/organizations/${world.harbour.id}/access_token`
  const answers: unknown[] = []
  for (const validity of ['0s', '0.9s', '86401s', '86400.5s', '-1s', '1h', '60', 60]) {
    const { status, json } = await call(world, line, { token, body: { validity } })
    answers.push([status, (json as { fields: { field: string }[] }).fields.map(({ field }) => field)])
  }
  assert.deepEqual(
    answers,
    answers.map(() => [400, ['validity']]),
  )
})

test('KOY-106 a session from an access token ends with it, and an access token creates no credential', async () => {
  const { id: token } = await login(world, 'ada@example.org', world.harbour.id)
  const line = `POST /v1/organizations/${world.harbour.id}/access_token`
  const { token: short } = (await call(world, line, { token, body: { validity: '600s' } })).json as { token: string }
  const switched = tokenOf(await call(world, `POST /v1/organizations/${world.lighthouse.id}/switch`, { token: short }))
  const orgless = tokenOf(await call(world, 'POST /v1/account/session', { token: switched.id }))
  const longer = await call(world, line, { token: short, body: { validity: '86400s' } })
  const { token: nested } = longer.json as { token: string }
  const refreshed = tokenOf(await call(world, 'PUT /v1/account/refresh', { token: short }))
  const input = { name: 'x', type: 'USER', organization_id: world.harbour.id }
  const credential = await call(world, 'POST /v1/credentials', { token: orgless.id, body: input })
  const ends = [short, switched.id, orgless.id, nested, refreshed.id].map((one) => claimsOf(one).exp)
  const { exp } = claimsOf(short)
  assert.deepEqual([ends, credential.status], [[exp, exp, exp, exp, exp], 403])
})

test('KOY-101 any valid token may see an organization, and no request without one', async () => {
  const { id: token } = await login(world, 'solo@example.org')
  const path = `GET /v1/organizations/${world.island.id}`
  const shown = await call(world, path, { token })
  const { id, name } = (shown.json as { organization: Named }).organization
  assert.deepEqual([id, name, (await call(world, path)).status], [world.island.id, 'island', 401])
})

test('KOY-120, KOY-121, KOY-122 probes answer every address alike, and show only the holder of the token', async () => {
  const { id: token } = await login(world, 'solo@example.org')
  const ask = async (line: string, request = {}): Promise<unknown> => (await call(world, line, request)).json
  assert.deepEqual(
    [
      await ask('GET /v1/account/login_method?email=ada@example.org'),
      await ask('GET /v1/account/login_method?email=nobody@example.org'),
      await ask('GET /v1/test/anon'),
      await ask('POST /v1/test/auth', { token, body: { payload: 'ping' } }),
      await ask('GET /v1/apps?limit=1', { token }),
    ],
    [
      { method: 'KOYEB' },
      { method: 'KOYEB' },
      {},
      { payload: 'ping', user_id: world.solo.uuid, organization_id: '', workspace_id: '' },
      { apps: [], limit: 1, offset: 0, count: 0 },
    ],
  )
})

test('KOY-123 the picture of a profile needs no token, also under a prefix', async () => {
  const server = await koyebWorld({ config: { koyeb: { prefix: '/k' } } })
  try {
    const body = { email: 'ada@example.org', password }
    const { id: token } = tokenOf(await call(server, 'POST /k/v1/account/login', { body }))
    const { json } = await call(server, 'GET /k/v1/account/profile', { token })
    const { avatar_url: address } = (json as { user: { avatar_url: string } }).user
    const picture = await fetch(address)
    assert.deepEqual(
      [address, picture.status, picture.headers.get('content-type'), (await picture.text()).startsWith('<svg ')],
      [`${server.url}/k/avatar.svg`, 200, 'image/svg+xml', true],
    )
  } finally {
    await server.close()
  }
})
