/** Tests of koyeb: refresh, switch, new session, sign-out, and all other ends of tokens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { removeMember, removeOrganization } from '../../src/core/organizations/administer.ts'
import type { Session } from '../../src/core/sessions/session.ts'
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
  unauthenticated,
} from '../fixtures/koyeb/world.ts'

let world: KoyebWorld

before(async () => {
  world = await koyebWorld()
})

after(() => world.close())

async function statusOf(token: string, path = '/v1/account/profile'): Promise<number> {
  return (await call(world, `GET ${path}`, { token })).status
}

async function statusesOf(tokens: readonly string[]): Promise<number[]> {
  const statuses: number[] = []
  for (const token of tokens) statuses.push(await statusOf(token))
  return statuses
}

function refresh(token: string): Promise<Answer> {
  return call(world, 'PUT /v1/account/refresh', { token })
}

/** Returns the sessions of koyeb, oldest first. */
async function liveSessions(accountId: number): Promise<Session[]> {
  const sessions = await world.ports.store.liveSessions(accountId)
  return sessions.filter(({ dialect }) => dialect === 'koyeb').sort((one, other) => one.row - other.row)
}

test('KOY-6 a token is accepted with Bearer in any case, and bare', async () => {
  const { id } = await login(world, 'ada@example.org')
  const statuses: number[] = []
  for (const authorization of [`Bearer ${id}`, `bearer ${id}`, `BEARER ${id}`, id]) {
    statuses.push((await call(world, 'GET /v1/account/profile', { headers: { authorization } })).status)
  }
  assert.deepEqual(statuses, [200, 200, 200, 200])
})

test('KOY-6, KOY-26 no token, another scheme, a malformed, a changed, an expired and a foreign token get one body', async () => {
  const { id } = await login(world, 'ada@example.org')
  const control = await call(world, 'POST /api/v1/sessions', { body: { username: 'ada', password } })
  const { access_token: foreign } = control.json as { access_token: string }
  const basic = Buffer.from(`ada:${password}`).toString('base64')
  const headers = [
    '',
    'Bearer',
    'Bearer x',
    `Basic ${basic}`,
    `giantswarm ${id}`,
    `Bearer  ${id}`,
    `Bearer ${id}A`,
    `Bearer ${foreign}`,
  ]
  const answers: unknown[] = []
  for (const authorization of headers) {
    const request: object = authorization === '' ? {} : { headers: { authorization } }
    const { status, json } = await call(world, 'GET /v1/account/profile', request)
    answers.push([status, json])
  }
  world.clock.advance(86_400_000)
  const expired = await call(world, 'GET /v1/account/profile', { token: id })
  answers.push([expired.status, expired.json])
  assert.deepEqual(
    answers,
    Array.from({ length: headers.length + 1 }, () => [401, unauthenticated]),
  )
})

test('KOY-26 a token of koyeb is accepted at control', async () => {
  const { id } = await login(world, 'ada@example.org')
  assert.equal(await statusOf(id, '/api/v1/verify'), 200)
})

test('KOY-9 a refresh keeps session, user and organization; repeats within 30 s get one answer, later ones do not', async () => {
  const token = await login(world, 'ada@example.org')
  const sessions = (await liveSessions(world.ada.id)).length
  world.clock.advance(1_000)
  const first = await refresh(token.id)
  world.clock.advance(29_999)
  const repeat = await refresh(token.id)
  world.clock.advance(1)
  const later = tokenOf(await refresh(token.id))
  const successor = tokenOf(first)
  assert.equal(repeat.text, first.text)
  assert.equal(new Set([token.id, successor.id, later.id]).size, 3)
  for (const { id, expires_at: _expiresAt, ...scope } of [successor, later]) {
    assert.deepEqual(
      [id === token.id, scope],
      [false, { user_id: token.user_id, organization_id: token.organization_id }],
    )
  }
  assert.deepEqual(await statusesOf([token.id, successor.id, later.id]), [200, 200, 200])
  assert.equal((await liveSessions(world.ada.id)).length, sessions)
})

