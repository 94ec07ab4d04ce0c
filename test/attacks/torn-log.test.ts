/** Faults of a crash: a write-ahead log whose tail is torn off or is rubbish. */
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { goodPassword as password } from '../fixtures/control-calls.ts'
import { bearer, openClient, signInAtControl, verifyStatus } from '../fixtures/http-client.ts'
import { trailFaults } from '../fixtures/prove-trail.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { serveProcess } from '../fixtures/serve-process.ts'
import { temporaryFolder } from '../fixtures/sqlite-store.ts'

/** The answers before the crash, oldest first; every third session was signed out again. */
type Answered = { readonly live: readonly string[]; readonly ended: readonly string[] }

/** Lets a server answer sign-ins and sign-outs one after the other, kills it, and leaves its files as they are. */
async function crash(dataDir: string): Promise<Answered> {
  const prepared = await runSallyport({ dataDir, now: Date.now() })
  await prepared.addAccount({ username: 'ada', password })
  await prepared.close()
  const server = await serveProcess(dataDir, { THROTTLE: 'false' })
  const client = openClient(server.url)
  const [live, ended]: [string[], string[]] = [[], []]
  for (let number = 1; number <= 18; number += 1) {
    const { access_token: token } = await signInAtControl(client, 'ada', password)
    if (number % 3 !== 0) live.push(token)
    else {
      await client.send({ method: 'DELETE', path: '/api/v1/sessions/current', headers: bearer(token) })
      ended.push(token)
    }
  }
  client.close()
  await server.end('SIGKILL')
  return { live, ended }
}

/** Starts a server on a copy of the files, changed; returns how the tokens are answered, once a new sign-in works and the trail is whole. */
async function restart(
  t: TestContext,
  { dataDir, answered, change }: { dataDir: string; answered: Answered; change: (logPath: string) => void },
): Promise<{ readonly live: readonly number[]; readonly ended: readonly number[] }> {
  const copy = join(temporaryFolder(t), 'data')
  cpSync(dataDir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') })
  change(join(copy, 'sallyport.db-wal'))
  const sallyport = await runSallyport({ dataDir: copy, now: Date.now() })
  const client = openClient(sallyport.url)
  try {
    const statuses = (tokens: readonly string[]) => Promise.all(tokens.map((token) => verifyStatus(client, token)))
    const found = { live: await statuses(answered.live), ended: await statuses(answered.ended) }
    const { access_token: token } = await signInAtControl(client, 'ada', password)
    assert.equal(await verifyStatus(client, token), 200)
    assert.deepEqual(await trailFaults(sallyport), [])
    return found
  } finally {
    client.close()
    await sallyport.close()
  }
}

test('ATK-19 wherever the log of a killed server is cut, the server starts on what was whole before the cut, and its trail verifies', async (t) => {
  const dataDir = join(temporaryFolder(t), 'data')
  const answered = await crash(dataDir)
  const bytes = readFileSync(join(dataDir, 'sallyport.db-wal')).length
  const frame = 24 + 4_096
  assert.ok(bytes > 20 * frame, 'there is a log to cut')
  const cuts = [
    0,
    16,
    32,
    32 + frame,
    bytes >> 2,
    bytes >> 1,
    bytes - 3 * frame - 100,
    bytes - frame,
    bytes - 24,
    bytes - 1,
  ]
  const lives: number[] = []
  for (const cut of cuts) {
    const { live, ended } = await restart(t, { dataDir, answered, change: (path) => truncateSync(path, cut) })
    const alive = live.filter((status) => status === 200).length
    assert.deepEqual(live, [...live.map(() => 401)].fill(200, 0, alive), `what lives is a beginning, cut at ${cut}`)
    // A sign-out may be lost with its last bytes; then it is the last one whose sign-in is not.
    assert.ok(ended.filter((status) => status === 200).length <= 1, `cut at ${cut}`)
    lives.push(alive)
  }
  assert.deepEqual(
    lives,
    [...lives].sort((one, other) => one - other),
  )
  assert.deepEqual([lives[0], lives.at(-1)], [0, answered.live.length])
})

test('ATK-19 rubbish behind the last commit of a killed server loses nothing that was answered', async (t) => {
  const dataDir = join(temporaryFolder(t), 'data')
  const answered = await crash(dataDir)
  const whole = { live: answered.live.map(() => 200), ended: answered.ended.map(() => 401) }
  const changes = [
    () => undefined,
    (path: string) => appendFileSync(path, Buffer.alloc(10_000, 0xff)),
    (path: string) => appendFileSync(path, Buffer.alloc(10_000)),
    (path: string) => appendFileSync(path, readFileSync(path).subarray(32, 32 + 3 * 4_120)),
  ]
  for (const change of changes) assert.deepEqual(await restart(t, { dataDir, answered, change }), whole)
})
