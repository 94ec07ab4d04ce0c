import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '../../../src/core/revocation/lease.ts'
import { at, begin, brief, bytes, implementor, observer, observers, pass, type } from './supervised.ts'

const watched = { observers: observers() }

test('SUP-1 an observer stops to count by silence over 5 s, by lagging, by a hidden tab and by a drop, and counts again when that is over', () => {
  const session = begin({ observers: observers({ onLeave: 'pause' }) })
  session.attach(implementor('i'), at(0))
  assert.deepEqual(brief(session.attach(observer('o'), at(0))), ['unblock'])
  const steps: readonly (readonly [name: string, ms: number, happens: (now: Instant) => unknown])[] = [
    ['after 5 s', 5_000, () => undefined],
    ['after more', 5_001, () => undefined],
    ['after a pong', 5_500, (now) => session.pong('o', now)],
    ['lagging', 5_600, (now) => session.lagging('o', true, now)],
    ['caught up', 5_700, (now) => session.lagging('o', false, now)],
    ['hidden', 5_800, (now) => session.visible('o', false, now)],
    ['shown', 5_900, (now) => session.visible('o', true, now)],
    ['dropped', 6_000, (now) => session.detach('o', 'dropped', now)],
    ['resumed', 6_100, (now) => session.attach(observer('o'), now)],
    ['left', 6_200, (now) => session.detach('o', 'left', now)],
  ]
  const verdicts = steps.map(([name, ms, happens]) => {
    happens(at(ms))
    return `${name}: ${type(session, 'i', ms)}`
  })
  assert.deepEqual(verdicts, [
    'after 5 s: pass',
    'after more: observers-missing',
    'after a pong: pass',
    'lagging: observers-missing',
    'caught up: pass',
    'hidden: observers-missing',
    'shown: pass',
    'dropped: observers-missing',
    'resumed: pass',
    'left: observers-missing',
  ])
})

test('SUP-1 a tab that was hidden before its socket dropped is hidden until it says otherwise', () => {
  const session = begin(watched)
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  session.visible('o', false, at(1_000))
  session.detach('o', 'dropped', at(1_500))
  session.attach(observer('o'), at(2_000))
  assert.equal(type(session, 'i', 2_000), 'observers-missing')
})

const crowds: readonly { readonly title: string; readonly crowd: readonly string[]; readonly verdict: string }[] = [
  { title: 'two persons', crowd: ['grace', 'linus'], verdict: 'pass' },
  { title: 'one person twice', crowd: ['grace', 'grace'], verdict: 'observers-missing' },
  { title: 'the implementor and another', crowd: ['ada', 'grace'], verdict: 'observers-missing' },
  { title: 'a party and another', crowd: ['boss', 'grace'], verdict: 'observers-missing' },
  { title: 'a party, the implementor and two others', crowd: ['boss', 'ada', 'grace', 'linus'], verdict: 'pass' },
]

for (const { title, crowd, verdict } of crowds) {
  test(`SUP-2 of two observers that are needed, ${title}: ${verdict}`, () => {
    const session = begin({ observers: observers({ count: 2 }), parties: ['boss'] })
    session.attach(implementor('i', 'ada'), at(0))
    for (const [index, person] of crowd.entries()) session.attach(observer(`o${index}`, person), at(0))
    assert.equal(type(session, 'i', 10), verdict)
  })
}

test('SUP-2 who implemented last does not watch the next, until the next is there', () => {
  const session = begin({ observers: observers({ onLeave: 'pause' }) })
  session.attach(implementor('i', 'ada'), at(0))
  session.release('i', at(100))
  session.attach(observer('o', 'ada'), at(200))
  assert.equal(session.inputBlock(), 'observers-missing')
  assert.deepEqual(brief(session.attach(implementor('j', 'grace'), at(300))), ['unblock'])
})

test('SUP-3 input that comes between two ticks is dropped when the observer fell silent meanwhile', () => {
  const session = begin(watched)
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  session.tick(at(4_900))
  assert.deepEqual(session.input('i', bytes('rm -rf /\r'), at(5_100)), { kind: 'drop', why: 'observers-missing' })
})

test('SUP-4 a session waits for its first observer, and ends 5 s after the last one left, with a warning', () => {
  const session = begin(watched)
  assert.deepEqual(brief(session.attach(implementor('i'), at(0))), ['hold observers-missing'])
  assert.deepEqual(pass(session, { from: 1_000, to: 60_000, alive: ['i'] }), [])
  assert.deepEqual(brief(session.attach(observer('o'), at(60_500))), ['unblock'])
  assert.deepEqual(brief(session.detach('o', 'left', at(61_000))), ['hold observers-missing', 'warn observers 5'])
  assert.deepEqual(pass(session, { from: 62_000, to: 70_000, alive: ['i'] }), ['66s end observers-missing'])
})

