import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, auditTrail, call, goodPassword, signInAs, verify } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport()
  await sallyport.addAccount({
    username: 'ada',
    password: goodPassword,
    email: 'ada@example.org',
    groups: ['ops', 'größe'],
  })
  await sallyport.addAccount({ username: 'bob', password: goodPassword })
  await sallyport.addAccount({ username: 'root', password: goodPassword, role: 'admin' })
})

after(() => sallyport.close())

function refresh(token: string): Promise<Answer> {
  return call(sallyport, { method: 'POST', path: '/api/v1/sessions/refresh', body: { refresh_token: token } })
}

test('SES-6 a sign-in answers a token pair with RFC 3339 expiries', async () => {
  const answer = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions',
    body: { email: 'ADA@example.org', password: goodPassword },
  })
  const { session_id, access_token, refresh_token, ...rest } = answer.body
  assert.deepEqual(
    [answer.status, rest],
    [
      201,
      { token_type: 'Bearer', expires_at: '2026-01-02T15:14:05.000Z', refresh_expires_at: '2026-01-02T16:04:05.000Z' },
    ],
  )
  assert.match(session_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(access_token.split('.').length, 3)
  assert.match(refresh_token, /^[1-9]\d*\.[A-Za-z0-9_-]{43}$/)
})

test('TOK-10 sign-in and refresh may not be cached', async () => {
  const signedIn = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions',
    body: { username: 'ada', password: goodPassword },
  })
  const refreshed = await refresh(signedIn.body.refresh_token)
  assert.deepEqual([signedIn.headers['cache-control'], refreshed.headers['cache-control']], ['no-store', 'no-store'])
})

test('SES-3 an access token is refused from the second of its expiry on, and the refresh token still works', async () => {
  const session = await signInAs(sallyport, 'ada')
  sallyport.clock.advance(599_999 - (sallyport.clock.wallMs() % 1000))
  assert.equal(await verify(sallyport, session.access_token), 200)
  sallyport.clock.advance(1_000)
  assert.equal(await verify(sallyport, session.access_token), 401)
  assert.equal((await refresh(session.refresh_token)).status, 200)
})

test('SES-1 a session that was idle for an hour cannot be refreshed', async () => {
  const session = await signInAs(sallyport, 'ada')
  sallyport.clock.advance(3_600_000)
  const answer = await refresh(session.refresh_token)
  assert.deepEqual([answer.status, answer.body.type], [401, 'token-expired'])
})

test('SES-2 a session that is refreshed all day ends after its absolute lifetime', async () => {
  let session = await signInAs(sallyport, 'ada')
  for (let half = 0; half < 47; half += 1) {
    sallyport.clock.advance(1_800_000)
    session = (await refresh(session.refresh_token)).body
  }
  sallyport.clock.advance(1_799_000)
  assert.equal((await refresh(session.refresh_token)).status, 200)
  sallyport.clock.advance(1_000)
  assert.equal((await refresh(session.refresh_token)).status, 401)
})

test('TOK-2 a repeat within 30 s returns the same bytes, even if the successor was refreshed meanwhile', async () => {
  const session = await signInAs(sallyport, 'ada')
  const first = await refresh(session.refresh_token)
  await refresh(first.body.refresh_token)
  sallyport.clock.advance(29_000)
  assert.deepEqual((await refresh(session.refresh_token)).body, first.body)
})

test('TOK-3 a lost answer is returned hours later, as long as the successor was never presented', async () => {
  const session = await signInAs(sallyport, 'ada')
  const first = await refresh(session.refresh_token)
  sallyport.clock.advance(3_000_000)
  assert.deepEqual((await refresh(session.refresh_token)).body, first.body)
})

