/** Tests floods of refusals: one line of the log for each code, no stack, and every one counted. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { writeRefusals } from '../../src/core/upkeep.ts'
import { auditTrail, call, goodPassword } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

type Line = { readonly facts: Readonly<Record<string, unknown>>; readonly sentence: string }

const lines: Line[] = []
const write = (facts: Readonly<Record<string, unknown>>, sentence: string): void => void lines.push({ facts, sentence })

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({
    config: { hashQueue: 1, hashThreads: 1, throttle: false },
    log: { info: write, warn: write, error: write },
  })
})

beforeEach(async () => {
  await writeRefusals(sallyport.ports)
  lines.length = 0
})

after(() => sallyport.close())

const floods: Readonly<Record<string, () => Promise<unknown>>> = {
  HASH_QUEUE_FULL: () =>
    call(sallyport, { method: 'POST', path: '/api/v1/sessions', body: { username: 'ada', password: goodPassword } }),
  NO_GATEWAY: () => call(sallyport, { path: '/v1/ws', headers: { upgrade: 'websocket' } }),
}

for (const [code, refused] of Object.entries(floods)) {
  test(`AUD-5 a flood of ${code} is logged in one line, and every refusal is counted`, async () => {
    await Promise.all(Array.from({ length: 50 }, refused))
    assert.deepEqual(
      lines.map(({ facts }) => facts.code),
      [code],
    )
    if (code === 'HASH_QUEUE_FULL') assert.equal(lines[0]?.facts.err, undefined)
    await writeRefusals(sallyport.ports)
    const event = (await auditTrail(sallyport)).findLast((one) => one.action === 'refused-in-bulk')
    const { times } = (event?.detail ?? {}) as { readonly times?: number }
    assert.deepEqual([event?.code, Number(times) > 40], [code, true])
    assert.deepEqual(lines.at(-1), { facts: { times: { [code]: times } }, sentence: 'refused in bulk' })
    await Promise.all(Array.from({ length: 50 }, refused))
    assert.equal(lines.length, 3, 'the next period has a line of its own')
  })
}
