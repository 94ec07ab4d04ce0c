/** Faults of an end in the middle of work: SIGTERM under load answers everything that it lets happen. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { goodPassword as password } from '../fixtures/control-calls.ts'
import { bearer, type ControlSession, type HttpClient, openClient, verifyStatus } from '../fixtures/http-client.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { serveProcess } from '../fixtures/serve-process.ts'
import { temporaryFolder } from '../fixtures/sqlite-store.ts'

const workers = 16

/** The answers to clients, by session. */
type Ledger = {
  readonly live: Map<string, string>
  readonly ended: Map<string, string>
  readonly statuses: Set<number>
  refreshes: number
}

/** Signs in, refreshes, and signs out every third time, until the server is gone. */
async function work(client: HttpClient, ledger: Ledger): Promise<void> {
  const ask = async (question: Parameters<HttpClient['send']>[0]): Promise<string> => {
    const { status, body } = await client.send(question)
    ledger.statuses.add(status)
    return body
  }
  for (let round = 1; ; round += 1) {
    const signIn = { method: 'POST', path: '/api/v1/sessions', body: { username: 'ada', password } }
    let session = JSON.parse(await ask(signIn)) as ControlSession
    ledger.live.set(session.session_id, session.access_token)
    for (let step = 0; step < 3; step += 1) {
      const body = { refresh_token: session.refresh_token }
      session = JSON.parse(await ask({ method: 'POST', path: '/api/v1/sessions/refresh', body })) as ControlSession
      ledger.refreshes += 1
      ledger.live.set(session.session_id, session.access_token)
    }
    if (round % 3 !== 0) continue
    await ask({ method: 'DELETE', path: '/api/v1/sessions/current', headers: bearer(session.access_token) })
    ledger.live.delete(session.session_id)
    ledger.ended.set(session.session_id, session.access_token)
  }
}

test('ATK-21 a server that is told to end under load ends with 0, and whatever it did was answered and is kept', async (t) => {
  const dataDir = join(temporaryFolder(t), 'data')
  const prepared = await runSallyport({ dataDir, now: Date.now() })
  await prepared.addAccount({ username: 'ada', password })
  await prepared.close()
  const server = await serveProcess(dataDir, { THROTTLE: 'false' })
  const client = openClient(server.url, workers)
  const ledger: Ledger = { live: new Map(), ended: new Map(), statuses: new Set(), refreshes: 0 }
  const running = Promise.allSettled(Array.from({ length: workers }, () => work(client, ledger)))
  while (ledger.refreshes < workers * 8) await new Promise((resolve) => setImmediate(resolve))
  await server.end('SIGTERM')
  const outcomes = await running
  client.close()
  assert.equal(server.child.exitCode, 0)
  assert.deepEqual([...ledger.statuses].sort(), [200, 201, 204])
  const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason.code) : 'ended'))
  assert.deepEqual(
    reasons.filter((reason) => reason !== 'ECONNREFUSED' && reason !== 'ECONNRESET'),
    [],
  )

  const again = await runSallyport({ dataDir, now: Date.now() })
  const reader = openClient(again.url, workers)
  try {
    const events = await again.ports.store.auditEvents('server', { afterSeq: 0, limit: 100_000 })
    const did = events.map(({ text }) => (JSON.parse(text) as { action: string }).action)
    const count = (action: string): number => did.filter((one) => one === action).length
    const told = {
      signIns: ledger.live.size + ledger.ended.size,
      refreshes: ledger.refreshes,
      signOuts: ledger.ended.size,
    }
    assert.deepEqual({ signIns: count('sign-in'), refreshes: count('refresh'), signOuts: count('sign-out') }, told)
    const statusesOf = async (tokens: Iterable<string>): Promise<number[]> => [
      ...new Set(await Promise.all([...tokens].map((token) => verifyStatus(reader, token)))),
    ]
    assert.deepEqual([await statusesOf(ledger.live.values()), await statusesOf(ledger.ended.values())], [[200], [401]])
  } finally {
    reader.close()
    await again.close()
  }
})
