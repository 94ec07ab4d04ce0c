import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRefusal } from '../../../src/core/errors.ts'
import type { Instant } from '../../../src/core/revocation/lease.ts'
import type { Supervision } from '../../../src/core/terminals/supervision.ts'
import type { Effect, InputVerdict } from '../../../src/core/terminals/supervision-effects.ts'
import { at, begin, beginMs, bytes, implementor, observer, observers } from './supervised.ts'

/** What may happen, and how long after what happened before; `stepMs` moves the wall clock alone. */
type NoticeTrigger = {
  readonly what: (typeof whats)[number]
  readonly id: number
  readonly flag: boolean
  readonly afterMs: number
  readonly stepMs: number
}

const whats = [
  'implement',
  'observe',
  'leave',
  'drop',
  'pong',
  'pong',
  'pong',
  'lag',
  'show',
  'confirm',
  'pause',
  'continue',
  'release',
  'type',
  'type',
  'type',
  'tick',
  'tick',
] as const

/** Three observers and two implementors; the last observer is the first implementor's person, the second a party. */
const people = [
  implementor('i0', 'ada'),
  implementor('i1', 'grace'),
  observer('o0', 'linus'),
  observer('o1', 'boss'),
  observer('o2', 'ada'),
  observer('o3', 'linus'),
  observer('o4', 'ken'),
] as const

const trigger: fc.Arbitrary<NoticeTrigger> = fc.record({
  what: fc.constantFrom(...whats),
  id: fc.integer({ min: 0, max: people.length - 1 }),
  flag: fc.boolean(),
  afterMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 1_500 }) },
    { weight: 1, arbitrary: fc.constantFrom(5_000, 5_001, 15_000, 30_000, 60_000, 61_000) },
  ),
  stepMs: fc.constant(0),
})

/** As above, with a wall clock that is set now and then. */
const stepping = fc
  .tuple(trigger, fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: -900_000, max: 300_000 })))
  .map(([one, stepMs]) => ({ ...one, stepMs }))

/** One thing that happened, with all that came of it. */
type Event = {
  readonly trigger: NoticeTrigger
  readonly now: Instant
  readonly effects: readonly Effect[]
  readonly verdict: InputVerdict | null
  /** Whether an implementor was refused. */
  readonly isRefused: boolean
  readonly session: Supervision
}

/** Plays a schedule; `look` sees the session right after each event. */
function play(
  session: Supervision,
  schedule: readonly NoticeTrigger[],
  look: (event: Event, index: number) => void,
): void {
  let ms = 0
  let stepMs = 0
  for (const [index, one] of schedule.entries()) {
    ms += one.afterMs
    stepMs += one.stepMs
    const now = at(ms, stepMs)
    look({ trigger: one, now, session, ...happen(session, one, now) }, index)
  }
}

function happen(
  session: Supervision,
  one: NoticeTrigger,
  now: Instant,
): Pick<Event, 'effects' | 'verdict' | 'isRefused'> {
  if (one.what === 'type') {
    return { effects: [], verdict: session.input(idOf(one), bytes('x'), now), isRefused: false }
  }
  try {
    return { effects: told(session, one, now), verdict: null, isRefused: false }
  } catch (cause) {
    if (!isRefusal(cause, 'IMPLEMENTOR_PRESENT')) throw cause
    return { effects: [], verdict: null, isRefused: true }
  }
}

function told(session: Supervision, one: NoticeTrigger, now: Instant): readonly Effect[] {
  const id = idOf(one)
  switch (one.what) {
    case 'implement':
    case 'observe':
      return session.attach(participantOf(one), now)
    case 'leave':
      return session.detach(id, one.flag ? 'left' : 'revoked', now)
    case 'drop':
      return session.detach(id, 'dropped', now)
    case 'pong':
      session.pong(id, now)
      return []
    case 'lag':
      return session.lagging(id, one.flag, now)
    case 'show':
      return session.visible(id, one.flag, now)
    case 'confirm':
      return session.present(id, now)
    case 'pause':
      return session.pause(id, now)
    case 'continue':
      return session.continue(id, now)
    case 'release':
      return session.release(id, now)
    default:
      return session.tick(now)
  }
}

