/** Tests the health probes. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { readinessReasons } from '../../src/main/readiness.ts'
import { call } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import { atEnd } from '../fixtures/sqlite-store.ts'
import { terminalWorld } from '../fixtures/terminal-world.ts'

const mebibyte = 1024 * 1024

async function running(t: TestContext): Promise<RunningSallyport> {
  const server = await runSallyport()
  atEnd(t, () => server.close())
  return server
}

async function readyz(server: RunningSallyport): Promise<unknown> {
  const { status, body, headers } = await call(server, { path: '/readyz' })
  return [status, body, headers['content-type'], headers['cache-control']]
}

const expected = (status: number, body: object) => [status, body, 'application/json', 'no-store']
const full = {
  part: 'disk',
  code: 'disk-full',
  sentence: 'The disk is full; sign-outs and other ends are taken, and nothing else.',
}
const low = {
  part: 'disk',
  code: 'disk-low',
  sentence: 'The disk has too little room left; no terminal is opened.',
}

test('HTP-20 healthz and livez answer ok', async (t) => {
  const server = await running(t)
  for (const path of ['/healthz', '/livez']) {
    const { status, body, headers } = await call(server, { path })
    assert.deepEqual([status, body, headers['content-type']], [200, 'ok', 'text/plain; charset=utf-8'], path)
  }
  for (const path of ['/healthz', '/livez', '/readyz']) {
    assert.equal((await call(server, { method: 'HEAD', path })).status, 200)
    const { status, headers } = await call(server, { method: 'POST', path })
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'])
  }
})

test('HTP-21 readyz is ready without a reason, degraded if no terminal opens, and unready if the disk is full', async (t) => {
  let free = 512 * mebibyte
  const world = await terminalWorld({ freeBytes: async () => free })
  atEnd(t, () => world.close())
  const otto = await world.begin('otto')
  assert.deepEqual(await readyz(world), expected(200, { status: 'ready', reasons: [] }))
  free -= 1
  assert.deepEqual(await readyz(world), expected(200, { status: 'degraded', reasons: [low] }))
  free = mebibyte - 1
  await otto.closed
  assert.deepEqual(await readyz(world), expected(503, { status: 'unready', reasons: [full] }))
})

const states = [
  { hasRoom: true, state: 'enough', freeBytes: mebibyte, codes: [] },
  { hasRoom: true, state: 'low', freeBytes: mebibyte, codes: ['disk-low'] },
  { hasRoom: true, state: 'out', freeBytes: mebibyte, codes: ['disk-low'] },
  { hasRoom: true, state: 'enough', freeBytes: mebibyte - 1, codes: ['disk-full'] },
  { hasRoom: false, state: 'enough', freeBytes: 512 * mebibyte, codes: ['disk-full'] },
  { hasRoom: false, state: 'out', freeBytes: 0, codes: ['disk-full'] },
] as const

test('HTP-21 a store that accepts only ends counts as a full disk, with any room for recordings', async () => {
  for (const { hasRoom, codes, ...disk } of states) {
    const reasons = await readinessReasons({ hasRoom: () => hasRoom }, { ...disk, look: async () => disk.state })
    assert.deepEqual([reasons.map(({ code }) => code), disk, hasRoom], [codes, disk, hasRoom])
  }
})
