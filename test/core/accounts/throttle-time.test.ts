import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { SignInGate } from '../../../src/core/accounts/sign-in-gate.ts'
import { defaultThrottleRules, type ThrottleKey, type ThrottleRule } from '../../../src/core/accounts/throttle.ts'
import { keepThrottleTime, openThrottleTime } from '../../../src/core/accounts/throttle-time.ts'
import { isRefusal } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/store.ts'
import { auditOf } from '../../fixtures/records.ts'
import { type TestClock, testClock } from '../../fixtures/run-sallyport.ts'
import { openTestStore } from '../../fixtures/sqlite-store.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const hourMs = 3_600_000
const steps = [-24 * hourMs, -hourMs, -1_000, 1_000, hourMs, 24 * hourMs]
const rules = Object.entries(defaultThrottleRules) as [keyof typeof defaultThrottleRules, ThrottleRule][]

/** What a process does after the step: it continues, it is killed, or it ends and saves the time before. */
const fates = ['goes on', 'is killed', 'ends'] as const

type Process = Awaited<ReturnType<typeof begin>>

async function begin(store: Store, clock: TestClock) {
  const throttleTime = await openThrottleTime({ store, clock })
  return { store, throttleTime, gate: new SignInGate() }
}

async function fail({ store, throttleTime }: Process, key: ThrottleKey, times: number): Promise<void> {
  const nowMs = throttleTime.nowMs()
  const audit = auditOf('sign-in', { outcome: 'refused', code: 'CREDENTIALS_INVALID' })
  await store.execute('recordFailedSignIn', { keys: Array.from({ length: times }, () => key), nowMs, audit })
}

/** The seconds that an attempt has to wait; 0: it may go ahead. */
async function wait({ store, throttleTime, gate }: Process, key: ThrottleKey): Promise<number> {
  try {
    const { leave } = await gate.enter({ store, throttleTime }, { disclosed: [key], undisclosed: [] })
    leave()
    return 0
  } catch (cause) {
    if (isRefusal(cause, 'SIGN_IN_THROTTLED')) return cause.retryAfterSeconds ?? Number.NaN
    throw cause
  }
}

async function storeOf(t: TestContext): Promise<Store> {
  const opened = await openTestStore()
  t.after(() => opened[Symbol.asyncDispose]())
  return opened.store
}

for (const [name, rule] of rules) {
  test(`THR-9 a block by the rule of ${name} ends within the announced wait, whichever way the wall clock steps`, async (t) => {
    for (const fate of fates) {
      for (const step of steps) {
        const store = await storeOf(t)
        const clock = testClock(noon)
        const before = await begin(store, clock)
        const key = { digest: Uint8Array.of(1), rule }
        await fail(before, key, rule.failures)
        const told = await wait(before, key)
        assert.equal(told, rule.firstWaitMs / 1_000)
        clock.advance(2_000)
        if (fate === 'ends') await keepThrottleTime(before)
        clock.set(clock.wallMs() + step)
        const after = fate === 'goes on' ? before : await begin(store, clock)
        const left = await wait(after, key)
        const where = `${fate}, ${step} ms`
        if (fate === 'goes on') assert.equal(left, told - 2, where)
        // The time that a killed process had not saved starts again, once. A step forward counts as time that has
        // passed.
        const most = fate === 'is killed' && step < 0 ? told : told - 2
        assert.ok(left <= most && (step > 0 || left >= told - 2), `${where}: ${left} s`)
        clock.advance(left * 1_000)
        assert.equal(await wait(after, key), 0, where)
      }
    }
  })
}

test('THR-9 no announced wait is longer than the rule says, also if another process is ahead', async (t) => {
  const store = await storeOf(t)
  const behind = await begin(store, testClock(noon))
  const ahead = await begin(store, testClock(noon + 365 * 24 * hourMs))
  const key = { digest: Uint8Array.of(1), rule: defaultThrottleRules.name }
  await fail(ahead, key, 40)
  assert.equal(await wait(behind, key), 3_600)
})

test('THR-9 the time of the throttle never goes back', async (t) => {
  const store = await storeOf(t)
  const clock = testClock(noon)
  const one = await begin(store, clock)
  clock.advance(5_000)
  await keepThrottleTime(one)
  await store.execute('keepThrottleTime', { nowMs: 1 })
  const next = await begin(store, testClock(noon - hourMs))
  assert.equal(next.throttleTime.nowMs(), noon + 5_000)
})
