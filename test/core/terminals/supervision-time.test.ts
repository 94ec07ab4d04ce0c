import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect } from '../../../src/core/terminals/supervision-effects.ts'
import { durationText, overtimeWarning, presenceQuestion } from '../../../src/core/terminals/supervision-sentences.ts'
import type { WindowEnd } from '../../../src/core/terminals/terminal-policy.ts'
import { at, begin, brief, bytes, implementor, observer, observers, pass, setup, type } from './supervised.ts'

const minute = 60_000
const alive = ['i', 'o']
const long = { idleSeconds: 86_400, headlessSeconds: 86_400 }

test('SUP-8 a second implementor is refused and changes nothing; an observer and a stranger do not type', () => {
  const session = begin()
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  assert.throws(() => session.attach(implementor('j'), at(10)), { code: 'IMPLEMENTOR_PRESENT' })
  const typed = ['i', 'o', 'j', 'nobody'].map((id) => type(session, id, 20))
  assert.deepEqual(
    [typed, session.implementorId(), session.isSlotFree()],
    [['pass', 'not-implementor', 'not-implementor', 'not-implementor'], 'i', false],
  )
})

test('SUP-9 an implementor that drops keeps its slot until 15 s after its last pong, and types once it resumed', () => {
  const session = begin()
  session.attach(implementor('i'), at(0))
  session.pong('i', at(3_000))
  session.detach('i', 'dropped', at(4_000))
  assert.equal(type(session, 'i', 4_500), 'not-implementor')
  assert.deepEqual(pass(session, { from: 5_000, to: 20_000 }), ['18s slot-freed'])
  session.attach(implementor('i'), at(21_000))
  assert.equal(type(session, 'i', 21_000), 'pass')
})

test('SUP-9 a socket that falls silent loses the slot, and types no more even when it wakes', () => {
  const session = begin()
  session.attach(implementor('i'), at(0))
  assert.equal(type(session, 'i', 14_999), 'pass')
  assert.equal(type(session, 'i', 15_000), 'not-implementor')
  assert.deepEqual(brief(session.tick(at(15_000))), ['slot-freed'])
  session.pong('i', at(15_500))
  assert.deepEqual([type(session, 'i', 15_600), session.isSlotFree()], ['not-implementor', true])
})

for (const how of ['left', 'revoked', 'release'] as const) {
  test(`SUP-9 the slot is free at once, with one event: ${how}`, () => {
    const session = begin()
    session.attach(implementor('i'), at(0))
    const told = how === 'release' ? session.release('i', at(10)) : session.detach('i', how, at(10))
    const again = how === 'release' ? session.release('i', at(20)) : session.detach('i', how, at(20))
    assert.deepEqual([brief(told), brief(again), session.isSlotFree()], [['slot-freed'], [], true])
    session.attach(implementor('j'), at(30))
    assert.equal(session.implementorId(), 'j')
  })
}

test('SUP-9 an implementor that becomes an observer frees the slot and watches the next implementor', () => {
  const session = begin({ observers: observers({ onLeave: 'pause' }) })
  session.attach(implementor('i', 'ada'), at(0))
  assert.deepEqual(brief(session.attach(observer('i', 'ada'), at(10))), ['slot-freed'])
  assert.deepEqual(brief(session.attach(implementor('j', 'grace'), at(20))), ['unblock'])
})

test('SUP-10 a session ends after 5 minutes without an implementor, with warnings 60 and 30 s before', () => {
  const session = begin()
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  session.detach('i', 'dropped', at(1_000))
  assert.deepEqual(pass(session, { from: 2_000, to: 320_000, alive: ['o'] }), [
    '15s slot-freed',
    '241s warn headless 60',
    '271s warn headless 30',
    '301s end headless',
  ])
})

