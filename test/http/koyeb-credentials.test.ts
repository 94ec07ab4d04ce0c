/** Tests of koyeb: credentials of accounts and of organizations, and application passwords. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { removeMember, removeOrganization } from '../../src/core/organizations/administer.ts'
import { addApplicationPassword, addSecondFactor } from '../fixtures/application-password.ts'
import { auditTexts } from '../fixtures/cast.ts'
import {
  type Answer,
  call,
  commandFacts,
  type KoyebWorld,
  koyebWorld,
  login,
  password,
  tokenOf,
  unauthenticated,
} from '../fixtures/koyeb/world.ts'

let world: KoyebWorld

before(async () => {
  world = await koyebWorld({ config: { throttle: false } })
})

after(() => world.close())

type Credential = { readonly id: string; readonly token: string; readonly name: string; readonly user_id: string }

const denied = {
  status: 403,
  code: 'authorization_error',
  message: 'A credential of this kind does not allow this.',
} as const

/** A new account with a new organization. */
async function newMember(name: string) {
  const account = await world.addAccount({ username: name, password, email: `${name}@example.org` })
  const home = await world.addOrganization(`home-of-${name}`, [account])
  return { account, home, token: (await login(world, `${name}@example.org`)).id }
}

async function make(token: string, type: 'USER' | 'ORGANIZATION', parts: object = {}): Promise<Credential> {
  const answer = await call(world, 'POST /v1/credentials', { token, body: { name: 'pipeline', type, ...parts } })
  assert.equal(answer.status, 200, answer.text)
  return (answer.json as { credential: Credential }).credential
}

async function statusOf(token: string, line = 'GET /v1/account/profile'): Promise<number> {
  return (await call(world, line, { token })).status
}

async function names(token: string, query = ''): Promise<unknown[]> {
  const { json } = await call(world, `GET /v1/credentials${query}`, { token })
  const { credentials, ...page } = json as { credentials: Credential[] }
  return [credentials.map(({ name }) => name), page]
}

