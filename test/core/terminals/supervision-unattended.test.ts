/** Core tests: how long a PTY session lasts without an implementor. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, begin, brief, implementor, observer, pass, type } from './supervised.ts'

const check = { purpose: 'health_check', idleSeconds: 120, headlessSeconds: 300 } as const

for (const how of ['left', 'dropped', 'revoked', 'release'] as const) {
  test(`SUP-23 a health check without an implementor ends as idle, with its warnings: ${how}`, () => {
    const session = begin(check)
    session.attach(implementor('i'), at(0))
    session.attach(observer('o'), at(0))
    assert.equal(type(session, 'i', 10_000), 'pass')
    const told = how === 'release' ? session.release('i', at(11_000)) : session.detach('i', how, at(11_000))
    const freed = how === 'dropped' ? ['15s slot-freed'] : []
    assert.deepEqual(
      [brief(told), pass(session, { from: 12_000, to: 200_000, alive: ['o'] })],
      [
        how === 'dropped' ? [] : ['slot-freed'],
        [...freed, '100s warn idle 30', '110s warn idle 20', '120s warn idle 10', '130s end idle'],
      ],
    )
  })
}

test('SUP-23 an operator who lets health checks idle for longer has them end as headless first', () => {
  const session = begin({ ...check, idleSeconds: 600, headlessSeconds: 60 })
  session.attach(implementor('i'), at(0))
  session.detach('i', 'left', at(5_000))
  assert.deepEqual(pass(session, { from: 6_000, to: 90_000 }), ['35s warn headless 30', '65s end headless'])
})

test('SUP-23 a client that resumes a health check has the rest of its time, and input starts it again', () => {
  const session = begin(check)
  session.attach(implementor('i'), at(0))
  session.detach('i', 'dropped', at(1_000))
  session.attach(implementor('i'), at(60_000))
  assert.deepEqual(pass(session, { from: 61_000, to: 95_000, alive: ['i'] }), ['90s warn idle 30'])
  assert.equal(type(session, 'i', 96_000), 'pass')
  assert.deepEqual(pass(session, { from: 97_000, to: 300_000, alive: ['i'] }), [
    '186s warn idle 30',
    '196s warn idle 20',
    '206s warn idle 10',
    '216s end idle',
  ])
})

test('SUP-23 a terminal under a change request keeps its time while there is no implementor', () => {
  const session = begin({ idleSeconds: 120, headlessSeconds: 300 })
  session.attach(implementor('i'), at(0))
  session.detach('i', 'dropped', at(1_000))
  assert.deepEqual(pass(session, { from: 2_000, to: 200_000 }), ['15s slot-freed'])
})
