import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRefusal } from '../../../src/core/errors.ts'
import { mergePolicies } from '../../../src/core/terminals/merge-policies.ts'
import { parsePolicy, renderPolicy } from '../../../src/core/terminals/parse-policy.ts'
import type { ObserverRule, PolicyDocument, TerminalPolicy } from '../../../src/core/terminals/terminal-policy.ts'
import { policy } from './supervised.ts'

const one = { count: 1, from: [], onLeave: 'end', presenceMinutes: null } as const satisfies ObserverRule

const merges: readonly {
  readonly title: string
  readonly documents: readonly PolicyDocument[]
  readonly becomes: Partial<TerminalPolicy>
}[] = [
  {
    title: 'the larger count, and a group of each list',
    documents: [{ observers: { count: 1, from: ['audit', 'lead'] } }, { observers: { count: 2, from: ['ops'] } }],
    becomes: { observers: { ...one, count: 2, from: [['audit', 'lead'], ['ops']] } },
  },
  {
    title: 'end before pause',
    documents: [{ observers: { count: 1, onLeave: 'pause' } }, { observers: { count: 1, onLeave: 'end' } }],
    becomes: { observers: one },
  },
  {
    title: 'pause where nobody says end',
    documents: [{ observers: { count: 1, onLeave: 'pause' } }, { observers: { count: 1 } }],
    becomes: { observers: { ...one, onLeave: 'pause' } },
  },
  {
    title: 'the shortest presence, idle and headless time',
    documents: [
      { observers: { count: 1, presenceMinutes: 9 }, idleMinutes: 30, headlessMinutes: 3 },
      { observers: { count: 1, presenceMinutes: 4 }, idleMinutes: 20, headlessMinutes: 8 },
    ],
    becomes: { observers: { ...one, presenceMinutes: 4 }, idleSeconds: 1_200, headlessSeconds: 180 },
  },
  {
    title: 'a hard end before all others',
    documents: [{ windowEnd: { kind: 'no-new-commands', minutes: 1 } }, { windowEnd: { kind: 'hard' } }],
    becomes: { windowEnd: { kind: 'hard' } },
  },
  {
    title: 'no new commands before a grace that is shorter',
    documents: [{ windowEnd: { kind: 'grace', minutes: 1 } }, { windowEnd: { kind: 'no-new-commands', minutes: 9 } }],
    becomes: { windowEnd: { kind: 'no-new-commands', minutes: 9 } },
  },
  {
    title: 'the shorter of two graces',
    documents: [{ windowEnd: { kind: 'grace', minutes: 5 } }, { windowEnd: { kind: 'grace', minutes: 3 } }],
    becomes: { windowEnd: { kind: 'grace', minutes: 3 } },
  },
]

for (const { title, documents, becomes } of merges) {
  test(`POL-1 of several policies holds ${title}`, () => {
    assert.deepEqual(mergePolicies(documents, policy()), policy(becomes))
  })
}

test('POL-2 input is recorded if one policy says so and none forbids it; the longest retention applies', () => {
  const recorded = [
    [],
    [{ recordInput: true }],
    [{ recordInput: true }, {}],
    [{ recordInput: true }, { recordInput: false }],
  ]
  assert.deepEqual(
    recorded.map((documents) => mergePolicies(documents, policy()).recordInput),
    [false, true, true, false],
  )
  const kept = [[], [{ retentionMonths: 6 }], [{ retentionMonths: 6 }, { retentionMonths: 24 }]]
  assert.deepEqual(
    kept.map((documents) => mergePolicies(documents, policy()).retentionMonths),
    [12, 6, 24],
  )
})

test('POL-3 options apply if no policy sets a value, and the observers that they ask for always apply', () => {
  const byOption = policy({ observers: { ...one, count: 2 }, windowEnd: { kind: 'grace', minutes: 7 } })
  assert.deepEqual(mergePolicies([], byOption), byOption)
  assert.deepEqual(mergePolicies([{ observers: { count: 1, onLeave: 'pause' }, idleMinutes: 99 }], byOption), {
    ...byOption,
    observers: { ...one, count: 2, onLeave: 'pause' },
    idleSeconds: 5_940,
  })
})

const minutes = fc.integer({ min: 1, max: 1_440 })
const document: fc.Arbitrary<PolicyDocument> = fc.record(
  {
    observers: fc.record(
      {
        count: fc.integer({ min: 1, max: 5 }),
        from: fc.uniqueArray(fc.constantFrom('ops', 'dba', 'audit'), { minLength: 1 }),
        onLeave: fc.constantFrom('end' as const, 'pause' as const),
        presenceMinutes: minutes,
      },
      { requiredKeys: ['count'], noNullPrototype: true },
    ),
    windowEnd: fc.oneof(
      fc.constant({ kind: 'hard' as const }),
      fc.record(
        { kind: fc.constantFrom('grace' as const, 'no-new-commands' as const), minutes },
        { noNullPrototype: true },
      ),
    ),
    idleMinutes: minutes,
    headlessMinutes: minutes,
    recordInput: fc.boolean(),
    retentionMonths: fc.integer({ min: 1, max: 1_200 }),
  },
  { requiredKeys: [], noNullPrototype: true },
)

