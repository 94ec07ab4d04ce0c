/** The writer of the embedded store: a full disk, a full queue, a dead thread, and the sync before an answer. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { everyAccount, listOf } from '../../src/core/every-row.ts'
import { ownBytes } from '../../src/stores/sqlite/bytes.ts'
import { failureLogger } from '../../src/stores/sqlite/checkpoints.ts'
import { GroupCommit } from '../../src/stores/sqlite/group-commit.ts'
import { RowNumbers } from '../../src/stores/sqlite/row-numbers.ts'
import { addAccount, kindOf, sessionInput } from '../contracts/store/harness.ts'
import { auditOf, startMs } from '../fixtures/records.ts'
import { smallDisk } from '../fixtures/small-disk.ts'
import { atEnd, openServerStore, temporaryFolder } from '../fixtures/sqlite-store.ts'

const unavailable = { code: 'STORE_UNAVAILABLE' }

test('SQL-10 a commit is synced to the disk before it is answered, and 64 commands at once share a sync', (t) => {
  if (!hasStrace(t)) return
  const folder = temporaryFolder(t)
  const trace = join(folder, 'trace')
  const program = fileURLToPath(new URL('../fixtures/durable-commit.ts', import.meta.url))
  const calls = 'trace=write,pwrite64,pwritev,fsync,fdatasync'
  const strace = ['-f', '-y', '-e', calls, '-o', trace, process.execPath, program, join(folder, 'data')]
  const { status, stdout } = spawnSync('strace', strace, { encoding: 'utf8' })
  assert.deepEqual([status, stdout], [0, 'begin\nanswered\n'])
  const lines = readFileSync(trace, 'utf8').split('\n')
  const between = lines.slice(
    lines.findIndex((line) => line.includes('"begin\\n"')),
    lines.findIndex((line) => line.includes('"answered\\n"')),
  )
  const isOnLog = (line: string): boolean => line.includes('sallyport.db-wal>')
  const lastWrite = between.findLastIndex((line) => /pwrite(64|v)\(/.test(line) && isOnLog(line))
  const syncs = between.flatMap((line, index) => (/f(data)?sync\(/.test(line) && isOnLog(line) ? [index] : []))
  assert.deepEqual([lastWrite > 0, syncs.some((index) => index > lastWrite), syncs.length], [true, true, 1])
})

test('SQL-17 under continuous writes the write-ahead log starts again before it is long', async (t) => {
  const folder = temporaryFolder(t)
  const store = await openServerStore(folder)
  atEnd(t, () => store.close())
  const events = Array.from({ length: 16 }, () => auditOf('setup', { commandLine: 'x'.repeat(50_000) }))
  let megabytes = 0
  while (restartsOf(folder) === 0 && megabytes < 1_000) {
    await store.execute('appendAudit', { events })
    megabytes += 0.8
  }
  assert.ok(megabytes < 1_000, 'the log never started again')
})

test('SQL-29 a failed checkpoint is logged at once, and the next ones once a minute', () => {
  const logged: unknown[] = []
  let nowMs = 5_000
  const logFailure = failureLogger({ warn: ({ error }) => void logged.push(error) }, () => nowMs)
  for (const [atMs, cause] of [
    [5_000, new Error('full')],
    [5_500, new Error('full')],
    [64_999, new Error('full')],
    [65_000, 'still full'],
  ] as const) {
    nowMs = atMs
    logFailure(cause)
  }
  assert.deepEqual(logged, ['full', 'still full'])
})

test('SQL-11 a full store refuses writes that do not fit, still reads, and writes again when there is room', async (t) => {
  const store = await openServerStore(temporaryFolder(t), { maxDatabaseBytes: 512 * 1024 })
  atEnd(t, () => store.close())
  const account = await addAccount(store)
  const create = () => store.execute('createSession', sessionInput(store, account))
  let created = 0
  const fill = async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, create))
    created += outcomes.filter(({ status }) => status === 'fulfilled').length
    return outcomes.find((outcome) => outcome.status === 'rejected')?.reason
  }
  let refusal: { code: string; cause: Error } | undefined
  for (let round = 0; round < 100 && refusal === undefined; round += 1) refusal = await fill()
  assert.deepEqual([refusal?.code, refusal?.cause.message], ['STORE_UNAVAILABLE', 'database or disk is full'])
  const kept = await store.liveSessions(account.id)
  assert.deepEqual([kept.length, created > 64], [created, true])
  const later = { nowMs: startMs + 2 * 86_400_000, throttleMs: startMs, limit: 10_000 }
  assert.equal((await store.execute('collectExpired', later)).collected, created * 2)
  assert.deepEqual(await create(), { kind: 'created' })
})

test('SQL-11 a full disk does the same', async (t) => {
  const disk = smallDisk(t, 4)
  if (disk === null) return
  const { folder } = disk
  const store = await openServerStore(join(folder, 'data'))
  atEnd(t, () => store.close())
  await addAccount(store)
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(2 * 1024 * 1024))
  const text = 'x'.repeat(2_000)
  const event = auditOf('setup', { commandLine: text })
  const append = () => store.execute('appendAudit', { events: [event] })
  let failed: unknown = null
  for (let round = 0; round < 2_000 && failed === null; round += 1) await append().catch((cause) => (failed = cause))
  assert.match(String((failed as Error | null)?.cause), /full|I\/O/)
  assert.equal((await listOf(everyAccount(store))).length, 1)
  const heads = await store.auditHeads()
  rmSync(join(folder, 'ballast'))
  assert.deepEqual(await append(), { kind: 'done' })
  assert.equal((await store.auditHeads())[0]?.seq, (heads[0]?.seq ?? 0) + 1)
})

test('SQL-12 if the writer dies, all waiting commands are refused, and all later ones at once', async () => {
  const writer = dyingWriter()
  await writer.ready()
  const commands = Array.from({ length: 100 }, () => writer.execute('appendAudit', { events: [] }))
  const outcomes = await Promise.allSettled(commands)
  const codes = new Set(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code))
  assert.deepEqual([...codes], ['STORE_UNAVAILABLE'])
  await assert.rejects(writer.execute('appendAudit', { events: [] }), unavailable)
  await writer.close()
})

test('SQL-12 if the writer cannot open its database, opening fails at once', async (t) => {
  const data = {
    path: join(temporaryFolder(t), 'absent', 'sallyport.db'),
    chain: 'server',
    maxBytes: null,
    reserve: { path: '', bytes: 0 },
  }
  const program = new URL('../../src/stores/sqlite/writer-worker.ts', import.meta.url)
  const writer = new GroupCommit(new Worker(program, { workerData: data }))
  await assert.rejects(writer.ready(), unavailable)
  await writer.close()
})

test('SQL-13 at most 10,000 commands wait; one more is refused at once', async () => {
  const writer = dyingWriter()
  await writer.ready()
  let settled = 0
  const settle = (): void => {
    settled += 1
  }
  const waiting = Array.from({ length: 10_000 }, () =>
    writer.execute('appendAudit', { events: [] }).then(settle, settle),
  )
  await assert.rejects(writer.execute('appendAudit', { events: [] }), {
    ...unavailable,
    detail: 'too many commands wait',
  })
  assert.equal(settled, 0)
  await Promise.all(waiting)
  await writer.close()
})

test('SQL-14 row numbers come in blocks, each fetched before the last is used up', async () => {
  const fetched: number[] = []
  const fetchBlock = async (): Promise<number> => {
    fetched.push(100 * (fetched.length + 1))
    return fetched.at(-1) ?? 0
  }
  const numbers = new RowNumbers(fetchBlock, { first: 1, length: 4 })
  const taken: number[] = []
  for (let index = 0; index < 10; index += 1) {
    taken.push(numbers.take())
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(
    [taken, fetched],
    [
      [1, 2, 3, 4, 100, 101, 102, 103, 200, 201],
      [100, 200],
    ],
  )
})

test('SQL-14 if no block can be fetched, no number is given out until one can', async () => {
  let isBroken = true
  const fetchBlock = (): Promise<number> => (isBroken ? Promise.reject(new Error('full')) : Promise.resolve(8))
  const numbers = new RowNumbers(fetchBlock, { first: null, length: 4 })
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  assert.throws(() => numbers.take(), unavailable)
  await turn()
  isBroken = false
  assert.throws(() => numbers.take(), unavailable)
  await turn()
  assert.equal(numbers.take(), 8)
})

test('SQL-15 bytes are sent to the writer without the rest of a shared buffer', () => {
  const pool = Buffer.from('secret of another request, and mine')
  const plain = Uint8Array.of(1, 2, 3)
  const sent = ownBytes({ bytes: pool.subarray(31), list: [plain], text: 'a', none: null }) as Record<
    string,
    Uint8Array
  >
  assert.deepEqual(sent, { bytes: new TextEncoder().encode('mine'), list: [plain], text: 'a', none: null })
  assert.deepEqual([sent.bytes?.buffer.byteLength, sent.bytes?.constructor], [4, Uint8Array])
})

test('SQL-16 a command that cannot be sent to the writer is refused with its batch, and the next one runs', async (t) => {
  const store = await openServerStore(temporaryFolder(t))
  atEnd(t, () => store.close())
  const event = auditOf('setup', { detail: { not: (() => 1) as unknown as string } })
  await assert.rejects(store.execute('appendAudit', { events: [event] }), unavailable)
  assert.equal(kindOf(await store.execute('appendAudit', { events: [auditOf('setup')] })), 'done')
})

/** Returns how often the log started again: the third number of its header (SQLite, "WAL file format"). */
function restartsOf(folder: string): number {
  const descriptor = openSync(join(folder, 'sallyport.db-wal'), 'r')
  try {
    const header = new DataView(new ArrayBuffer(32))
    return readSync(descriptor, header) === 32 ? header.getUint32(12) : 0
  } finally {
    closeSync(descriptor)
  }
}

function dyingWriter(): GroupCommit {
  return new GroupCommit(new Worker(new URL('../fixtures/dying-writer.ts', import.meta.url)))
}

/** Returns whether strace can be run. In continuous integration it is installed, and fails if it cannot be. */
function hasStrace(t: TestContext): boolean {
  const runs = (): boolean => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
  if (runs()) return true
  if (!process.env.CI) {
    t.skip('strace is not installed, or may not trace here')
    return false
  }
  spawnSync('apt-get', ['update', '-q'])
  spawnSync('apt-get', ['install', '-yq', 'strace'])
  assert.equal(runs(), true, 'strace can be neither run nor installed')
  return true
}