test('SUP-4 another observer within 5 s keeps the session', () => {
  const session = begin(watched)
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  session.detach('o', 'dropped', at(1_000))
  session.pong('i', at(5_900))
  assert.deepEqual(brief(session.attach(observer('p'), at(5_999))), ['unblock'])
  assert.deepEqual(pass(session, { from: 7_000, to: 30_000, alive: ['i', 'p'] }), [])
})

test('SUP-4 under pause a session waits as long as it takes', () => {
  const session = begin({ observers: observers({ onLeave: 'pause' }) })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  assert.deepEqual(brief(session.detach('o', 'left', at(1_000))), ['hold observers-missing'])
  assert.deepEqual(pass(session, { from: 2_000, to: 600_000, alive: ['i'] }), [])
})

test('SUP-5 an observer is asked every 2 minutes; a missed answer holds input after 60 s and ends the session after 60 more', () => {
  const session = begin({ observers: observers({ presenceMinutes: 2 }) })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  const alive = ['i', 'o']
  assert.deepEqual(pass(session, { from: 1_000, to: 121_000, alive }), ['120s ask o by 180000'])
  assert.deepEqual(brief(session.present('o', at(122_000))), [])
  assert.deepEqual(pass(session, { from: 123_000, to: 400_000, alive }), [
    '242s ask o by 302000',
    '302s hold presence-missing',
    '362s end presence-missing',
  ])
})

test('SUP-5 a late answer lets input go on, and under pause the session waits for it', () => {
  const session = begin({ observers: observers({ presenceMinutes: 1, onLeave: 'pause' }) })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  assert.deepEqual(pass(session, { from: 1_000, to: 400_000, alive: ['i', 'o'] }), [
    '60s ask o by 120000',
    '120s hold presence-missing',
  ])
  assert.equal(type(session, 'i', 400_000), 'presence-missing')
  assert.deepEqual(brief(session.present('o', at(400_100))), ['unblock'])
})

test('SUP-6 who resumes is asked again with the same deadline, and owes an answer that was missed meanwhile', () => {
  const session = begin({ observers: observers({ presenceMinutes: 1, onLeave: 'pause' }) })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  pass(session, { from: 1_000, to: 70_000, alive: ['i', 'o'] })
  session.detach('o', 'dropped', at(70_500))
  assert.deepEqual(brief(session.attach(observer('o'), at(80_000))), ['unblock', 'ask o by 120000'])
  session.detach('o', 'dropped', at(81_000))
  pass(session, { from: 82_000, to: 125_000, alive: ['i'] })
  assert.deepEqual(brief(session.attach(observer('o'), at(125_500))), ['hold presence-missing', 'ask o by 120000'])
})

test('SUP-7 a pause is made by any observer, outlives it, and is lifted only by an independent one', () => {
  const session = begin({ parties: ['boss'] })
  session.attach(implementor('i', 'ada'), at(0))
  session.attach(observer('o', 'grace'), at(0))
  session.attach(observer('second-tab', 'ada'), at(0))
  session.attach(observer('b', 'boss'), at(0))
  assert.deepEqual(brief(session.pause('i', at(100))), [])
  assert.deepEqual(brief(session.pause('o', at(200))), ['hold paused-by-observer'])
  session.detach('o', 'left', at(300))
  for (const id of ['i', 'second-tab', 'b', 'o', 'nobody']) session.continue(id, at(400))
  assert.equal(type(session, 'i', 400), 'paused-by-observer')
  session.attach(observer('p', 'linus'), at(500))
  assert.deepEqual(brief(session.continue('p', at(600))), ['unblock'])
  assert.equal(type(session, 'i', 700), 'pass')
})

test('SUP-7 the implementor does not lift a pause by dropping and watching', () => {
  const session = begin()
  session.attach(implementor('i', 'ada'), at(0))
  session.attach(observer('o', 'grace'), at(0))
  session.pause('o', at(100))
  session.detach('i', 'left', at(200))
  session.attach(observer('second-tab', 'ada'), at(300))
  assert.deepEqual(brief(session.continue('second-tab', at(400))), [])
  assert.equal(session.inputBlock(), 'paused-by-observer')
})