/** The lists of groups as what they ask for: their order and repetitions mean nothing. */
function meaning(merged: TerminalPolicy): unknown {
  const lists = merged.observers?.from.map((groups) => [...groups].sort().join()) ?? []
  return { ...merged, observers: merged.observers && { ...merged.observers, from: [...new Set(lists)].sort() } }
}

test('POL-4 the order of policies does not matter, and a policy beside itself changes nothing', () => {
  fc.assert(
    fc.property(fc.array(document, { maxLength: 4 }), (documents) => {
      const merged = meaning(mergePolicies(documents, policy()))
      assert.deepEqual(meaning(mergePolicies([...documents].reverse(), policy())), merged)
      assert.deepEqual(meaning(mergePolicies([...documents, ...documents], policy())), merged)
    }),
  )
})

test('POL-1 another policy never loosens anything, but for what only a policy can set', () => {
  const strictness = ({ windowEnd }: TerminalPolicy): number =>
    ['grace', 'no-new-commands', 'hard'].indexOf(windowEnd.kind)
  fc.assert(
    fc.property(fc.array(document, { minLength: 1, maxLength: 3 }), document, (documents, more) => {
      const [before, after] = [mergePolicies(documents, policy()), mergePolicies([...documents, more], policy())]
      assert.equal((after.observers?.count ?? 0) >= (before.observers?.count ?? 0), true)
      assert.equal((after.observers?.from.length ?? 0) >= (before.observers?.from.length ?? 0), true)
      if (documents.some(({ idleMinutes }) => idleMinutes !== undefined))
        assert.equal(after.idleSeconds <= before.idleSeconds, true)
      if (documents.some(({ windowEnd }) => windowEnd !== undefined))
        assert.equal(strictness(after) >= strictness(before), true)
    }),
  )
})

test('POL-6 a policy reads back as it was written', () => {
  fc.assert(
    fc.property(
      document.filter((one) => Object.keys(one).length > 0),
      (written) => assert.deepEqual(parsePolicy(JSON.parse(JSON.stringify(renderPolicy(written)))), written),
    ),
  )
})

test('POL-6 members are named in snake_case', () => {
  const json = {
    observers: { count: 2, from: ['ops'], on_leave: 'pause', presence_minutes: 10 },
    window_end: { kind: 'no_new_commands', minutes: 5 },
    idle_minutes: 20,
    headless_minutes: 3,
    record_input: true,
    retention_months: 24,
  }
  const read: PolicyDocument = {
    observers: { count: 2, from: ['ops'], onLeave: 'pause', presenceMinutes: 10 },
    windowEnd: { kind: 'no-new-commands', minutes: 5 },
    idleMinutes: 20,
    headlessMinutes: 3,
    recordInput: true,
    retentionMonths: 24,
  }
  assert.deepEqual([parsePolicy(json), renderPolicy(read)], [read, json])
})

const faulty: readonly { readonly title: string; readonly json: unknown; readonly fields: readonly string[] }[] = [
  { title: 'no object', json: [], fields: ['policy'] },
  { title: 'null', json: null, fields: ['policy'] },
  { title: 'nothing ruled', json: {}, fields: ['policy'] },
  { title: 'unknown members', json: { observer: {}, idleMinutes: 3 }, fields: ['observer', 'idleMinutes'] },
  { title: 'a member of every object', json: JSON.parse('{"__proto__": 1, "idle_minutes": 1}'), fields: ['__proto__'] },
  { title: 'observers without a count', json: { observers: {} }, fields: ['observers.count'] },
  {
    title: 'all wrong in observers',
    json: { observers: { count: 6, from: [], on_leave: 'stay', presence_minutes: 0, who: 1 } },
    fields: ['observers.who', 'observers.count', 'observers.from', 'observers.on_leave', 'observers.presence_minutes'],
  },
  { title: 'groups that are none', json: { observers: { count: 1, from: ['a b'] } }, fields: ['observers.from'] },
  { title: 'a grace without minutes', json: { window_end: { kind: 'grace' } }, fields: ['window_end.minutes'] },
  {
    title: 'a hard end with minutes',
    json: { window_end: { kind: 'hard', minutes: 1 } },
    fields: ['window_end.minutes'],
  },
  {
    title: 'an unknown end',
    json: { window_end: { kind: 'no-new-commands', minutes: 1 } },
    fields: ['window_end.kind'],
  },
  { title: 'half a minute', json: { idle_minutes: 0.5 }, fields: ['idle_minutes'] },
  { title: 'a number as text', json: { headless_minutes: '5' }, fields: ['headless_minutes'] },
  { title: 'too many months', json: { retention_months: 1_201 }, fields: ['retention_months'] },
  { title: 'a truth that is none', json: { record_input: 'yes' }, fields: ['record_input'] },
]

for (const { title, json, fields } of faulty) {
  test(`POL-5 ${title}: refused, naming ${fields.join(', ')}`, () => {
    assert.throws(
      () => parsePolicy(json),
      (cause) => {
        assert.equal(isRefusal(cause, 'INPUT_INVALID'), true)
        const named = isRefusal(cause) ? [...new Set(cause.fields.map(({ field }) => field))] : []
        assert.deepEqual(named, fields)
        return true
      },
    )
  })
}