test('TOK-7 a repeat after the grace ends the family: every token of it is refused, and the audit says reuse', async () => {
  const session = await signInAs(sallyport, 'ada')
  const first = (await refresh(session.refresh_token)).body
  const second = (await refresh(first.refresh_token)).body
  sallyport.clock.advance(31_000)
  const reuse = await refresh(session.refresh_token)
  assert.deepEqual([reuse.status, reuse.body.type], [401, 'refresh-reused'])
  const verdicts = await Promise.all([session, first, second].map((one) => verify(sallyport, one.access_token)))
  assert.deepEqual([...verdicts, (await refresh(second.refresh_token)).status], [401, 401, 401, 401])
  const last = (await auditTrail(sallyport)).findLast((event) => event.action === 'refresh-reuse')
  assert.deepEqual(
    [last?.outcome, last?.code, last?.subject],
    ['refused', 'REFRESH_REUSED', `session:${session.session_id}`],
  )
})

test('TOK-9 a refresh token authenticates nothing, and an access token refreshes nothing', async () => {
  const session = await signInAs(sallyport, 'ada')
  assert.deepEqual(
    [await verify(sallyport, session.refresh_token), (await refresh(session.access_token)).status],
    [401, 401],
  )
})

test('TOK-11 a token in the query string is ignored', async () => {
  const { access_token: token } = await signInAs(sallyport, 'ada')
  assert.equal(
    (await call(sallyport, { path: `/api/v1/account?Authorization=Bearer%20${token}&access_token=${token}` })).status,
    401,
  )
})

test('SES-9 the list shows the live sessions of the account and marks the caller', async () => {
  const bob = await signInAs(sallyport, 'bob')
  const other = await signInAs(sallyport, 'bob')
  const gone = await signInAs(sallyport, 'bob')
  await call(sallyport, { method: 'DELETE', path: '/api/v1/sessions/current', token: gone.access_token })
  const { body } = await call(sallyport, { path: '/api/v1/sessions', token: bob.access_token })
  const items = body.items
  const seen = items.map(({ id, dialect, current }) => [id, dialect, current]).sort()
  assert.deepEqual(
    seen,
    [
      [bob.session_id, 'control', true],
      [other.session_id, 'control', false],
    ].sort(),
  )
})

test('SES-7 a session of another account is not found; an administrator ends it', async () => {
  const [ada, bob, root] = [
    await signInAs(sallyport, 'ada'),
    await signInAs(sallyport, 'bob'),
    await signInAs(sallyport, 'root'),
  ]
  const end = (token: string, id: string): Promise<Answer> =>
    call(sallyport, { method: 'DELETE', path: `/api/v1/sessions/${id}`, token })
  const unknown = await end(ada.access_token, '00000000-0000-4000-8000-000000000000')
  const foreign = await end(ada.access_token, bob.session_id)
  assert.deepEqual([unknown.status, unknown.body], [404, foreign.body])
  assert.equal(await verify(sallyport, bob.access_token), 200)
  assert.equal((await end(root.access_token, bob.session_id)).status, 204)
  assert.equal(await verify(sallyport, bob.access_token), 401)
  assert.equal((await end(root.access_token, bob.session_id)).status, 204)
})

test('SES-8 ending all sessions ends the caller’s too, and a sign-in of the same second lives', async () => {
  const [one, two] = [await signInAs(sallyport, 'bob'), await signInAs(sallyport, 'bob')]
  assert.equal(
    (await call(sallyport, { method: 'DELETE', path: '/api/v1/sessions', token: one.access_token })).status,
    204,
  )
  const fresh = await signInAs(sallyport, 'bob')
  const verdicts = await Promise.all([one, two, fresh].map((session) => verify(sallyport, session.access_token)))
  assert.deepEqual([...verdicts, (await refresh(one.refresh_token)).status], [401, 401, 200, 401])
})

test('REV-10 after the clocks jump a token is still accepted, by the log and not by an old lease', async () => {
  const session = await signInAs(sallyport, 'ada')
  assert.equal(await verify(sallyport, session.access_token), 200)
  sallyport.clock.advance(5_000)
  assert.equal(sallyport.ports.node.isReady(), false)
  assert.equal(await verify(sallyport, session.access_token), 200)
  sallyport.clock.set(sallyport.clock.wallMs() - 3_000)
  assert.equal(sallyport.ports.node.isReady(), false)
  assert.equal(await verify(sallyport, session.access_token), 200)
})

