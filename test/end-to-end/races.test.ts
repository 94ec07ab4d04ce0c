import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  bearer,
  type ControlSession,
  type HttpClient,
  openClient,
  signInAtControl,
  verifyStatus,
} from '../fixtures/http-client.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const password = 'correct horse battery staple'
let sallyport: RunningSallyport
let client: HttpClient

before(async () => {
  sallyport = await runSallyport()
  client = openClient(sallyport.url, 32)
  await sallyport.addAccount({ username: 'ada', password, email: 'ada@example.org' })
})

after(async () => {
  client.close()
  await sallyport.close()
})

function times<Result>(count: number, make: (index: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)))
}

async function auditActions(action: string): Promise<number> {
  const events = await sallyport.ports.store.auditEvents('server', { afterSeq: 0, limit: 100_000 })
  return events.filter((event) => (JSON.parse(event.text) as { action: string }).action === action).length
}

test('TOK-8 fifty parallel refreshes of one token are fifty 200s with the same bytes, and one refresh in the audit', async () => {
  const session = await signInAtControl(client, 'ada', password)
  const before = await auditActions('refresh')
  const answers = await times(50, () =>
    client.send({ method: 'POST', path: '/api/v1/sessions/refresh', body: { refresh_token: session.refresh_token } }),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  assert.equal(new Set(answers.map(({ body }) => body)).size, 1)
  assert.equal((await auditActions('refresh')) - before, 1)
})

test('REV-9 fifty parallel sign-outs at control answer 204 and are one effect', async () => {
  const session = await signInAtControl(client, 'ada', password)
  const before = await auditActions('sign-out')
  const answers = await times(50, () =>
    client.send({
      method: 'DELETE',
      path: `/api/v1/sessions/${session.session_id}`,
      headers: bearer(session.access_token),
    }),
  )
  const statuses = answers.map(({ status }) => status)
  assert.equal(
    statuses.every((status) => status === 204 || status === 401),
    true,
  )
  assert.equal(statuses.includes(204), true)
  assert.equal((await auditActions('sign-out')) - before, 1)
  assert.equal(await verifyStatus(client, session.access_token), 401)
})

test('REV-9 fifty parallel sign-outs at sftpgo are one 200 and forty-nine 401s', async () => {
  const authorization = `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`
  const minted = await client.send({ path: '/api/v2/user/token', headers: { authorization } })
  const { access_token: token } = JSON.parse(minted.body) as { access_token: string }
  const answers = await times(50, () => client.send({ path: '/api/v2/user/logout', headers: bearer(token) }))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal(answers.filter(({ status }) => status === 401).length, 49)
})

test('REV-8 no token is accepted after the answer that revoked it: 10,000 checks over 32 sockets', async () => {
  const staleAccepts: string[] = []
  let checks = 0
  const race = async (session: ControlSession): Promise<void> => {
    let isRevoked = false
    const check = async (): Promise<void> => {
      const wasRevoked = isRevoked
      const status = await verifyStatus(client, session.access_token)
      checks += 1
      if (wasRevoked && status !== 401) staleAccepts.push(`${session.session_id} answered ${status}`)
    }
    const revoke = async (): Promise<void> => {
      await client.send({ method: 'DELETE', path: '/api/v1/sessions/current', headers: bearer(session.access_token) })
      isRevoked = true
      await times(30, check)
    }
    await Promise.all([times(8, check), times(12, check), revoke()])
  }
  const sessions: ControlSession[] = []
  const first = await signInAtControl(client, 'ada', password)
  for (let count = 0; count < 200; count += 1) sessions.push(await startSession(first))
  for (let start = 0; start < sessions.length; start += 8) await Promise.all(sessions.slice(start, start + 8).map(race))
  assert.deepEqual([staleAccepts, checks], [[], 10_000])
})

/** Creates a session without the cost of a password hash, which this race does not need. */
async function startSession(like: ControlSession): Promise<ControlSession> {
  const { ports } = sallyport
  const account = await ports.store.accountByName('ada', 'user')
  assert.ok(account !== null)
  const { createSession } = await import('../../src/core/sessions/create-session.ts')
  const created = await createSession(ports, {
    account,
    dialect: 'giantswarm',
    organizationId: null,
    client: { ip: '127.0.0.1', userAgent: '', fingerprintDigest: null },
    request: { by: 'giantswarm', ip: '127.0.0.1', requestId: null, activity: null, commandLine: null },
    proof: 'password',
    authenticatedAt: 0,
    isApplicationPassword: false,
    credentialId: null,
    parentSessionRow: null,
    signIn: null,
    action: 'sign-in',
    mint: async () => ({
      accessToken: ports.random.uuid(),
      isIndexed: true,
      boundIp: null,
      refreshToken: null,
      expiresAt: null,
    }),
  })
  return { ...like, session_id: created.grant.sessionId, access_token: created.minted.accessToken }
}