function participantOf({ what, id }: NoticeTrigger): (typeof people)[number] {
  const ofRole = people.filter(({ role }) => role === (what === 'implement' ? 'implementor' : 'observer'))
  return ofRole[id % ofRole.length] ?? people[0]
}

function idOf(one: NoticeTrigger): string {
  if (one.what === 'implement' || one.what === 'observe') return participantOf(one).id
  return (people[one.id] ?? people[0]).id
}

/** Counts observers from the whole history, as the rules say it and with nothing remembered in between. */
function countFromHistory(history: readonly Event[], nowMs: number): number {
  const taken = history.filter(({ trigger: { what }, isRefused }) => what === 'implement' && !isRefused)
  const last = taken.at(-1)
  const excluded = ['boss', last === undefined ? null : participantOf(last.trigger).person]
  const watching = people.filter(({ id, role, person }) => {
    if (role !== 'observer' || excluded.includes(person)) return false
    return isWatchingByHistory(
      history.filter((event) => idOf(event.trigger) === id),
      nowMs,
    )
  })
  return new Set(watching.map(({ person }) => person)).size
}

function isWatchingByHistory(own: readonly Event[], nowMs: number): boolean {
  let state: 'away' | 'here' | 'dropped' = 'away'
  let [heardMs, droppedMs, isLagging, isVisible] = [0, 0, false, true]
  for (const { trigger: one, now } of own) {
    const ms = now.monotonicMs
    if (state === 'dropped' && ms - droppedMs >= 60_000) state = 'away'
    if (one.what === 'observe') {
      if (state === 'away') isVisible = true
      ;[state, heardMs, isLagging] = ['here', ms, false]
    } else if (one.what === 'leave') state = 'away'
    else if (state === 'here') {
      if (one.what === 'drop') [state, droppedMs] = ['dropped', ms]
      if (one.what === 'pong') heardMs = ms
      if (one.what === 'lag') isLagging = one.flag
      if (one.what === 'show') isVisible = one.flag
    }
  }
  return state === 'here' && !isLagging && isVisible && nowMs - heardMs <= 5_000
}

const patient = { idleSeconds: 86_400, headlessSeconds: 86_400 }
const runs = { numRuns: 400 }

test('SUP-1, SUP-2, SUP-3 over random schedules input is held for missing observers exactly when a count from the whole history says so', () => {
  fc.assert(
    fc.property(fc.array(trigger, { maxLength: 60 }), fc.integer({ min: 1, max: 2 }), (schedule, count) => {
      const session = begin({ ...patient, observers: observers({ count, onLeave: 'pause' }), parties: ['boss'] })
      const history: Event[] = []
      play(session, schedule, (event) => {
        history.push(event)
        const isShort = countFromHistory(history, event.now.monotonicMs) < count
        assert.equal(session.inputBlock() === 'observers-missing', isShort)
        if (isShort) assert.notEqual(event.verdict?.kind, 'pass')
      })
    }),
    runs,
  )
})

test('SUP-8, SUP-9 over random schedules only the last holder of the slot types, and no other may take it', () => {
  fc.assert(
    fc.property(fc.array(trigger, { maxLength: 60 }), (schedule) => {
      const session = begin(patient)
      let holder: { readonly id: string; readonly heardMs: number; readonly isHere: boolean } | null = null
      let freed = 0
      play(session, schedule, ({ trigger: { what }, trigger: one, now, effects, verdict, isRefused }) => {
        const [id, ms] = [idOf(one), now.monotonicMs]
        const held: typeof holder = holder !== null && ms - holder.heardMs < 15_000 ? holder : null
        const isOwn = held?.id === id
        holder = held
        if (what === 'implement') {
          assert.equal(isRefused, held !== null && !isOwn)
          if (!isRefused) holder = { id, heardMs: ms, isHere: true }
        }
        if (isOwn && (what === 'leave' || what === 'release')) holder = null
        if (isOwn && what === 'drop') holder = { ...held, isHere: false }
        if (isOwn && what === 'pong' && held.isHere) holder = { ...held, heardMs: ms }
        if (verdict !== null) assert.equal(verdict.kind, isOwn && held.isHere ? 'pass' : 'drop')
        assert.equal(session.implementorId(), holder?.id ?? null)
        freed += effects.filter(({ kind }) => kind === 'slot-freed').length
      })
      const taken = schedule.filter(({ what }) => what === 'implement').length
      assert.equal(freed <= taken, true)
    }),
    runs,
  )
})

