/** Core tests: what the entries of the revocation log do to what lasts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  coverOf,
  type LiveResource,
  LiveResources,
  type ResourceSubjects,
} from '../../src/core/revocation/live-resources.ts'
import { type RevocationEntry, type RevocationKind, subject } from '../../src/core/revocation/log.ts'

/** Held by account 7 in session 70; started by account 9. */
const subjects: ResourceSubjects = {
  holder: { accountId: 7, sessionRow: 70, organizationId: 'org', credentialId: 'cred' },
  access: { serverName: 'web-1', changeId: 'CR1', groups: ['ops'] },
  tokenSubject: 'aa',
  ptySessionId: 'pty',
  starterAccountId: 9,
}

function entry(kind: RevocationKind, named: string): RevocationEntry {
  return { seq: 1, tag: 'tag', kind, subject: named, atMs: 0 }
}

const covers: Readonly<Record<RevocationKind, readonly (readonly [string, string])[]>> = {
  token: [
    ['aa', 'end'],
    ['bb', 'none'],
  ],
  session: [
    [subject.session(70), 'end'],
    [subject.session(90), 'none'],
  ],
  account_epoch: [
    [subject.accountEpoch(7, 'epoch', 0), 'end'],
    [subject.accountEpoch(7, 'epoch', 71), 'end'],
    [subject.accountEpoch(7, 'epoch', 70), 'none'],
    [subject.accountEpoch(9, 'epoch', 0), 'judge'],
    [subject.accountEpoch(9, 'epoch', 90), 'judge'],
    [subject.accountEpoch(8, 'epoch', 0), 'none'],
  ],
  membership: [
    [subject.membership(7, 'org'), 'end'],
    [subject.membership(9, 'org'), 'none'],
    [subject.membership(7, 'other'), 'none'],
  ],
  organization: [
    ['org', 'end'],
    ['other', 'none'],
  ],
  credential: [
    ['cred', 'end'],
    ['other', 'none'],
  ],
  pty_session: [
    ['pty', 'end'],
    ['other', 'none'],
  ],
  access_changed: [
    [subject.access('account', '7'), 'judge'],
    [subject.access('account', '9'), 'judge'],
    [subject.access('account', '8'), 'none'],
    [subject.access('server', 'web-1'), 'judge'],
    [subject.access('server', 'CR1'), 'none'],
    [subject.access('change', 'CR1'), 'judge'],
    [subject.access('group', 'ops'), 'judge'],
    [subject.access('group', 'dba'), 'none'],
  ],
}

for (const [kind, cases] of Object.entries(covers) as [RevocationKind, (typeof covers)[RevocationKind]][]) {
  test(`REV-12 an entry of kind ${kind} covers what its kind names, and nothing else`, () => {
    const found = cases.map(([named]) => [named, coverOf(entry(kind, named), subjects)])
    assert.deepEqual(found, cases)
  })
}

test('REV-12 what hangs on nothing but its holder is covered by nothing else', () => {
  const bare: ResourceSubjects = {
    holder: { accountId: 7, sessionRow: 70, organizationId: null, credentialId: null },
    access: { serverName: null, changeId: null, groups: [] },
  }
  const foreign = Object.entries(covers).flatMap(([kind, cases]) =>
    cases.map(([named]) => [kind as RevocationKind, named] as const),
  )
  const covered = foreign.filter(([kind, named]) => coverOf(entry(kind, named), bare) !== 'none')
  assert.deepEqual(covered, [
    ['session', '70'],
    ['account_epoch', '7:epoch:0'],
    ['account_epoch', '7:epoch:71'],
    ['access_changed', 'account:7'],
  ])
})

/** Resources that write down each call. */
function recording(failing: readonly string[] = []): {
  readonly things: LiveResources
  readonly done: string[]
  readonly logged: unknown[]
  readonly thing: (name: string, parts?: { readonly row?: number; readonly expiresAt?: number }) => LiveResource
} {
  const done: string[] = []
  const logged: unknown[] = []
  const act = (name: string, what: string): void => {
    if (failing.includes(name)) throw new Error(name)
    done.push(`${name} ${what}`)
  }
  return {
    things: new LiveResources({ error: (facts) => void logged.push(facts.err) }),
    done,
    logged,
    thing: (name, { row = 70, expiresAt = null } = {}) => ({
      kind: 'download',
      subjects: () => ({ ...subjects, holder: { ...subjects.holder, sessionRow: row } }),
      expiresAt: () => expiresAt,
      end: (by) => act(name, `ends by ${by?.kind ?? 'time'}`),
      judge: () => act(name, 'is judged'),
    }),
  }
}

test('REV-12 every entry is compared with every live resource until it is released; a changed history judges all of them', () => {
  const { things, done, thing } = recording()
  const release = things.add(thing('one'))
  things.add(thing('two', { row: 71 }))
  things.apply(entry('session', '70'))
  things.apply(null)
  release()
  things.apply(entry('organization', 'org'))
  assert.deepEqual(done, ['one ends by session', 'one is judged', 'two is judged', 'two ends by organization'])
  assert.equal(things.size, 1)
})

test('REV-12 one that fails is logged, and keeps no other from its end', () => {
  const { things, done, logged, thing } = recording(['one'])
  for (const name of ['one', 'two']) things.add(thing(name, { expiresAt: 5 }))
  things.apply(entry('session', '70'))
  things.expire(5)
  assert.deepEqual(
    [done, logged.map(String)],
    [
      ['two ends by session', 'two ends by time'],
      ['Error: one', 'Error: one'],
    ],
  )
})

test('REV-13 entries that come while something begins are held against it in their order, and none that came before', () => {
  const { things, done, thing } = recording()
  things.apply(entry('session', '70'))
  const [beginning, other] = [things.begin(), things.begin()]
  things.apply(entry('access_changed', 'group:ops'))
  other.close()
  things.apply(entry('session', '70'))
  beginning.add(thing('one'))
  things.apply(entry('credential', 'cred'))
  beginning.add(thing('two'))
  beginning.close()
  assert.deepEqual(done, [
    'one is judged',
    'one ends by session',
    'one ends by credential',
    'two is judged',
    'two ends by session',
    'two ends by credential',
  ])
})

test('REV-14 what lasts ends at the second at which its access is over by itself', () => {
  const { things, done, thing } = recording()
  things.add(thing('one', { expiresAt: 100 }))
  things.add(thing('two'))
  things.expire(99)
  assert.deepEqual(done, [])
  things.expire(100)
  assert.deepEqual(done, ['one ends by time'])
})