test('KOY-9 the old token lives to its own exp, its successor to a later one', async () => {
  const token = await login(world, 'ada@example.org')
  world.clock.advance(3_600_000)
  const successor = tokenOf(await refresh(token.id))
  world.clock.advance(23 * 3_600_000 - 1)
  const before = await statusesOf([token.id, successor.id])
  world.clock.advance(1)
  assert.deepEqual(
    [before, await statusesOf([token.id, successor.id])],
    [
      [200, 200],
      [401, 200],
    ],
  )
})

test('KOY-9 no refresh outlives the absolute end of the session, 30 days after the sign-in', async () => {
  let token = await login(world, 'solo@example.org')
  const began = Number(claimsOf(token.id).iat)
  for (let hours = 0; hours < 30 * 24 - 12; hours += 12) {
    world.clock.advance(12 * 3_600_000)
    token = tokenOf(await refresh(token.id))
  }
  const end = began + 30 * 86_400
  world.clock.advance(12 * 3_600_000 - 1)
  const before = await statusOf(token.id)
  world.clock.advance(1)
  assert.deepEqual([claimsOf(token.id).exp, before, (await refresh(token.id)).status], [end, 200, 401])
})

test('KOY-10 50 parallel refreshes with one token are all answered 200, with one successor', async () => {
  const token = await login(world, 'ada@example.org')
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(token.id)))
  const successors = new Set(answers.map(({ text }) => text))
  assert.deepEqual([new Set(answers.map(({ status }) => status)), successors.size], [new Set([200]), 1])
  const [answer] = answers
  assert.deepEqual(await statusesOf([token.id, tokenOf(answer as Answer).id]), [200, 200])
})

test('KOY-11, KOY-15 a sign-out ends its session with every token that was refreshed from it, and no other', async () => {
  const token = await login(world, 'ada@example.org')
  const other = await login(world, 'ada@example.org')
  const successor = tokenOf(await refresh(token.id))
  const out = await call(world, 'DELETE /v1/account/logout', { token: successor.id })
  const again = await call(world, 'DELETE /v1/account/logout', { token: successor.id })
  const refused = [await refresh(token.id), await refresh(successor.id)]
  assert.deepEqual([out.status, out.json, again.status, again.json], [200, {}, 401, unauthenticated])
  assert.deepEqual(
    refused.map(({ status, json }) => [status, json]),
    [
      [401, unauthenticated],
      [401, unauthenticated],
    ],
  )
  assert.deepEqual(await statusesOf([token.id, successor.id, other.id]), [401, 401, 200])
})

test('KOY-15 of parallel sign-outs one is answered 200, the others 401', async () => {
  const token = await login(world, 'ada@example.org')
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call(world, 'DELETE /v1/account/logout', { token: token.id })),
  )
  const statuses = answers.map(({ status }) => status).sort()
  assert.deepEqual(statuses, [200, ...Array.from({ length: 19 }, () => 401)])
})

test('KOY-12 a new session is org-less, and the caller’s token lives on', async () => {
  const token = await login(world, 'ada@example.org')
  const orgless = tokenOf(await call(world, 'POST /v1/account/session', { token: token.id }))
  const organization = await call(world, 'GET /v1/account/organization', { token: orgless.id })
  assert.deepEqual(
    {
      scope: [orgless.user_id, orgless.organization_id],
      organization: [organization.status, (organization.json as { code: string }).code],
      profiles: await statusesOf([orgless.id, token.id]),
      refreshed: tokenOf(await refresh(orgless.id)).organization_id,
    },
    { scope: [world.ada.uuid, ''], organization: [404, 'not_found'], profiles: [200, 200], refreshed: '' },
  )
})

test('KOY-14 a switch accepts no body, an empty one and an object, and scopes the new token at once', async () => {
  const token = await login(world, 'ada@example.org', world.harbour.id)
  const scopes: string[] = []
  const requests = [{}, { headers: { 'content-type': 'application/json' }, body: '' }, { body: '{}\n' }, { body: '{}' }]
  for (const request of requests) {
    const line = `POST /v1/organizations/${world.lighthouse.id}/switch`
    const switched = tokenOf(await call(world, line, { token: token.id, ...request }))
    const found = await call(world, 'GET /v1/account/organization', { token: switched.id })
    scopes.push(switched.organization_id, (found.json as { organization: { name: string } }).organization.name)
  }
  assert.deepEqual(
    scopes,
    requests.flatMap(() => [world.lighthouse.id, 'lighthouse']),
  )
  assert.equal(await statusOf(token.id), 200)
})

