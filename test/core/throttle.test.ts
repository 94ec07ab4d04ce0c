import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterFailure, allowance, defaultThrottleRules, noFailures, waitMs } from '../../src/core/accounts/throttle.ts'

const rule = defaultThrottleRules.name

function failTimes(times: number, nowMs: number): ReturnType<typeof afterFailure> {
  let state = noFailures
  for (let failure = 0; failure < times; failure += 1) state = afterFailure(state, rule, nowMs)
  return state
}

test('THR-1 nine failures wait for nothing, the tenth for 30 s, and the wait doubles up to an hour', () => {
  const waits = [9, 10, 11, 12, 17, 40].map((times) => waitMs(failTimes(times, 5_000), rule, 5_000))
  assert.deepEqual(waits, [0, 30_000, 60_000, 120_000, 3_600_000, 3_600_000])
})

test('THR-2 a fresh key takes ten attempts at once, one with nine failures one, a blocked one none', () => {
  const allowances = [0, 9, 10].map((times) => allowance(failTimes(times, 5_000), rule, 5_000))
  assert.deepEqual(allowances, [10, 1, 0])
})

test('THR-2 after its wait a blocked key takes one attempt at a time, and its next failure waits longer', () => {
  const blocked = failTimes(10, 5_000)
  const later = 5_000 + 30_000
  assert.equal(allowance(blocked, rule, later), 1)
  assert.equal(waitMs(afterFailure(blocked, rule, later), rule, later), 60_000)
})

test('THR-2 failures are forgotten at the end of their window', () => {
  const state = failTimes(9, 5_000)
  assert.equal(afterFailure(state, rule, 5_000 + rule.windowMs - 1).failures, 10)
  assert.equal(afterFailure(state, rule, 5_000 + rule.windowMs).failures, 1)
})
