/** Client tests: what the client asks control about terminals; the answers are those of a server of the test's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControlClient, type SessionAnswer } from '../../src/client/client.ts'

const session: SessionAnswer = {
  session_id: 's1',
  access_token: 'access',
  token_type: 'Bearer',
  expires_at: null,
  refresh_token: 'refresh',
  refresh_expires_at: null,
}

/** A client whose requests are all answered alike, and what it asked. */
function asking(answer: unknown, status = 200): { readonly client: ControlClient; readonly asked: string[] } {
  const asked: string[] = []
  const fetch = (url: string, { method, headers }: RequestInit): Promise<Response> => {
    const token = new Headers(headers).get('authorization')
    asked.push(`${method ?? 'GET'} ${url.slice('https://control.example.org'.length)} ${token}`)
    return Promise.resolve(status === 200 ? Response.json(answer) : new Response(null, { status }))
  }
  return { client: new ControlClient({ baseUrl: 'https://control.example.org', session, fetch }), asked }
}

test('CLT-37 PTY sessions are filtered only by the given members, servers and change requests by page', async () => {
  const page = { items: [], next: 'n' }
  const { client, asked } = asking(page)
  const answers = [
    await client.ptySessions(),
    await client.ptySessions({ state: 'active', change_id: 'CR 1&2', limit: 50, after: 'é' }),
    await client.servers(),
    await client.servers('db-1'),
    await client.changeRequests(),
    await client.changeRequests('CR-1'),
  ]
  assert.deepEqual(answers, Array(6).fill(page))
  assert.deepEqual(asked, [
    'GET /api/v1/pty_sessions Bearer access',
    'GET /api/v1/pty_sessions?state=active&change_id=CR+1%262&limit=50&after=%C3%A9 Bearer access',
    'GET /api/v1/servers Bearer access',
    'GET /api/v1/servers?after=db-1 Bearer access',
    'GET /api/v1/change_requests Bearer access',
    'GET /api/v1/change_requests?after=CR-1 Bearer access',
  ])
})

test('CLT-37 one PTY session is asked for, and ended, by its id as one segment of the path', async () => {
  const detail = { id: 'p1', attachments: [] }
  const { client, asked } = asking(detail)
  assert.deepEqual(await client.ptySession('../p 1'), detail)
  for (const status of [202, 204] as const) {
    const ending = asking(null, status)
    assert.equal(await ending.client.endPtySession('p1'), undefined)
    asked.push(...ending.asked)
  }
  assert.deepEqual(asked, [
    'GET /api/v1/pty_sessions/..%2Fp%201 Bearer access',
    'POST /api/v1/pty_sessions/p1/end Bearer access',
    'POST /api/v1/pty_sessions/p1/end Bearer access',
  ])
})