test('KOY-13 a switched and a new session keep proof and time of the sign-in, and do not end with it', async () => {
  const token = await login(world, 'ada@example.org')
  const [signedIn] = (await liveSessions(world.ada.id)).slice(-1)
  world.clock.advance(3_600_000)
  const line = `POST /v1/organizations/${world.lighthouse.id}/switch`
  const switched = tokenOf(await call(world, line, { token: token.id }))
  const orgless = tokenOf(await call(world, 'POST /v1/account/session', { token: switched.id }))
  const begun = (await liveSessions(world.ada.id)).slice(-2)
  assert.deepEqual(
    begun.map(({ proof, authenticatedAt, createdAt }) => [proof, authenticatedAt, createdAt]),
    begun.map(() => ['password', signedIn?.authenticatedAt, Number(signedIn?.createdAt) + 3_600]),
  )
  await call(world, 'DELETE /v1/account/logout', { token: token.id })
  assert.deepEqual(await statusesOf([token.id, switched.id, orgless.id]), [401, 200, 200])
})

test('KOY-13 a session that has ended creates no session', async () => {
  const token = await login(world, 'ada@example.org')
  await call(world, 'DELETE /v1/account/logout', { token: token.id })
  const answers = [
    await call(world, 'POST /v1/account/session', { token: token.id }),
    await call(world, `POST /v1/organizations/${world.harbour.id}/switch`, { token: token.id }),
  ]
  assert.deepEqual(
    answers.map(({ status, json }) => [status, json]),
    [
      [401, unauthenticated],
      [401, unauthenticated],
    ],
  )
})

test('KOY-21 an account that leaves an organization loses the tokens scoped to it, in memory and in the store, and no other', async () => {
  const member = await world.addAccount({ username: 'bo', email: 'bo@example.org', password })
  const jetty = await world.addOrganization('jetty', [member])
  const used = await login(world, 'bo@example.org')
  const unused = await login(world, 'bo@example.org')
  const orgless = tokenOf(await call(world, 'POST /v1/account/session', { token: used.id }))
  await removeMember(world.ports, { organization: jetty, accountId: member.id }, commandFacts)
  assert.deepEqual(await statusesOf([used.id, unused.id, orgless.id]), [401, 401, 200])
  assert.deepEqual((await refresh(used.id)).json, unauthenticated)
})

test('KOY-21 a removed organization ends only the tokens scoped to it: a client leaves it with another token first', async () => {
  const member = await world.addAccount({ username: 'cy', email: 'cy@example.org', password })
  const pier = await world.addOrganization('pier', [member])
  world.clock.advance(1_000)
  const quay = await world.addOrganization('quay', [member])
  const used = await login(world, 'cy@example.org', pier.id)
  const unused = await login(world, 'cy@example.org', pier.id)
  const switched = tokenOf(await call(world, `POST /v1/organizations/${quay.id}/switch`, { token: used.id }))
  const orgless = tokenOf(await call(world, 'POST /v1/account/session', { token: used.id }))
  assert.deepEqual(await statusesOf([used.id]), [200])
  await removeOrganization(world.ports, pier, commandFacts)
  assert.deepEqual(await statusesOf([used.id, unused.id, switched.id, orgless.id]), [401, 401, 200, 200])
  const gone = await call(world, `POST /v1/organizations/${pier.id}/switch`, { token: switched.id })
  assert.equal(gone.status, 404)
})

test('KOY-25 the oldest session ends when an account has more than the option allows', async () => {
  const server = await koyebWorld({ config: { koyeb: { keepNewest: 3 } } })
  try {
    const tokens: string[] = []
    for (let count = 0; count < 4; count += 1) tokens.push((await login(server, 'solo@example.org')).id)
    const statuses: number[] = []
    for (const token of tokens) statuses.push((await call(server, 'GET /v1/account/profile', { token })).status)
    assert.deepEqual(statuses, [401, 200, 200, 200])
  } finally {
    await server.close()
  }
})

