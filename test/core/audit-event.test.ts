import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditEvent } from '../../src/core/audit/act.ts'
import { eventText } from '../../src/core/audit/event.ts'
import { RefusalCounters } from '../../src/core/audit/refusal-counters.ts'

const request = { by: 'control', ip: '127.0.0.1', requestId: null, activity: null, commandLine: null } as const

test('AUD-1 an event is written with its members in order, and absent ones left out', () => {
  const event = auditEvent(
    request,
    { account: { id: 3, username: 'ada' }, atMs: 1_000 },
    { action: 'sign-out', subject: 'session:1' },
  )
  assert.equal(
    eventText(event),
    '{"at":"1970-01-01T00:00:01.000Z","action":"sign-out","outcome":"ok","subject":"session:1","by":"control","account":3,"username":"ada","ip":"127.0.0.1"}',
  )
})

test('AUD-2 refusals are counted per reason and address until they are taken', () => {
  const counters = new RefusalCounters()
  counters.count('TOKEN_INVALID', '10.0.0.1')
  counters.count('TOKEN_INVALID', '10.0.0.1')
  counters.count('TOKEN_REVOKED', '10.0.0.1')
  const taken = counters.take(1_000).events.map(({ code, ip, detail }) => [code, ip, detail])
  assert.deepEqual(taken, [
    ['TOKEN_INVALID', '10.0.0.1', { times: 2 }],
    ['TOKEN_REVOKED', '10.0.0.1', { times: 1 }],
  ])
  assert.deepEqual(counters.take(2_000), { events: [], times: {} })
})

test('AUD-2 a flood from a hundred thousand addresses keeps a bounded number of pairs and loses no count', () => {
  const counters = new RefusalCounters()
  for (let host = 0; host < 100_000; host += 1) counters.count('TOKEN_INVALID', `host-${host}`)
  const { events: taken } = counters.take(1_000)
  const total = taken.reduce((sum, event) => sum + Number(event.detail?.times), 0)
  assert.deepEqual([taken.length <= 1_001, total], [true, 100_000])
})