test('KOY-110 a credential has every member, and a secret of 64 characters that begins with a letter', async () => {
  const { account, home, token } = await newMember('amy')
  const now = new Date(world.clock.wallMs()).toISOString().replace('.000Z', 'Z')
  const answer = await call(world, 'POST /v1/credentials', {
    token,
    body: { name: 'ci', description: 'builds', type: 'USER', organization_id: home.id, expires_at: 'never' },
  })
  const { credential } = answer.json as { credential: Credential }
  assert.match(credential.token, /^[A-Za-z][A-Za-z0-9_-]{63}$/)
  assert.match(credential.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(
    [answer.headers.get('cache-control'), credential],
    [
      'no-store',
      {
        id: credential.id,
        type: 'USER',
        name: 'ci',
        token: credential.token,
        description: 'builds',
        user_id: account.uuid,
        organization_id: home.id,
        updated_at: now,
        created_at: now,
        expires_at: null,
      },
    ],
  )
  const other = await make(token, 'ORGANIZATION', { organizationId: home.id })
  assert.notEqual(other.token, credential.token)
  assert.equal(other.user_id, '')
})

test('KOY-110 a credential without a named organization belongs to the organization of the token', async () => {
  const { home, token } = await newMember('ben')
  const made = await make(token, 'USER')
  const shown = await call(world, `GET /v1/credentials/${made.id}`, { token })
  assert.deepEqual((shown.json as { credential: Record<string, unknown> }).credential, {
    ...made,
    token: '',
    organization_id: home.id,
  })
})

test('KOY-111 a secret is in one answer, and kept as a digest that no event and no list shows', async () => {
  const { account, token } = await newMember('cat')
  const { id, token: secret } = await make(token, 'USER')
  const kept = await world.ports.store.credentialById(id)
  const texts = [
    (await call(world, `GET /v1/credentials/${id}`, { token })).text,
    (await call(world, 'GET /v1/credentials', { token })).text,
    (await call(world, `PATCH /v1/credentials/${id}`, { token, body: { name: 'renamed' } })).text,
    ...(await auditTexts(world)),
  ]
  assert.deepEqual(kept?.secretDigest, Uint8Array.from(world.ports.digests.sha256(secret)))
  assert.deepEqual(
    texts.filter((text) => text.includes(secret)),
    [],
  )
  const event = JSON.parse((await auditTexts(world)).at(-1) ?? '{}') as Record<string, unknown>
  assert.deepEqual([event.action, event.subject, event.account], ['credential', `credential:${id}`, account.id])
})

test('KOY-111 the list has the credentials of the caller and of the caller’s organizations, filtered and in pages', async () => {
  const [dan, eve] = [await newMember('dan'), await newMember('eve')]
  const place = await world.addOrganization('place-of-both', [dan.account, eve.account])
  const both = { organization_id: place.id }
  await make(dan.token, 'USER', { name: 'dan-own' })
  world.clock.advance(1_000)
  await make(dan.token, 'ORGANIZATION', { name: 'shared', ...both })
  world.clock.advance(1_000)
  await make(dan.token, 'ORGANIZATION', { name: 'dan-home' })
  await make(eve.token, 'USER', { name: 'eve-own', ...both })
  const count = (limit: number, offset: number, found: number): object => ({ limit, offset, count: found })
  assert.deepEqual(
    [
      await names(dan.token),
      await names(dan.token, '?limit=1&offset=1'),
      await names(dan.token, '?type=USER'),
      await names(dan.token, '?type=ORGANIZATION&type=INVALID'),
      await names(dan.token, '?name=HOME'),
      await names(dan.token, `?organization_id=${place.id}`),
      await names(dan.token, `?user_id=${dan.account.uuid}`),
      await names(dan.token, `?user_id=${eve.account.uuid}`),
      await names(eve.token),
    ],
    [
      [['dan-own', 'shared', 'dan-home'], count(100, 0, 3)],
      [['shared'], count(1, 1, 3)],
      [['dan-own'], count(100, 0, 1)],
      [['dan-own', 'shared', 'dan-home'], count(100, 0, 3)],
      [['dan-home'], count(100, 0, 1)],
      [['shared'], count(100, 0, 1)],
      [['dan-own'], count(100, 0, 1)],
      [[], count(100, 0, 0)],
      [['shared', 'eve-own'], count(100, 0, 2)],
    ],
  )
})

test('KOY-112 PUT sets all that can change, PATCH what its body has, and a mask names the members for both', async () => {
  const { token } = await newMember('flo')
  const { id } = await make(token, 'USER', { name: 'one', description: 'first' })
  const change = async (line: string, body: unknown): Promise<unknown[]> => {
    const { status, json } = await call(world, line, { token, body })
    const { credential } = json as { credential?: { name: string; description: string; type: string } }
    return [status, credential?.name, credential?.description, credential?.type]
  }
  const path = `/v1/credentials/${id}`
  world.clock.advance(5_000)
  assert.deepEqual(
    [
      await change(`PATCH ${path}`, { description: 'second', type: 'ORGANIZATION' }),
      await change(`PUT ${path}`, { name: 'two', token: 'mine' }),
      await change(`PUT ${path}?update_mask=description`, { name: 'three', description: 'third' }),
      await change(`PATCH ${path}?update_mask=name,%20description`, { name: 'four' }),
      await change(`PATCH ${path}`, { name: ' ' }),
      await change(`PUT ${path}`, { description: 'no name' }),
      await change(`PATCH ${path}`, { name: 'x'.repeat(256) }),
      await change(`PATCH ${path}`, { description: 'x'.repeat(4_097) }),
    ],
    [
      [200, 'one', 'second', 'USER'],
      [200, 'two', '', 'USER'],
      [200, 'two', 'third', 'USER'],
      [200, 'four', '', 'USER'],
      [400, undefined, undefined, undefined],
      [400, undefined, undefined, undefined],
      [400, undefined, undefined, undefined],
      [400, undefined, undefined, undefined],
    ],
  )
  const kept = await world.ports.store.credentialById(id)
  assert.deepEqual(Number(kept?.updatedAtMs) - Number(kept?.createdAtMs), 5_000)
})

test('KOY-113 a credential of another account is 404 for every call', async () => {
  const [gus, ivy] = [await newMember('gus'), await newMember('ivy')]
  const mine = [await make(gus.token, 'USER'), await make(gus.token, 'ORGANIZATION')]
  const answers: number[] = []
  for (const { id } of mine) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const request = method === 'GET' ? {} : { body: { name: 'taken' } }
      answers.push((await call(world, `${method} /v1/credentials/${id}`, { token: ivy.token, ...request })).status)
    }
  }
  assert.deepEqual(
    [answers, await names(gus.token, '?limit=2')],
    [answers.map(() => 404), [['pipeline', 'pipeline'], { limit: 2, offset: 0, count: 2 }]],
  )
})

