/** When the audit trail is signed, and which breaks a running server finds: real folders and real processes. */
import assert from 'node:assert/strict'
import { createPublicKey, hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { readSeal } from '../../src/core/audit/seal.ts'
import { openTrailSigner, startTrailSigner, trailJob } from '../../src/main/audit-trail.ts'
import type { StoreAccess } from '../../src/main/store-access.ts'
import { initialSchema } from '../../src/stores/sqlite/migrations/0001-initial.ts'
import { terminalSchema } from '../../src/stores/sqlite/migrations/0002-terminals.ts'
import { dataPath, sallyport } from '../cli/sallyport-process.ts'
import { appendForged, edit, prove, rehash, trailEvent, withFoundation, writeTrail } from '../fixtures/audit-world.ts'
import { goodPassword as password } from '../fixtures/control-calls.ts'
import { openClient, signInAtControl } from '../fixtures/http-client.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { serveProcess } from '../fixtures/serve-process.ts'
import { silentLog } from '../fixtures/sqlite-store.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const

/** The number of the newest seal, and the newest event of each chain that it names. */
async function newestSeal({ store }: Pick<StoreAccess, 'store'>): Promise<{ seq: number; heads: string[] }> {
  const last = await store.lastAuditSeal()
  const claims = last === null ? null : readSeal(last.text)
  return { seq: last?.seq ?? 0, heads: (claims?.heads ?? []).map(({ chain, seq }) => `${chain}:${seq}`) }
}

async function headsOf({ store }: Pick<StoreAccess, 'store'>): Promise<string[]> {
  return (await store.auditHeads()).map(({ chain, seq }) => `${chain}:${seq}`)
}

async function faultsIn(data: string): Promise<readonly unknown[]> {
  const { seals, chains } = await prove(data)
  return [seals.fault, ...chains.map(({ fault }) => fault)].filter((fault) => fault !== null)
}

test('EVD-1 a server signs at its start and at its end, with all that it wrote in between', async (t) => {
  const dataDir = dataPath(t)
  const first = await runSallyport({ dataDir })
  const atStart = await newestSeal({ store: first.ports.store as StoreAccess['store'] })
  assert.deepEqual(atStart, { seq: 2, heads: ['server:1'] })
  await first.addAccount({ username: 'ada', password })
  await first.close()
  await withFoundation(dataDir, async (storeAccess) => {
    const atEnd = await newestSeal(storeAccess)
    assert.deepEqual([atEnd.seq, atEnd.heads], [3, await headsOf(storeAccess)])
  })
})

test('EVD-1 the job signs at least each minute, and nothing while no head moved', async (t) => {
  await withFoundation(dataPath(t), async (storeAccess) => {
    const signer = await openTrailSigner(storeAccess, { chain: 'command', request })
    const { everyMs, run } = trailJob(signer)
    assert.ok(everyMs <= 60_000)
    await run()
    const signed = await newestSeal(storeAccess)
    await Promise.all([run(), signer.sign(), signer.sign()])
    assert.deepEqual(await newestSeal(storeAccess), signed)
    await storeAccess.store.execute('appendAudit', { events: [trailEvent('organization:one')] })
    await run()
    assert.deepEqual(await newestSeal(storeAccess), { seq: signed.seq + 1, heads: ['command:2'] })
  })
})

test('EVD-1 the thousandth event since the newest signature is signed without being asked for', async (t) => {
  await withFoundation(
    dataPath(t),
    async (storeAccess) => {
      const { store } = storeAccess
      await startTrailSigner(storeAccess)
      const before = await newestSeal(storeAccess)
      const append = (count: number) =>
        store.execute('appendAudit', { events: Array.from({ length: count }, () => trailEvent('part:of-many')) })
      await append(999)
      for (let turn = 0; turn < 20; turn += 1) await append(0)
      assert.deepEqual(await newestSeal(storeAccess), before)
      await append(1)
      for (let turn = 0; turn < 1_000 && (await newestSeal(storeAccess)).seq === before.seq; turn += 1) await append(0)
      assert.deepEqual(await newestSeal(storeAccess), { seq: before.seq + 1, heads: ['server:1001'] })
    },
    'server',
  )
})

test('EVD-1 a command signs before it exits, also beside a server, and one that only reads signs nothing', async (t) => {
  const data = dataPath(t)
  await sallyport(['organization', 'add', 'first'], { data })
  const alone = await withFoundation(data, async (storeAccess) => [
    (await newestSeal(storeAccess)).heads,
    await headsOf(storeAccess),
  ])
  assert.deepEqual(alone[0], alone[1])
  const server = await runSallyport({ dataDir: data })
  try {
    const store = server.ports.store as StoreAccess['store']
    await Promise.all(['second', 'third', 'fourth'].map((name) => sallyport(['organization', 'add', name], { data })))
    const signed = await newestSeal({ store })
    assert.deepEqual(signed.heads, await headsOf({ store }))
    await server.addAccount({ username: 'ada', password })
    assert.equal((await sallyport(['account', 'list'], { data })).code, 0)
    assert.deepEqual(await newestSeal({ store }), signed)
  } finally {
    await server.close()
  }
  assert.deepEqual(await faultsIn(data), [])
})

test('EVD-2 processes that sign at once make one row of seals, each of which names the one before', async (t) => {
  const data = dataPath(t)
  await writeTrail(data, 1, 'server')
  await withFoundation(
    data,
    (server) =>
      withFoundation(data, async (command) => {
        const signers = [
          await openTrailSigner(server, { chain: 'server', request }),
          await openTrailSigner(command, { chain: 'command', request }),
        ]
        for (let turn = 0; turn < 10; turn += 1) {
          const events = [trailEvent('organization:raced')]
          await Promise.all([server, command].map(({ store }) => store.execute('appendAudit', { events })))
          await Promise.all(signers.map((signer) => signer.sign()))
        }
        assert.deepEqual((await newestSeal(server)).heads, await headsOf(server))
      }),
    'server',
  )
  const { seals } = await prove(data)
  assert.deepEqual([seals.fault, seals.count > 10], [null, true])
})

test('EVD-5 a running server that goes on after an event of somebody else says so in its next event and in its log', async (t) => {
  const dataDir = dataPath(t)
  const errors: string[] = []
  const log = { ...silentLog, error: (_facts: unknown, sentence: string) => errors.push(sentence) }
  const server = await runSallyport({ dataDir, log })
  appendForged(dataDir, 'server', '{"at":"2026-01-02T00:00:00.000Z","action":"recording-remove"}')
  await server.addAccount({ username: 'ada', password })
  await server.close()
  assert.match(errors.join('\n'), /^audit-broken: the head of the chain was not written by this server$/m)
  const { chains } = await prove(dataDir)
  const [told] = chains.flatMap(({ fault }) => fault ?? [])
  const events = await withFoundation(dataDir, ({ store }) => store.auditEvents('server', { afterSeq: 0, limit: 100 }))
  assert.deepEqual(
    events
      .slice((told?.seq ?? 0) - 2, (told?.seq ?? 0) + 1)
      .map(({ text }) => (JSON.parse(text) as { action: string }).action),
    ['recording-remove', 'audit-broken', 'account-add'],
  )
})

test('EVD-6 after SIGKILL between events and their signature the trail is whole, and what is not covered is counted', async (t) => {
  const data = dataPath(t)
  await sallyport(['account', 'add', 'ada', '--password-stdin'], { data, input: `${password}\n` })
  for (let round = 1; round <= 3; round += 1) {
    const server = await serveProcess(data)
    const client = openClient(server.url)
    for (let times = 0; times < round; times += 1) await signInAtControl(client, 'ada', password)
    client.close()
    await server.end('SIGKILL')
    const unsigned = await withFoundation(data, unsignedEvents)
    assert.ok(unsigned > 0)
    const told = unsigned === 1 ? 'the newest event.' : `the newest ${unsigned} events.`
    assert.deepEqual(await verified(data), ['', told])
    assert.doesNotMatch(server.output(), /audit-broken/)
  }
  const again = await serveProcess(data)
  await again.end('SIGTERM')
  assert.deepEqual(await verified(data), ['', 'none.'])
  assert.doesNotMatch(again.output(), /audit-broken/)
})

test('EVD-8 a server says at its start which key signs, by the fingerprint that the verb prints', async (t) => {
  const data = dataPath(t)
  const server = await serveProcess(data)
  await server.end('SIGTERM')
  const { stdout } = await sallyport(['audit', 'keys', '--json'], { data })
  const { fingerprint, public_key: pem } = JSON.parse(stdout) as { fingerprint: string; public_key: string }
  const der = createPublicKey(pem).export({ format: 'der', type: 'spki' })
  assert.equal(fingerprint, hash('sha256', der))
  assert.match(server.output(), new RegExp(`"fingerprint":"${fingerprint}"`))
})

test('EVD-2 what was there before the first signature is told as older, and is signed as it was found', async (t) => {
  const data = dataPath(t)
  mkdirSync(data, { recursive: true })
  edit(data, `${initialSchema}; ${terminalSchema}; PRAGMA user_version = 2`)
  for (let seq = 1; seq <= 3; seq += 1) appendForged(data, 'server', `{"action":"setup","detail":{"seq":${seq}}}`)
  const errors: string[] = []
  const log = { ...silentLog, error: (_facts: unknown, sentence: string) => errors.push(sentence) }
  await (await runSallyport({ dataDir: data, log })).close()
  assert.deepEqual(errors, [])
  const { stdout, stderr } = await sallyport(['audit', 'verify'], { data })
  assert.equal(stderr, '')
  assert.match(stdout, /^Written before signing began: the oldest 3 events; no signature protected them until then\.$/m)
  edit(data, `UPDATE audit_events SET text = replace(text, '"seq":2', '"seq":9')`)
  rehash(data, 'server')
  const forged = await sallyport(['audit', 'verify'], { data })
  assert.match(forged.stderr, /Event 1 of the chain server, or a later one, does not match its signature\./)
})

/** What the verb says on standard error, and what it says of events that no signature covers. */
async function verified(data: string): Promise<readonly [string, string | undefined]> {
  const { stdout, stderr } = await sallyport(['audit', 'verify'], { data })
  return [stderr, /^Not covered by a signature yet: (.*)$/m.exec(stdout)?.[1]]
}

async function unsignedEvents(storeAccess: StoreAccess): Promise<number> {
  const count = (heads: readonly string[]) => heads.reduce((sum, head) => sum + Number(head.split(':')[1]), 0)
  return count(await headsOf(storeAccess)) - count((await newestSeal(storeAccess)).heads)
}