test('KOY-16 a fingerprint of 4 KB is accepted everywhere, and only a digest is kept', async () => {
  const fingerprint = `W;6.8.0;${'Zm9v'.repeat(1_022)}`
  const headers = { 'seon-fp': fingerprint }
  const digest = world.ports.digests.sha256(fingerprint)
  const body = { email: 'ada@example.org', password }
  const token = tokenOf(await call(world, 'POST /v1/account/login', { headers, body }))
  const switched = await call(world, `POST /v1/organizations/${world.harbour.id}/switch`, { token: token.id, headers })
  const profile = await call(world, 'GET /v1/account/profile', { token: token.id, headers })
  const kept = (await liveSessions(world.ada.id)).slice(-2).map(({ fingerprintDigest }) => fingerprintDigest)
  const heads = await world.ports.store.auditHeads()
  const events = await Promise.all(
    heads.map(({ chain }) => world.ports.store.auditEvents(chain, { afterSeq: 0, limit: 10_000 })),
  )
  const leaks = events.flat().filter(({ text }) => text.includes('Zm9vZm9v'))
  assert.deepEqual(
    [
      fingerprint.length,
      switched.status,
      profile.status,
      kept.map((bytes) => Buffer.from(bytes ?? []).toString('hex')),
      leaks,
    ],
    [4_096, 200, 200, [Buffer.from(digest).toString('hex'), Buffer.from(digest).toString('hex')], []],
  )
})

test('KOY-18 a profile shows a sign-in that happened since the last request', async () => {
  const member = await world.addAccount({ username: 'ed', password, email: 'ed@example.org' })
  const { id: token } = await login(world, 'ed@example.org')
  const profile = async (): Promise<Record<string, unknown>> => {
    const { json } = await call(world, 'GET /v1/account/profile', { token })
    return (json as { user: Record<string, unknown> }).user
  }
  const first = await profile()
  world.clock.advance(500)
  await login(world, 'ed@example.org')
  const then = new Date(world.clock.wallMs()).toISOString().replace('.000Z', 'Z')
  assert.deepEqual([await profile(), first.id], [{ ...first, last_login: then }, member.uuid])
})

test('KOY-19 pages are in the order of joining, and search, statuses and order work', async () => {
  const member = await world.addAccount({ username: 'di', email: 'di@example.org', password })
  const ids = new Map<string, string>()
  for (const name of ['north-dock', 'south-dock', 'east-gate']) {
    ids.set(name, (await world.addOrganization(name, [member])).id)
    world.clock.advance(1_000)
  }
  const { id: token } = await login(world, 'di@example.org')
  const list = async (query: string): Promise<unknown[]> => {
    const { json } = await call(world, `GET /v1/account/organizations${query}`, { token })
    const { organizations, ...page } = json as { organizations: { name: string }[] }
    return [organizations.map(({ name }) => name), ...Object.values(page)]
  }
  assert.deepEqual(
    [
      await list(''),
      await list('?limit=2'),
      await list('?limit=3'),
      await list('?limit=2&offset=2'),
      await list('?limit=1&offset=1'),
      await list('?limit=0&offset=7'),
      await list('?limit=1000&order=desc'),
      await list('?search=DOCK'),
      await list(`?search=${ids.get('east-gate')}`),
      await list('?statuses=LOCKED&statuses=ACTIVE'),
      await list('?statuses=LOCKED'),
    ],
    [
      [['north-dock', 'south-dock', 'east-gate'], 100, 0, false],
      [['north-dock', 'south-dock'], 2, 0, true],
      [['north-dock', 'south-dock', 'east-gate'], 3, 0, false],
      [['east-gate'], 2, 2, false],
      [['south-dock'], 1, 1, true],
      [[], 100, 7, false],
      [['east-gate', 'south-dock', 'north-dock'], 100, 0, false],
      [['north-dock', 'south-dock'], 100, 0, false],
      [['east-gate'], 100, 0, false],
      [['north-dock', 'south-dock', 'east-gate'], 100, 0, false],
      [[], 100, 0, false],
    ],
  )
})