test('SUP-10 another implementor takes over, and the next absence has new warnings', () => {
  const session = begin({ headlessSeconds: 60 })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  assert.deepEqual(brief(session.release('i', at(1_000))), ['slot-freed', 'warn headless 60'])
  assert.deepEqual(pass(session, { from: 2_000, to: 40_000, alive: ['o'] }), ['31s warn headless 30'])
  session.attach(implementor('j'), at(50_000))
  assert.deepEqual(pass(session, { from: 51_000, to: 120_000, alive: ['o', 'j'] }), [])
  assert.deepEqual(brief(session.detach('j', 'left', at(121_000))), ['slot-freed', 'warn headless 60'])
})

test('SUP-10 a session that is never opened ends like one that all have left', () => {
  assert.deepEqual(pass(begin({ headlessSeconds: 60 }), { from: 0, to: 90_000 }), [
    '0s warn headless 60',
    '30s warn headless 30',
    '60s end headless',
  ])
})

test('SUP-11 an idle session has warnings 30, 20 and 10 s before its end, again after each key', () => {
  const session = begin({ idleSeconds: 60 })
  session.attach(implementor('i'), at(0))
  const before = pass(session, { from: 1_000, to: 45_000, alive: ['i'] })
  assert.equal(type(session, 'i', 45_500), 'pass')
  assert.deepEqual(
    [before, pass(session, { from: 46_000, to: 120_000, alive: ['i'] })],
    [
      ['30s warn idle 30', '40s warn idle 20'],
      ['76s warn idle 30', '86s warn idle 20', '96s warn idle 10', '106s end idle'],
    ],
  )
})

const inputs: readonly { readonly what: string; readonly text: string; readonly isActivity: boolean }[] = [
  { what: 'a letter', text: 'a', isActivity: true },
  { what: 'an arrow key', text: '\x1b[A', isActivity: true },
  { what: 'an application arrow key', text: '\x1bOA', isActivity: true },
  { what: 'Escape', text: '\x1b', isActivity: true },
  { what: 'Alt and a letter', text: '\x1bx', isActivity: true },
  { what: 'a paste', text: '\x1b[200~ls\x1b[201~', isActivity: true },
  { what: 'a report and a letter', text: '\x1b[Ia', isActivity: true },
  { what: 'a letter and a report', text: 'a\x1b[I', isActivity: true },
  { what: 'a broken report', text: '\x1b[12;', isActivity: true },
  { what: 'nothing', text: '', isActivity: false },
  { what: 'focus in', text: '\x1b[I', isActivity: false },
  { what: 'focus out', text: '\x1b[O', isActivity: false },
  { what: 'a cursor position', text: '\x1b[12;40R', isActivity: false },
  { what: 'an extended cursor position', text: '\x1b[?12;40;1R', isActivity: false },
  { what: 'device attributes', text: '\x1b[?1;2c', isActivity: false },
  { what: 'secondary device attributes', text: '\x1b[>0;276;0c', isActivity: false },
  { what: 'a status', text: '\x1b[0n', isActivity: false },
  { what: 'a mode', text: '\x1b[?2004;1$y', isActivity: false },
  { what: 'a press of the mouse', text: '\x1b[<0;10;20M', isActivity: false },
  { what: 'a release of the mouse', text: '\x1b[<0;10;20m', isActivity: false },
  { what: 'an old mouse report', text: '\x1b[M \xf0\x21', isActivity: false },
  { what: 'a urxvt mouse report', text: '\x1b[35;10;20M', isActivity: false },
  { what: 'a colour', text: '\x1b]11;rgb:0000/0000/0000\x1b\\', isActivity: false },
  { what: 'a version string', text: '\x1bP>|xterm(390)\x1b\\', isActivity: false },
  { what: 'the size of the window', text: '\x1b[8;24;80t', isActivity: false },
  { what: 'several reports', text: '\x1b[O\x1b[I\x1b[<35;1;2M', isActivity: false },
]

