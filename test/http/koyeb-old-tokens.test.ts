import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, goodPassword } from '../fixtures/control-calls.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'

for (const { title, config, statuses } of [
  {
    title: 'KOY-200 an exchanged token of koyeb ends with the grace that the operator gave it, also in memory',
    config: { koyeb: { oldTokenGraceSeconds: 60 } },
    statuses: [200, 200, 401],
  },
  {
    title: 'KOY-200 an exchanged token of koyeb lives to its own end by default',
    config: {},
    statuses: [200, 200, 200],
  },
]) {
  test(title, async () => {
    const sallyport = await runSallyport({ config })
    try {
      await sallyport.addAccount({ username: 'ada', password: goodPassword, email: 'ada@example.org' })
      const body = { email: 'ada@example.org', password: goodPassword }
      const login = await call(sallyport, { method: 'POST', path: '/v1/account/login', body })
      const token = (login.body.token as unknown as { id: string }).id
      const profile = async (): Promise<number> =>
        (await call(sallyport, { path: '/v1/account/profile', token })).status
      const seen = [await profile()]
      await call(sallyport, { method: 'PUT', path: '/v1/account/refresh', token })
      sallyport.clock.advance(59_000)
      seen.push(await profile())
      sallyport.clock.advance(1_000)
      seen.push(await profile())
      assert.deepEqual(seen, statuses)
    } finally {
      await sallyport.close()
    }
  })
}