test('SUP-15, SUP-16 over random schedules an end comes alone, nothing follows it, and blocked and unblocked alternate with a changed reason', () => {
  fc.assert(
    fc.property(fc.array(trigger, { maxLength: 80 }), (schedule) => {
      const rule = observers({ presenceMinutes: 1 })
      const session = begin({
        idleSeconds: 60,
        headlessSeconds: 60,
        windowMs: 120_000,
        observers: rule,
        parties: ['boss'],
      })
      let [isOver, hold]: [boolean, string | null] = [false, null]
      play(session, schedule, ({ effects, verdict }) => {
        if (isOver) assert.deepEqual([effects, verdict?.kind ?? 'drop'], [[], 'drop'])
        if (effects.some(({ kind }) => kind === 'end')) {
          assert.equal(effects.length, 1)
          isOver = true
        }
        for (const effect of effects) {
          const next = effect.kind === 'block' ? effect.why : effect.kind === 'unblock' ? null : hold
          if (effect.kind === 'block' || effect.kind === 'unblock') assert.notEqual(next, hold)
          hold = next
        }
      })
    }),
    runs,
  )
})

test('SUP-10, SUP-11, SUP-12 over random schedules each warning comes at most once, nearer each time, until what it warns of has moved away', () => {
  fc.assert(
    fc.property(fc.array(stepping, { maxLength: 80 }), (schedule) => {
      const session = begin({ idleSeconds: 60, headlessSeconds: 120, windowMs: 600_000 })
      const last = { window: Number.POSITIVE_INFINITY, idle: 0, headless: 0, observers: 0 }
      const given = { window: 0, idle: 0, headless: 0, observers: 0 }
      const most = { window: 3, idle: 3, headless: 2, observers: 0 }
      const moveAway = (what: 'idle' | 'headless'): void => {
        last[what] = Number.POSITIVE_INFINITY
        given[what] = 0
      }
      moveAway('idle')
      moveAway('headless')
      play(session, schedule, ({ trigger: { what }, effects, verdict, isRefused }) => {
        if (what === 'implement' && !isRefused) moveAway('headless')
        if ((what === 'implement' && !isRefused) || verdict?.kind === 'pass') moveAway('idle')
        for (const effect of effects) {
          if (effect.kind !== 'warn') continue
          assert.equal(effect.secondsLeft < last[effect.what] && effect.secondsLeft > 0, true)
          last[effect.what] = effect.secondsLeft
          given[effect.what] += 1
          assert.equal(given[effect.what] <= most[effect.what], true)
        }
      })
    }),
    runs,
  )
})

test('SUP-13, SUP-14 however the wall clock steps, a hard window ends at the first moment that either clock puts beyond it, and no session is idle early', () => {
  fc.assert(
    fc.property(fc.array(stepping, { maxLength: 80 }), (schedule) => {
      const windowMs = 200_000
      const session = begin({ idleSeconds: 120, headlessSeconds: 86_400, windowMs })
      let [latestMs, beforeMs, activeMs, isOver] = [beginMs, at(0).monotonicMs, at(0).monotonicMs, false]
      play(session, schedule, ({ trigger: { what }, now, effects, verdict }) => {
        if (isOver) return
        latestMs = Math.max(now.wallMs, latestMs + now.monotonicMs - beforeMs)
        beforeMs = now.monotonicMs
        const isPast = latestMs >= beginMs + windowMs
        const end = effects.find((effect) => effect.kind === 'end')
        isOver = end !== undefined
        if (isPast) assert.notEqual(verdict?.kind, 'pass')
        if (what === 'tick' && isPast) assert.equal(end?.reason, 'window-over')
        if (!isPast) assert.notEqual(end?.reason, 'window-over')
        if (end?.reason === 'idle') assert.equal(now.monotonicMs - activeMs >= 120_000, true)
        if (verdict?.kind === 'pass') activeMs = now.monotonicMs
      })
    }),
    runs,
  )
})