for (const { what, text, isActivity } of inputs) {
  test(`SUP-11 ${what} passes and ${isActivity ? 'is' : 'is no'} activity`, () => {
    const session = begin({ idleSeconds: 60 })
    session.attach(implementor('i'), at(0))
    pass(session, { from: 1_000, to: 50_000, alive: ['i'] })
    assert.deepEqual(session.input('i', bytes(text), at(50_000)), { kind: 'pass', bytes: bytes(text) })
    const told = brief(session.tick(at(60_000)))
    assert.deepEqual(told, isActivity ? [] : ['end idle'])
  })
}

test('SUP-11 the idle time stands still while the implementor is gone, and resuming does not prolong it', () => {
  const session = begin({ idleSeconds: 60 })
  session.attach(implementor('i'), at(0))
  pass(session, { from: 1_000, to: 20_000, alive: ['i'] })
  session.detach('i', 'dropped', at(20_000))
  assert.deepEqual(pass(session, { from: 21_000, to: 49_000 }), ['35s slot-freed'])
  session.attach(implementor('i'), at(50_000))
  assert.deepEqual(pass(session, { from: 51_000, to: 100_000, alive: ['i'] }), [
    '60s warn idle 30',
    '70s warn idle 20',
    '80s warn idle 10',
    '90s end idle',
  ])
})

test('SUP-12 a window is warned of 30, 10, 5 and 1 minute before it ends', () => {
  const session = begin({ ...long, windowMs: 40 * minute })
  session.attach(implementor('i'), at(0))
  assert.deepEqual(pass(session, { from: 1_000, to: 50 * minute, alive: ['i'] }), [
    '600s warn window 1800',
    '1800s warn window 600',
    '2100s warn window 300',
    '2340s warn window 60',
    '2400s end window-over',
  ])
})

test('SUP-12 warnings that a step of the clock skips are one, with the remaining time', () => {
  const session = begin({ ...long, windowMs: 60 * minute })
  session.attach(implementor('i'), at(0))
  session.tick(at(1_000))
  session.pong('i', at(2_000))
  assert.deepEqual(brief(session.tick(at(2_000, 54 * minute))), ['warn window 358'])
  assert.deepEqual(brief(session.tick(at(3_000, 54 * minute))), [])
})

test('SUP-13 no input passes at the instant of a hard end, before any tick', () => {
  const session = begin({ ...long, windowMs: 10_000 })
  session.attach(implementor('i'), at(0))
  assert.deepEqual([type(session, 'i', 9_999), session.input('i', bytes('\x03'), at(10_000)).kind], ['pass', 'drop'])
  assert.deepEqual(brief(session.tick(at(10_000))), ['end window-over'])
})

const grace: WindowEnd = { kind: 'grace', minutes: 2 }

test('SUP-13 a grace lasts while an observer is watching, and at most its minutes', () => {
  const session = begin({ ...long, windowMs: 90_000, windowEnd: grace })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  assert.deepEqual(pass(session, { from: 1_000, to: 300_000, alive }), [
    '30s warn window 60',
    '90s warn window 120',
    '150s warn window 60',
    '210s end window-over',
  ])
})

test('SUP-13 a grace blocks input while no observer watches, and ends 5 s after the last one left', () => {
  const session = begin({ ...long, windowMs: 10_000, windowEnd: grace })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  pass(session, { from: 1_000, to: 20_000, alive })
  assert.deepEqual(brief(session.detach('o', 'left', at(20_500))), ['hold observers-missing'])
  assert.equal(type(session, 'i', 20_600), 'observers-missing')
  session.attach(observer('o'), at(24_000))
  assert.equal(type(session, 'i', 24_100), 'pass')
  session.detach('o', 'left', at(25_000))
  assert.deepEqual(pass(session, { from: 26_000, to: 60_000, alive: ['i'] }), ['30s end window-over'])
})

test('SUP-13 there is no grace if no observer watches when the window ends', () => {
  const session = begin({ ...long, windowMs: 10_000, windowEnd: grace })
  session.attach(implementor('i'), at(0))
  assert.deepEqual(pass(session, { from: 8_000, to: 20_000, alive: ['i'] }), ['10s end window-over'])
})

