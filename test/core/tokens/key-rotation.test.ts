/** Core tests: when signing keys come and go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StoredKey } from '../../../src/core/tokens/commands.ts'
import { activeKeyAt, defaultRotation, planRotation } from '../../../src/core/tokens/key-rotation.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const rules = { ...defaultRotation, longestTokenMs: 10 * 60_000 }
const startMs = 1_700_000_000_000

function key(generation: number, activeFromMs: number): StoredKey {
  const sealed = new Uint8Array()
  return {
    name: 'control',
    generation,
    kid: `kid-${generation}`,
    sealed,
    publicJwk: '{}',
    createdAtMs: activeFromMs,
    activeFromMs,
  }
}

test('KEY-9 the first key signs at once', () => {
  assert.deepEqual(planRotation([], rules, startMs), {
    activeKey: null,
    toPublish: [],
    addNext: { generation: 1, activeFromMs: startMs },
    retireBefore: null,
  })
  const first = key(1, startMs)
  assert.deepEqual(planRotation([first], rules, startMs), {
    activeKey: first,
    toPublish: [first],
    addNext: null,
    retireBefore: null,
  })
})

test('KEY-10 a successor is added a publishing time before the period ends, and signs a publishing time after it was added', () => {
  const first = key(1, startMs)
  const dueMs = startMs + 30 * dayMs - hourMs
  const next = (nowMs: number) => planRotation([first], rules, nowMs).addNext
  assert.deepEqual(next(dueMs - 1), null)
  assert.deepEqual(next(dueMs), { generation: 2, activeFromMs: startMs + 30 * dayMs })
  assert.deepEqual(next(dueMs + 90 * dayMs), { generation: 2, activeFromMs: dueMs + 90 * dayMs + hourMs })
  const both = [first, key(2, dueMs + hourMs)]
  assert.deepEqual(planRotation(both, rules, dueMs + 1), {
    activeKey: first,
    toPublish: both,
    addNext: null,
    retireBefore: null,
  })
  assert.equal(planRotation(both, rules, dueMs + hourMs).activeKey?.generation, 2)
})

test('KEY-11 the key of every live token is published, and every later key was published before it signs', () => {
  const step = fc.oneof(fc.nat(2 * hourMs), fc.nat(10 * 60_000), fc.nat(40 * dayMs))
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      let nowMs = startMs
      let keys: StoredKey[] = []
      const publishedSince = new Map<number, number>()
      const lastTokenEnds = new Map<number, number>()
      for (const elapsed of steps) {
        nowMs += elapsed
        const published = new Set(planRotation(keys, rules, nowMs).toPublish.map(({ generation }) => generation))
        for (const [generation, endsMs] of lastTokenEnds) assert.ok(endsMs <= nowMs || published.has(generation))
        keys = lookAfter(keys, nowMs)
        for (const { generation } of keys) if (!publishedSince.has(generation)) publishedSince.set(generation, nowMs)
        const signs = activeKeyAt(keys, nowMs)
        assert.ok(signs !== null)
        assert.ok(
          signs.generation === 1 || nowMs - (publishedSince.get(signs.generation) ?? nowMs) >= rules.publishAheadMs,
        )
        lastTokenEnds.set(signs.generation, nowMs + rules.longestTokenMs)
      }
    }),
    { numRuns: 500 },
  )
})

function lookAfter(keys: readonly StoredKey[], nowMs: number): StoredKey[] {
  const { addNext, retireBefore } = planRotation(keys, rules, nowMs)
  const kept = keys.filter(({ generation }) => retireBefore === null || generation >= retireBefore)
  return addNext === null ? kept : [...kept, key(addNext.generation, addNext.activeFromMs)]
}

test('KEY-12 a key is retired once no token of it can be alive', () => {
  const keys = [key(3, startMs + 2 * dayMs), key(1, startMs), key(2, startMs + dayMs)]
  const retired = (nowMs: number) => planRotation(keys, rules, nowMs).retireBefore
  const graceMs = rules.longestTokenMs + 5 * 60_000
  assert.deepEqual(
    [
      startMs + dayMs + graceMs - 1,
      startMs + dayMs + graceMs,
      startMs + 2 * dayMs + graceMs - 1,
      startMs + 2 * dayMs + graceMs,
    ].map(retired),
    [null, 2, 2, 3],
  )
  assert.deepEqual(planRotation(keys, rules, startMs + 3 * dayMs).toPublish, [keys[0]])
})

test('KEY-13 secrets do not rotate and are not retired by themselves', () => {
  const secrets = [key(1, startMs), key(2, startMs + dayMs)]
  assert.deepEqual(planRotation(secrets, null, startMs + 1000 * dayMs), {
    activeKey: secrets[1],
    toPublish: secrets,
    addNext: null,
    retireBefore: null,
  })
  assert.deepEqual(planRotation([], null, startMs).addNext, { generation: 1, activeFromMs: startMs })
})

test('KEY-14 when the clock was set back before every key, the first generation signs', () => {
  const keys = [key(2, startMs + dayMs), key(1, startMs)]
  assert.deepEqual(
    [startMs - 1, startMs, startMs + dayMs].map((nowMs) => activeKeyAt(keys, nowMs)?.generation),
    [1, 1, 2],
  )
  assert.equal(activeKeyAt([], startMs), null)
})
