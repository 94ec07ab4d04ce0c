import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { addChange, addServer, setChangeState } from '../../src/core/terminals/inventory.ts'
import { type Answer, call, goodPassword, signInAs } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const hostKey = `ssh-ed25519 ${'A'.repeat(68)}`
let sallyport: RunningSallyport
let ada: string
let eve: string

before(async () => {
  sallyport = await runSallyport()
  await sallyport.addAccount({ username: 'ada', password: goodPassword, groups: ['ops'] })
  await sallyport.addAccount({ username: 'eve', password: goodPassword })
  await sallyport.addAccount({ username: 'root', password: goodPassword, role: 'admin', groups: ['ops'] })
  await addServer(
    sallyport.ports,
    {
      name: 'web-1',
      address: '10.0.0.1',
      port: 22,
      transport: 'ssh',
      osUsers: ['deploy'],
      groups: ['ops'],
      hostKey,
      hostCa: null,
    },
    request,
  )
  const now = sallyport.clock.wallMs()
  await addChange(
    sallyport.ports,
    {
      id: 'CR1',
      summary: 'a drill',
      servers: ['web-1'],
      osUsers: ['deploy'],
      groups: ['ops'],
      startsAtMs: now - 60_000,
      endsAtMs: now + 3_600_000,
      state: 'requested',
      requestedBy: null,
      approvedBy: null,
    },
    request,
  )
  await setChangeState(sallyport.ports, { id: 'CR1', state: 'approved' }, request)
  ada = (await signInAs(sallyport, 'ada')).access_token
  eve = (await signInAs(sallyport, 'eve')).access_token
})

after(() => sallyport.close())

function start(token: string | undefined, body: unknown): Promise<Answer> {
  return call(sallyport, {
    method: 'POST',
    path: '/api/v1/pty_token/start',
    body,
    ...(token === undefined ? {} : { token }),
  })
}

function join(token: string, body: unknown): Promise<Answer> {
  return call(sallyport, { method: 'POST', path: '/api/v1/pty_token/join', token, body })
}

const health = { purpose: 'health_check', server: { os_user: 'deploy', server_ip: '10.0.0.1' } }
const change = { ...health, purpose: 'change_request', change_id: 'CR1' }

type Header = { readonly typ: string; readonly alg: string }

type Claims = {
  readonly aud: readonly string[]
  readonly iat: number
  readonly exp: number
  readonly connection: {
    readonly server: object
    readonly purpose: string
    readonly user_session: { readonly start_role: string }
    readonly change_request: { readonly id: string }
    readonly pty_session: { readonly id: string; readonly is_new?: boolean }
  }
}

