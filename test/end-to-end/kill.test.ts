import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { addAccount } from '../../src/core/administration/administer-accounts.ts'
import { openStoreAccess } from '../../src/main/store-access.ts'
import {
  bearer,
  type ControlSession,
  type HttpClient,
  openClient,
  signInAtControl,
  verifyStatus,
} from '../fixtures/http-client.ts'
import { serveProcess } from '../fixtures/serve-process.ts'

/** Twenty in every run; SALLYPORT_KILL_ROUNDS=200 for a long run. */
const rounds = Number(process.env.SALLYPORT_KILL_ROUNDS ?? 20)
const password = 'correct horse battery staple'
const workers = 12

/** The answers before the kill. */
type Ledger = {
  readonly live: Map<string, ControlSession>
  readonly dead: string[]
  readonly exchanges: { readonly presented: string; readonly answer: string }[]
  readonly signedOut: string[]
}

async function work(client: HttpClient, ledger: Ledger, isKilled: () => boolean): Promise<void> {
  let session = await signInAtControl(client, 'ada', password)
  ledger.live.set(session.session_id, session)
  for (let step = 1; !isKilled(); step += 1) {
    if (step % 5 === 0) {
      ledger.live.delete(session.session_id)
      const answer = await client.send({
        method: 'DELETE',
        path: '/api/v1/sessions/current',
        headers: bearer(session.access_token),
      })
      assert.equal(answer.status, 204)
      ledger.dead.push(session.access_token)
      ledger.signedOut.push(session.session_id)
      session = await signInAtControl(client, 'ada', password)
      ledger.live.set(session.session_id, session)
    } else {
      const presented = session.refresh_token
      ledger.live.delete(session.session_id)
      const answer = await client.send({
        method: 'POST',
        path: '/api/v1/sessions/refresh',
        body: { refresh_token: presented },
      })
      assert.equal(answer.status, 200)
      ledger.exchanges.push({ presented, answer: answer.body })
      session = JSON.parse(answer.body) as ControlSession
      ledger.live.set(session.session_id, session)
    }
  }
}

/** Reads the chains independently: the hash of every event follows from the previous one. */
function checkChains(dataDir: string): Set<string> {
  const database = new DatabaseSync(join(dataDir, 'sallyport.db'), { readOnly: true })
  try {
    const subjects = new Set<string>()
    const hashes = new Map<string, { seq: number; hash: string }>()
    for (const row of database
      .prepare('SELECT chain, seq, text, hash FROM audit_events ORDER BY chain, seq')
      .iterate()) {
      const { chain, seq, text, hash } = row as { chain: string; seq: number; text: string; hash: string }
      const previous = hashes.get(chain) ?? { seq: 0, hash: '0'.repeat(64) }
      assert.equal(seq, previous.seq + 1)
      assert.equal(hash, createHash('sha256').update(`${previous.hash}\n${text}`).digest('hex'))
      hashes.set(chain, { seq, hash })
      const event = JSON.parse(text) as { action: string; subject?: string }
      subjects.add(`${event.action} ${event.subject}`)
    }
    return subjects
  } finally {
    database.close()
  }
}

async function killRound(dataDir: string): Promise<number> {
  const ledger: Ledger = { live: new Map(), dead: [], exchanges: [], signedOut: [] }
  const server = await serveProcess(dataDir, { THROTTLE: 'false' })
  const client = openClient(server.url, workers)
  let isKilled = false
  const enough = workers * 6
  const running = Promise.allSettled(Array.from({ length: workers }, () => work(client, ledger, () => isKilled)))
  while (ledger.exchanges.length < enough) await new Promise((resolve) => setImmediate(resolve))
  isKilled = true
  await server.end('SIGKILL')
  await running
  client.close()
  await checkAfterRestart(dataDir, ledger)
  return ledger.exchanges.length + ledger.dead.length
}

async function checkAfterRestart(dataDir: string, ledger: Ledger): Promise<void> {
  const server = await serveProcess(dataDir, { THROTTLE: 'false' })
  const client = openClient(server.url, workers)
  try {
    for (const session of ledger.live.values())
      assert.equal(await verifyStatus(client, session.access_token), 200, 'an answered session lives')
    for (const token of ledger.dead)
      assert.equal(await verifyStatus(client, token), 401, 'an answered sign-out is dead')
    const lastOf = new Map(
      ledger.exchanges.map((exchange) => [(JSON.parse(exchange.answer) as ControlSession).session_id, exchange]),
    )
    for (const [sessionId, { presented, answer }] of lastOf) {
      if (!ledger.live.has(sessionId)) continue
      const repeat = await client.send({
        method: 'POST',
        path: '/api/v1/sessions/refresh',
        body: { refresh_token: presented },
      })
      assert.deepEqual([repeat.status, repeat.body], [200, answer])
    }
    const subjects = checkChains(dataDir)
    for (const sessionId of ledger.signedOut)
      assert.ok(subjects.has(`sign-out session:${sessionId}`), 'an answered sign-out is in the audit')
    for (const sessionId of lastOf.keys())
      assert.ok(subjects.has(`refresh session:${sessionId}`), 'an answered refresh is in the audit')
  } finally {
    client.close()
    await server.end('SIGTERM')
  }
}

test('DUR-1, DUR-2, DUR-3 after every SIGKILL under load the answered changes hold, and the audit chain verifies', {
  timeout: rounds * 60_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-kill-'))
  try {
    const config = readConfig({ flags: {}, env: {}, file: { data: dataDir, logLevel: 'silent' } })
    const storeAccess = await openStoreAccess({ config, env: {} }, 'command')
    const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
    await addAccount(
      storeAccess.ports,
      { username: 'ada', email: null, role: 'user', expiresAt: null, groups: [], password },
      { by: null, request, asFirstAdmin: false },
    )
    await storeAccess.close()
    let acts = 0
    for (let round = 0; round < rounds; round += 1) acts += await killRound(dataDir)
    assert.ok(acts >= rounds * workers, 'every round was under load')
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
