import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PooledPasswordHasher } from '../../src/platform/password-hasher.ts'
import { type Answer, call, goodPassword } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

/** The proxy's header sets the client's address. */
const config = { trustedProxies: ['127.0.0.1'], hashQueue: 1_000 }

function attempt(
  sallyport: RunningSallyport,
  username: string,
  { password = 'wrong horse battery staple', ip = '192.0.2.1' } = {},
): Promise<Answer> {
  return call(sallyport, {
    method: 'POST',
    path: '/api/v1/sessions',
    body: { username, password },
    headers: { 'x-forwarded-for': ip },
  })
}

function hashCalls(sallyport: RunningSallyport): number {
  return (sallyport.ports.hasher as PooledPasswordHasher).calls()
}

test('THR-3, THR-5, THR-6, THR-7, THR-8 guesses are limited and blocked alike, over restarts, and the owner signs in', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-throttle-'))
  let sallyport = await runSallyport({ config, dataDir })
  try {
    await sallyport.addAccount({ username: 'ada', password: goodPassword })
    assert.equal((await attempt(sallyport, 'ada', { password: goodPassword, ip: '198.51.100.7' })).status, 201)
    const before = hashCalls(sallyport)
    const burst = await Promise.all(Array.from({ length: 500 }, () => attempt(sallyport, 'ada')))
    const evaluated = burst.filter(({ status }) => status === 401).length
    const turnedAway = burst.filter(({ status }) => status === 429 || status === 503).length
    assert.deepEqual([evaluated, turnedAway, hashCalls(sallyport) - before], [10, 490, 10])
    for (let failure = 0; failure < 10; failure += 1) await attempt(sallyport, 'nobody', { ip: '192.0.2.2' })
    const [known, unknown] = [
      await attempt(sallyport, 'ada', { password: goodPassword }),
      await attempt(sallyport, 'nobody', { ip: '192.0.2.2' }),
    ]
    assert.deepEqual([known.status, known.headers['retry-after'], known.body], [429, '30', unknown.body])
    assert.deepEqual([unknown.status, unknown.headers['retry-after']], [429, '30'])
    assert.equal((await attempt(sallyport, 'ada', { password: goodPassword, ip: '198.51.100.7' })).status, 201)
    const now = sallyport.clock.wallMs()
    await sallyport.close()
    sallyport = await runSallyport({ config, dataDir, now: now + 29_000 })
    assert.equal((await attempt(sallyport, 'ada', { password: goodPassword })).status, 429)
    sallyport.clock.advance(1_000)
    assert.equal((await attempt(sallyport, 'ada', { password: goodPassword })).status, 201)
    for (let failure = 0; failure < 9; failure += 1)
      assert.equal((await attempt(sallyport, 'ada', { ip: '192.0.2.9' })).status, 401)
  } finally {
    await sallyport.close()
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('THR-4 fifty parallel sign-ins with the right password create fifty sessions', async () => {
  const sallyport = await runSallyport({ config })
  try {
    await sallyport.addAccount({ username: 'robot', password: goodPassword })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => attempt(sallyport, 'robot', { password: goodPassword })),
    )
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  } finally {
    await sallyport.close()
  }
})