test('SUP-13 without new commands only Ctrl-C passes, out of any input, for its minutes', () => {
  const session = begin({ ...long, windowMs: 10_000, windowEnd: { kind: 'no-new-commands', minutes: 1 } })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  assert.deepEqual(pass(session, { from: 10_000, to: 10_000, alive }), [
    '10s hold no-new-commands',
    '10s warn window 60',
  ])
  assert.deepEqual(session.input('i', bytes('ls\r'), at(10_100)), { kind: 'drop', why: 'no-new-commands' })
  assert.deepEqual(session.input('i', bytes('a\x03b\x03\r'), at(10_200)), { kind: 'pass', bytes: bytes('\x03\x03') })
  session.pause('o', at(10_300))
  assert.deepEqual(session.input('i', bytes('\x03'), at(10_400)), { kind: 'drop', why: 'paused-by-observer' })
  assert.deepEqual(pass(session, { from: 11_000, to: 90_000, alive }), ['70s end window-over'])
})

test('SUP-14 a wall clock that steps back by an hour lengthens no window', () => {
  const session = begin({ ...long, windowMs: 10 * minute })
  session.attach(implementor('i'), at(0))
  session.tick(at(1_000))
  session.pong('i', at(10 * minute, -60 * minute))
  assert.deepEqual(brief(session.tick(at(10 * minute, -60 * minute))), ['end window-over'])
})

test('SUP-14 a wall clock that steps forward by a day ends no session as idle, headless or without observers', () => {
  const session = begin({ observers: observers({ presenceMinutes: 5 }) })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o'), at(0))
  assert.deepEqual(brief(session.tick(at(1_000, 24 * 60 * minute))), [])
  assert.equal(session.input('i', bytes('x'), at(1_100, 24 * 60 * minute)).kind, 'pass')
})

test('SUP-15 every attachment can end the session, blocked or not; nothing follows an end', () => {
  const by = (id: string): [string | null, string | null, readonly string[], string] => {
    const session = begin({ observers: observers() })
    session.attach(implementor('i', 'ada'), at(0))
    session.attach(observer('o', 'ada'), at(0))
    session.detach('o', id === 'dropped' ? 'dropped' : 'left', at(1))
    session.attach(observer('p', 'ada'), at(2))
    const first = session.endBy(id === 'dropped' ? 'o' : id)
    return [first, session.endBy(id), brief(session.tick(at(900_000))), type(session, 'i', 3)]
  }
  assert.deepEqual(
    [by('i'), by('p'), by('nobody')[0], by('dropped')[0]],
    [
      ['ended-by-implementor', null, [], 'not-implementor'],
      ['ended-by-observer', null, [], 'not-implementor'],
      null,
      null,
    ],
  )
})

test('SUP-16 clients get one event when input is blocked or the reason changes, and one when it is unblocked', () => {
  const session = begin({ observers: observers({ count: 2, onLeave: 'pause' }) })
  const told = [
    session.attach(implementor('i'), at(0)),
    session.attach(observer('o'), at(1)),
    session.pause('o', at(2)),
    session.attach(observer('p'), at(3)),
    session.pause('p', at(4)),
    session.continue('o', at(5)),
    session.continue('o', at(6)),
    session.tick(at(7)),
    session.visible('p', false, at(8)),
    session.lagging('o', true, at(9)),
  ]
  assert.deepEqual(told.map(brief), [
    ['hold observers-missing'],
    [],
    [],
    ['hold paused-by-observer'],
    [],
    ['unblock'],
    [],
    [],
    ['hold observers-missing'],
    [],
  ])
})