test('HTP-13 verify names the account in headers; refusals are 401 with a challenge', async () => {
  const { access_token: token } = await signInAs(sallyport, 'ada')
  const { status, headers, body } = await call(sallyport, { path: '/api/v1/verify', token })
  assert.deepEqual(
    [status, headers['x-auth-account'], headers['x-auth-username'], headers['x-auth-groups'], body],
    [200, 1, 'ada', 'gr%C3%B6%C3%9Fe,ops', ''].map((value) => (value === 1 ? headers['x-auth-account'] : value)),
  )
  assert.match(String(headers['x-auth-account']), /^\d+$/)
  const refused = await call(sallyport, { path: '/api/v1/verify', token: 'rubbish' })
  assert.deepEqual(
    [refused.status, refused.headers['www-authenticate'], refused.body.type],
    [401, 'Bearer', 'token-invalid'],
  )
})

test('REV-11 changed groups show at the next use of a token', async () => {
  const { changeAccount } = await import('../../src/core/administration/administer-accounts.ts')
  const { access_token: token } = await signInAs(sallyport, 'bob')
  assert.equal((await call(sallyport, { path: '/api/v1/verify', token })).headers['x-auth-groups'], undefined)
  const account = await sallyport.ports.store.accountByName('bob', 'user')
  assert.ok(account !== null)
  const how = {
    by: null,
    request: { by: 'command', ip: null, requestId: null, activity: null, commandLine: null },
  } as const
  await changeAccount(sallyport.ports, account, { change: { addGroups: ['dba'] }, how })
  assert.equal((await call(sallyport, { path: '/api/v1/verify', token })).headers['x-auth-groups'], 'dba')
  await changeAccount(sallyport.ports, account, { change: { status: 'disabled' }, how })
  assert.equal(await verify(sallyport, token), 401)
  await changeAccount(sallyport.ports, account, { change: { status: 'enabled' }, how })
  assert.equal(await verify(sallyport, token), 401)
})

test('ORG-3, SGN-7 a session for an organization needs a membership, and ends with it', async () => {
  const ada = await sallyport.ports.store.accountByName('ada', 'user')
  assert.ok(ada !== null)
  const organization = await sallyport.addOrganization('acme', [ada])
  const signIn = (organizationId: string): Promise<Answer> =>
    call(sallyport, {
      method: 'POST',
      path: '/api/v1/sessions',
      body: { username: 'ada', password: goodPassword, organization_id: organizationId },
    })
  assert.equal((await signIn('00000000-0000-4000-8000-000000000000')).status, 403)
  const scoped = (await signIn(organization.id)).body
  const free = await signInAs(sallyport, 'ada')
  assert.equal(
    (await call(sallyport, { path: '/api/v1/verify', token: scoped.access_token })).headers['x-auth-organization'],
    organization.id,
  )
  const { removeMember } = await import('../../src/core/organizations/administer.ts')
  await removeMember(
    sallyport.ports,
    { organization, accountId: ada.id },
    { by: 'command', ip: null, requestId: null, activity: null, commandLine: null },
  )
  assert.deepEqual(
    [await verify(sallyport, scoped.access_token), await verify(sallyport, free.access_token)],
    [401, 200],
  )
})

test('ORG-4 removing an organization ends the sessions that are scoped to it', async () => {
  const ada = await sallyport.ports.store.accountByName('ada', 'user')
  assert.ok(ada !== null)
  const organization = await sallyport.addOrganization('globex', [ada])
  const answer = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions',
    body: { username: 'ada', password: goodPassword, organization_id: organization.id },
  })
  const { access_token: token } = answer.body
  assert.equal(await verify(sallyport, token), 200)
  const { removeOrganization } = await import('../../src/core/organizations/administer.ts')
  await removeOrganization(sallyport.ports, organization, {
    by: 'command',
    ip: null,
    requestId: null,
    activity: null,
    commandLine: null,
  })
  assert.equal(await verify(sallyport, token), 401)
})