function claimsOf(token: string): [header: Header, claims: Claims] {
  const [header = '', claims = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
  return [JSON.parse(header) as Header, JSON.parse(claims) as Claims]
}

test('TER-3, TER-6 a start token names its attachment, lives 120 s, and its PTY session is stored as created', async () => {
  const { status, headers, body } = await start(ada, change)
  assert.deepEqual(
    [status, headers['cache-control'], Object.keys(body), body.proxyUrl],
    [200, 'no-store', ['token', 'proxyUrl'], sallyport.url],
  )
  const [header, claims] = claimsOf(body.token)
  assert.deepEqual(
    [header.typ, header.alg, claims.aud, claims.exp - claims.iat],
    ['proxy/ws+jwt', 'HS256', ['OS'], 120],
  )
  const { pty_session: ptySession, ...connection } = claims.connection
  assert.deepEqual(
    [
      connection.server,
      connection.purpose,
      connection.user_session.start_role,
      connection.change_request.id,
      ptySession.is_new,
    ],
    [{ ip: '10.0.0.1', port: '22', os_user: 'deploy' }, 'change_request', 'implementor', 'CR1', true],
  )
  const stored = await sallyport.ports.store.ptySessionById(ptySession.id)
  assert.deepEqual([stored?.state, stored?.changeId, stored?.serverName], ['created', 'CR1', 'web-1'])
})

const refusals: readonly { title: string; token: () => string | undefined; body: unknown; status: number }[] = [
  { title: 'no token, though the body is rubbish', token: () => undefined, body: { purpose: 1 }, status: 401 },
  { title: 'a purpose that there is not', token: () => ada, body: { ...health, purpose: 'iexpress' }, status: 422 },
  {
    title: 'a missing OS user',
    token: () => ada,
    body: { purpose: 'health_check', server: { server_ip: '10.0.0.1' } },
    status: 422,
  },
  {
    title: 'a change request without its id',
    token: () => ada,
    body: { ...health, purpose: 'change_request' },
    status: 422,
  },
  {
    title: 'a server that is not in the inventory',
    token: () => eve,
    body: { ...health, server: { os_user: 'deploy', server_ip: '10.9.9.9' } },
    status: 404,
  },
  {
    title: 'an address that is a name',
    token: () => ada,
    body: { ...health, server: { os_user: 'deploy', server_ip: 'web-1' } },
    status: 404,
  },
  { title: 'a change that there is not', token: () => ada, body: { ...change, change_id: 'CR9' }, status: 404 },
  { title: 'an account of no listed group', token: () => eve, body: health, status: 403 },
  {
    title: 'an OS user that is not listed',
    token: () => ada,
    body: { ...health, server: { os_user: 'root', server_ip: '10.0.0.1' } },
    status: 403,
  },
]

for (const { title, token, body, status } of refusals) {
  test(`TER-4 ${title} is answered ${status} with only an error`, async () => {
    const answer = await start(token(), body)
    assert.deepEqual(
      [answer.status, Object.keys(answer.body), answer.headers['content-type']],
      [status, ['error'], 'application/json'],
    )
  })
}

test('TER-4 a body that is not JSON is answered 400', async () => {
  const answer = await call(sallyport, {
    method: 'POST',
    path: '/api/v1/pty_token/start',
    token: ada,
    headers: { 'content-type': 'application/json' },
    body: '{"purpose":',
  })
  assert.deepEqual([answer.status, Object.keys(answer.body)], [400, ['error']])
})

test('TER-2 a change request stops opening terminals once it is closed, and a health check does not need it', async () => {
  const now = sallyport.clock.wallMs()
  await addChange(
    sallyport.ports,
    {
      id: 'CR2',
      summary: '',
      servers: ['web-1'],
      osUsers: ['deploy'],
      groups: ['ops'],
      startsAtMs: now - 1,
      endsAtMs: now + 60_000,
      state: 'approved',
      requestedBy: null,
      approvedBy: null,
    },
    request,
  )
  assert.equal((await start(ada, { ...change, change_id: 'CR2' })).status, 200)
  await setChangeState(sallyport.ports, { id: 'CR2', state: 'closed' }, request)
  await assert.rejects(setChangeState(sallyport.ports, { id: 'CR2', state: 'approved' }, request), {
    code: 'CHANGE_CLOSED',
  })
  assert.deepEqual(
    [(await start(ada, { ...change, change_id: 'CR2' })).status, (await start(ada, health)).status],
    [403, 200],
  )
})

test('TER-5 a join needs an active PTY session; one implementor, any number of observers', async () => {
  const { token } = (await start(ada, health)).body
  const [, claims] = claimsOf(token)
  const id = claims.connection.pty_session.id as string
  const as = (role: string): Promise<Answer> => join(ada, { pty_session_id: id, start_role: role })
  assert.equal((await as('observer')).status, 409)
  const account = await sallyport.ports.store.accountByName('ada', 'user')
  const audit = {
    ...request,
    by: 'server',
    atMs: 0,
    accountId: null,
    username: null,
    action: 'pty-attach',
    outcome: 'ok',
  } as const
  const { store, digests } = sallyport.ports
  const attached = await store.execute('attachPtyToken', {
    digest: digests.sha256(token),
    attachmentId: randomUUID(),
    ip: '192.0.2.7',
    limits: sallyport.ports.settings.ptyLimits,
    nowMs: sallyport.clock.wallMs(),
    audit,
  })
  assert.equal(attached.kind, 'attached')
  assert.deepEqual([(await as('observer')).status, (await as('implementor')).status], [200, 409])
  await store.execute('freePtySlot', { ptySessionId: id, accountId: account?.id ?? 0 })
  assert.deepEqual([(await as('observer')).status, (await as('implementor')).status], [200, 200])
  assert.deepEqual(
    [
      (await join(eve, { pty_session_id: id, start_role: 'observer' })).status,
      (await join(ada, { pty_session_id: 'gone', start_role: 'observer' })).status,
    ],
    [403, 404],
  )
})

test('TER-7 tokens of koyeb, giantswarm, pacerpro and sftpgo users mint PTY tokens; those of sftpgo administrators do not', async () => {
  const basic = (name: string): { authorization: string } => ({
    authorization: `Basic ${Buffer.from(`${name}:${goodPassword}`).toString('base64')}`,
  })
  const user = await call(sallyport, { path: '/api/v2/user/token', headers: basic('ada') })
  const admin = await call(sallyport, { path: '/api/v2/token', headers: basic('root') })
  const statuses = [await start(user.body.access_token, health), await start(admin.body.access_token, health)].map(
    ({ status }) => status,
  )
  assert.deepEqual(statuses, [200, 401])
})