test('SUP-16 the events of one moment come in a fixed order', () => {
  const rule = observers({ presenceMinutes: 1 })
  const session = begin({ ...long, headlessSeconds: 60, observers: rule })
  session.attach(observer('o'), at(0))
  session.attach(observer('p'), at(0))
  session.attach(implementor('i'), at(0))
  pass(session, { from: 1_000, to: 59_000, alive: ['o', 'p', 'i'] })
  session.pause('o', at(59_500))
  session.pong('o', at(59_900))
  const stricter = setup({ ...long, headlessSeconds: 60, windowMs: 100_000, observers: { ...rule, count: 2 } })
  assert.deepEqual(brief(session.reconfigure(stricter, at(60_000))), [
    'warn window 40',
    'ask o by 120000',
    'ask p by 120000',
  ])
  assert.deepEqual(brief(session.detach('p', 'left', at(61_000))), ['hold observers-missing', 'warn observers 5'])
  assert.deepEqual(brief(session.release('i', at(62_000))), ['slot-freed', 'warn headless 60'])
})

test('SUP-17 newly needed observers are waited for, and another window has new warnings', () => {
  const session = begin({ ...long, windowMs: 10 * minute })
  session.attach(implementor('i'), at(0))
  assert.deepEqual(brief(session.tick(at(1_000))), [])
  const told = session.reconfigure(setup({ ...long, windowMs: 20 * minute, observers: observers() }), at(2_000))
  assert.deepEqual(brief(told), ['hold observers-missing', 'warn window 1198'])
  assert.deepEqual(pass(session, { from: 3_000, to: minute, alive: ['i'] }), [])
  assert.deepEqual(brief(session.reconfigure(setup({ ...long, windowMs: 20 * minute }), at(minute))), ['unblock'])
})

test('SUP-17 a party that the change names later stops to count', () => {
  const session = begin({ observers: observers({ onLeave: 'pause' }) })
  session.attach(implementor('i'), at(0))
  session.attach(observer('o', 'boss'), at(0))
  const told = session.reconfigure(setup({ observers: observers({ onLeave: 'pause' }), parties: ['boss'] }), at(100))
  assert.deepEqual(brief(told), ['hold observers-missing'])
})

function sentences(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => ('sentence' in effect ? [effect.sentence] : []))
}

test('SUP-18 sentences say how long and how many', () => {
  const hard = begin({ windowMs: 5 * minute, idleSeconds: 60, headlessSeconds: 60, observers: observers({ count: 2 }) })
  const said = [
    ...sentences(hard.attach(observer('o'), at(0))),
    ...sentences(hard.attach(observer('p'), at(0))),
    ...sentences(hard.attach(implementor('i'), at(0))),
    ...sentences(hard.detach('p', 'left', at(0))),
    ...sentences(begin({ windowMs: 9_000, windowEnd: grace }).attach(implementor('i'), at(0))),
    overtimeWarning(61),
    presenceQuestion(60),
    hard.sentenceFor('no-new-commands'),
  ]
  assert.deepEqual(said, [
    'Nothing that is typed reaches the server until 2 observers are watching; now: 1.',
    'The window of the change request ends in 5 minutes.',
    'No implementor is here; the session ends in 1 minute unless one comes.',
    'Nothing that is typed reaches the server until 2 observers are watching; now: 1.',
    'Only 1 of 2 observers left; the session ends in 5 seconds unless another joins.',
    'The window of the change request ends in 9 seconds. While an observer is watching, the session goes on for at most 2 minutes more.',
    'The window of the change request is over; the session ends in 1 minute.',
    'Are you still watching? Please confirm within 1 minute.',
    'The window of the change request is over.',
  ])
})

test('SUP-18 a duration is at most five seconds too long, and less than a minute too short', () => {
  for (let seconds = 1; seconds <= 4_000; seconds += 1) {
    const [, count = '', unit = ''] = /^(\d+) (second|minute)s?$/.exec(durationText(seconds)) ?? []
    const toldSeconds = Number(count) * (unit === 'minute' ? 60 : 1)
    assert.equal(toldSeconds <= seconds + 5 && toldSeconds > seconds - 60, true, durationText(seconds))
  }
  assert.deepEqual([1, 60, 299, 300].map(durationText), ['1 second', '1 minute', '5 minutes', '5 minutes'])
})