test('KOY-114 an account’s credential is a user token that outlives every session, also at control', async () => {
  const { account, home, token } = await newMember('joy')
  const { token: secret } = await make(token, 'USER')
  world.clock.advance(365 * 86_400_000)
  const bare = await call(world, 'GET /v1/account/profile', { headers: { authorization: secret } })
  const scope = await call(world, 'POST /v1/test/auth', { token: secret, body: { payload: 'x' } })
  assert.deepEqual(
    [bare.status, scope.json, await statusOf(secret, 'GET /api/v1/verify')],
    [200, { payload: 'x', user_id: account.uuid, organization_id: home.id, workspace_id: '' }, 200],
  )
})

test('KOY-115 an organization’s credential sees the organization and no account, and no other dialect accepts it', async () => {
  const { home, token } = await newMember('kay')
  const { token: secret } = await make(token, 'ORGANIZATION')
  const lines = [
    'GET /v1/account/profile',
    'GET /v1/account/organization',
    'GET /v1/account/organizations',
    'POST /v1/account/session',
    'POST /v1/unscope_organization_token',
    'PUT /v1/account/refresh',
    `POST /v1/organizations/${home.id}/switch`,
    `POST /v1/organizations/${home.id}/access_token`,
    'POST /v1/organizations',
    `DELETE /v1/organizations/${home.id}`,
    'GET /v1/credentials',
    'POST /v1/credentials',
  ]
  const refused: unknown[] = []
  for (const line of lines) refused.push((await call(world, line, { token: secret })).json)
  assert.deepEqual(
    refused,
    lines.map(() => denied),
  )
  const shown = await call(world, `GET /v1/organizations/${home.id}`, { token: secret })
  const scope = await call(world, 'POST /v1/test/auth', { token: secret })
  const members = await call(world, 'GET /v1/organization_members', { token: secret })
  assert.deepEqual(
    [
      (shown.json as { organization: { name: string } }).organization.name,
      await statusOf(secret, 'GET /v1/apps?limit=1'),
      scope.json,
      (members.json as { count: number }).count,
    ],
    ['home-of-kay', 200, { payload: '', user_id: '', organization_id: home.id, workspace_id: '' }, 1],
  )
  const elsewhere = [
    await statusOf(secret, 'GET /api/v1/verify'),
    (await call(world, 'GET /v4/user/', { headers: { authorization: `giantswarm ${secret}` } })).status,
  ]
  assert.deepEqual(elsewhere, [401, 401])
})

test('KOY-116 the end of a credential ends the sessions that it created, and nothing else', async () => {
  const endings: readonly [string, (of: Ended) => Promise<unknown>][] = [
    ['removed', ({ token, id }) => call(world, `DELETE /v1/credentials/${id}`, { token })],
    ['removed by itself', ({ secret, id }) => call(world, `DELETE /v1/credentials/${id}`, { token: secret })],
    ['signed-out', ({ secret }) => call(world, 'DELETE /v1/account/logout', { token: secret })],
    [
      'left',
      ({ home, account }) => removeMember(world.ports, { organization: home, accountId: account.id }, commandFacts),
    ],
    ['dissolved', ({ home }) => removeOrganization(world.ports, home, commandFacts)],
  ]
  for (const [name, end] of endings) {
    const of = await begun(`mo-${name.replaceAll(' ', '-')}`)
    await end(of)
    const statuses = await Promise.all(of.ended.map((one) => statusOf(one)))
    const again = await call(world, 'GET /v1/account/profile', { token: of.secret })
    const left = await world.ports.store.credentialById(of.id)
    assert.deepEqual([name, statuses, again.json, left], [name, [401, 401, 401, 401], unauthenticated, null])
    assert.deepEqual([name, await statusOf(of.orgless)], [name, 200])
  }
})

test('KOY-116 a change of the account’s password ends its credentials, and they are no longer listed', async () => {
  const { account, token } = await newMember('ned')
  const [own, shared] = [await make(token, 'USER'), await make(token, 'ORGANIZATION')]
  await changeAccount(world.ports, account, {
    change: { password: 'another lamp above it' },
    how: { by: null, request: commandFacts },
  })
  const again = await call(world, 'POST /v1/account/login', {
    body: { email: 'ned@example.org', password: 'another lamp above it' },
  })
  const { credentials } = (await call(world, 'GET /v1/credentials', { token: tokenOf(again).id })).json as {
    credentials: Credential[]
  }
  assert.deepEqual(
    [await statusOf(own.token), await statusOf(shared.token, 'GET /v1/apps'), credentials.map(({ id }) => id)],
    [401, 200, [shared.id]],
  )
})

