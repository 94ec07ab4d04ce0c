import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal } from '../../../src/core/errors.ts'
import { judgeRole, partiesOf, type RoleQuestion } from '../../../src/core/terminals/judge-role.ts'
import { observers } from './supervised.ts'

const question: RoleQuestion = {
  account: { groups: ['ops'], person: 'ada' },
  session: { isApplicationPassword: false, credentialId: null },
  role: 'observer',
  server: {
    name: 'web-1',
    address: '10.0.0.1',
    port: 22,
    transport: 'ssh',
    osUsers: ['deploy'],
    groups: ['ops', 'dba'],
    hostKey: null,
    hostCa: null,
  },
  osUser: 'deploy',
  change: {
    id: 'CR1',
    summary: '',
    servers: ['web-1'],
    osUsers: ['deploy'],
    groups: ['ops', 'lead'],
    startsAtMs: 1_000,
    endsAtMs: 2_000,
    state: 'approved',
    requestedBy: 'boss',
    approvedBy: 'chief',
  },
  policy: { observers: null },
  implementorPerson: 'grace',
  nowMs: 1_500,
}
const fourEyes = { observers: observers() }
const fromAudit = { observers: observers({ from: [['audit'], ['lead', 'night']] }) }
const implementor = { role: 'implementor' } as const

function who(person: string, ...groups: string[]): Pick<RoleQuestion, 'account'> {
  return { account: { person, groups } }
}

const verdicts: readonly {
  readonly title: string
  readonly parts: Partial<RoleQuestion>
  readonly verdict: string
}[] = [
  { title: 'POL-7 an observer by the groups of server and change', parts: {}, verdict: 'allowed' },
  { title: 'POL-7 an observer by one group of each', parts: who('ada', 'dba', 'lead'), verdict: 'allowed' },
  { title: 'POL-7 no observer by a group of the server alone', parts: who('ada', 'dba'), verdict: 'OBSERVER_DENIED' },
  { title: 'POL-7 no observer by a group of the change alone', parts: who('ada', 'lead'), verdict: 'OBSERVER_DENIED' },
  {
    title: 'POL-7 an observer of a health check by a group of the server',
    parts: { ...who('ada', 'dba'), change: null },
    verdict: 'allowed',
  },
  {
    title: 'POL-7 an observer by a group of each list',
    parts: { ...who('ada', 'audit', 'night'), policy: fromAudit },
    verdict: 'allowed',
  },
  {
    title: 'POL-7 no observer by one list alone',
    parts: { ...who('ada', 'audit', 'ops'), policy: fromAudit },
    verdict: 'OBSERVER_DENIED',
  },
  {
    title: 'POL-7 no implementor by a list of observers',
    parts: { ...implementor, ...who('ada', 'audit', 'lead'), policy: fromAudit },
    verdict: 'GROUP_DENIED',
  },
  {
    title: 'POL-7 an implementor by the groups of server and change',
    parts: { ...implementor, policy: fromAudit },
    verdict: 'allowed',
  },
  {
    title: 'POL-7 no observer of an OS user that the server does not list',
    parts: { osUser: 'root' },
    verdict: 'GROUP_DENIED',
  },
  { title: 'POL-7 no observer outside the window', parts: { nowMs: 2_000 }, verdict: 'CHANGE_OUTSIDE_WINDOW' },
  {
    title: 'POL-8 no observer who requested the change',
    parts: { ...who('boss', 'ops'), policy: fourEyes },
    verdict: 'PARTY_TO_CHANGE',
  },
  {
    title: 'POL-8 no implementor who approved the change',
    parts: { ...implementor, ...who('chief', 'ops'), policy: fourEyes },
    verdict: 'PARTY_TO_CHANGE',
  },
  {
    title: 'POL-8 an implementor who approved it, if no observer is needed',
    parts: { ...implementor, ...who('chief', 'ops') },
    verdict: 'allowed',
  },
  {
    title: 'POL-8 no observer of what the same person implements',
    parts: { policy: fourEyes, implementorPerson: 'ada' },
    verdict: 'OBSERVER_DENIED',
  },
  {
    title: 'POL-8 an observer of the own work, if no observer is needed',
    parts: { implementorPerson: 'ada' },
    verdict: 'allowed',
  },
  {
    title: 'POL-8 an implementor whose person implements already',
    parts: { ...implementor, policy: fourEyes, implementorPerson: 'ada' },
    verdict: 'allowed',
  },
  {
    title: 'POL-8 no implementor by an application password',
    parts: { ...implementor, policy: fourEyes, session: { isApplicationPassword: true, credentialId: null } },
    verdict: 'SIGN_IN_NOT_INTERACTIVE',
  },
  {
    title: 'POL-8 no observer by a credential',
    parts: { policy: fourEyes, session: { isApplicationPassword: false, credentialId: 'k1' } },
    verdict: 'SIGN_IN_NOT_INTERACTIVE',
  },
  {
    title: 'POL-8 an observer by a credential, if no observer is needed',
    parts: { session: { isApplicationPassword: false, credentialId: 'k1' } },
    verdict: 'allowed',
  },
  {
    title: 'POL-8 the way of signing in is not judged before it is known',
    parts: { policy: fourEyes, session: null },
    verdict: 'allowed',
  },
]

for (const { title, parts, verdict } of verdicts) {
  test(`${title}: ${verdict}`, () => {
    let found = 'allowed'
    try {
      judgeRole({ ...question, ...parts })
    } catch (cause) {
      found = isRefusal(cause) ? cause.code : 'thrown'
    }
    assert.equal(found, verdict)
  })
}

test('POL-8 the parties of a change are the given persons', () => {
  const change = { requestedBy: null, approvedBy: 'chief' }
  assert.deepEqual([partiesOf(null), partiesOf(change), partiesOf(question.change)], [[], ['chief'], ['boss', 'chief']])
})