test('KOY-117 no number of sign-ins ends a credential to make room', async () => {
  const server = await koyebWorld({ config: { koyeb: { keepNewest: 2 }, throttle: false } })
  try {
    const first = await login(server, 'ada@example.org')
    const body = { name: 'ci', type: 'USER' }
    const made = await call(server, 'POST /v1/credentials', { token: first.id, body })
    const { token: secret } = (made.json as { credential: Credential }).credential
    const tokens: string[] = []
    for (let count = 0; count < 3; count += 1) tokens.push((await login(server, 'ada@example.org')).id)
    const statuses: number[] = []
    for (const token of [first.id, ...tokens, secret]) {
      statuses.push((await call(server, 'GET /v1/account/profile', { token })).status)
    }
    assert.deepEqual(statuses, [401, 401, 200, 200, 200])
  } finally {
    await server.close()
  }
})

test('KOY-118 only a sign-in by a person can create a credential', async () => {
  const { token, home, account } = await newMember('ola')
  const { token: secret } = await make(token, 'USER')
  const switched = tokenOf(await call(world, 'POST /v1/account/session', { token: secret }))
  const { secret: forProgram } = await addApplicationPassword(world, account, 'koyeb')
  const program = await call(world, 'POST /v1/account/login', {
    body: { email: 'ola@example.org', password: forProgram },
  })
  const input = { name: 'x', type: 'USER', organization_id: home.id }
  const answers: Answer[] = []
  for (const one of [secret, switched.id, tokenOf(program).id]) {
    answers.push(await call(world, 'POST /v1/credentials', { token: one, body: input }))
  }
  assert.deepEqual(
    answers.map(({ json }) => json),
    [denied, denied, denied],
  )
  assert.equal((await world.ports.store.credentials({ kind: 'access-token', accountId: account.id })).length, 1)
})

test('KOY-119 an application password signs in past a second factor, only at koyeb, until it is removed', async () => {
  const { account } = await newMember('pam')
  const careful = await addSecondFactor(world, account)
  const { secret, remove } = await addApplicationPassword(world, careful, 'koyeb')
  const signIn = (given: string): Promise<Answer> =>
    call(world, 'POST /v1/account/login', { body: { email: 'pam@example.org', password: given } })
  const plain = await signIn(password)
  const { id: token } = tokenOf(await signIn(secret))
  const switched = tokenOf(await call(world, 'POST /v1/account/session', { token }))
  const refreshed = tokenOf(await call(world, 'PUT /v1/account/refresh', { token }))
  const tokens = [token, switched.id, refreshed.id]
  const here = await Promise.all(tokens.map((one) => statusOf(one)))
  const atControl = await Promise.all(tokens.map((one) => statusOf(one, 'GET /api/v1/verify')))
  const elsewhere = await call(world, 'POST /api/v1/sessions', { body: { username: 'pam', password: secret } })
  await remove()
  const afterwards = await Promise.all(tokens.map((one) => statusOf(one)))
  assert.deepEqual(
    {
      plain: plain.status,
      here,
      atControl,
      elsewhere: elsewhere.status,
      afterwards,
      again: (await signIn(secret)).status,
    },
    {
      plain: 401,
      here: [200, 200, 200],
      atControl: [401, 401, 401],
      elsewhere: 401,
      afterwards: [401, 401, 401],
      again: 401,
    },
  )
})

type Ended = Awaited<ReturnType<typeof begun>>

/** A credential, sessions that it created, and an independent org-less token of the same account. */
async function begun(name: string) {
  const member = await newMember(name)
  const away = await world.addOrganization(`away-${name}`, [member.account])
  const { id, token: secret } = await make(member.token, 'USER')
  const orgless = tokenOf(await call(world, 'POST /v1/account/session', { token: member.token })).id
  const switched = tokenOf(await call(world, `POST /v1/organizations/${away.id}/switch`, { token: secret })).id
  const unscoped = tokenOf(await call(world, 'POST /v1/account/session', { token: switched })).id
  const refreshed = tokenOf(await call(world, 'PUT /v1/account/refresh', { token: switched })).id
  return { ...member, id, secret, orgless, ended: [secret, switched, unscoped, refreshed] }
}
