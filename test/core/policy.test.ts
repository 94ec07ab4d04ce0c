import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal } from '../../src/core/errors.ts'
import { judgeAccess } from '../../src/core/terminals/access.ts'
import type { ChangeRequest, Server } from '../../src/core/terminals/server.ts'

const server: Server = {
  name: 'web-1',
  address: '10.0.0.1',
  port: 22,
  transport: 'ssh',
  osUsers: ['deploy'],
  groups: ['ops'],
  hostKey: null,
  hostCa: null,
}
const change: ChangeRequest = {
  id: 'CR1',
  summary: '',
  servers: ['web-1'],
  osUsers: ['deploy'],
  groups: ['ops'],
  startsAtMs: 1_000,
  endsAtMs: 2_000,
  state: 'approved',
  requestedBy: null,
  approvedBy: null,
}

function verdict(question: {
  groups?: string[]
  osUser?: string
  server?: Partial<Server>
  change?: Partial<ChangeRequest> | null
  nowMs?: number
}): string {
  try {
    judgeAccess({
      account: { groups: question.groups ?? ['ops'] },
      server: { ...server, ...question.server },
      osUser: question.osUser ?? 'deploy',
      change: question.change === null ? null : { ...change, ...question.change },
      nowMs: question.nowMs ?? 1_500,
    })
    return 'allowed'
  } catch (cause) {
    return isRefusal(cause) ? cause.code : 'thrown'
  }
}

test('TER-1 a health check needs a common group with the server and an OS user that it lists', () => {
  const verdicts = [
    verdict({ change: null }),
    verdict({ change: null, groups: ['dba'] }),
    verdict({ change: null, groups: [] }),
    verdict({ change: null, osUser: 'root' }),
  ]
  assert.deepEqual(verdicts, ['allowed', 'GROUP_DENIED', 'GROUP_DENIED', 'GROUP_DENIED'])
})

test('TER-2 a window is open strictly inside its two ends', () => {
  const verdicts = [1_000, 1_001, 1_999, 2_000].map((nowMs) => verdict({ nowMs }))
  assert.deepEqual(verdicts, ['CHANGE_OUTSIDE_WINDOW', 'allowed', 'allowed', 'CHANGE_OUTSIDE_WINDOW'])
})

test('TER-2 a change must be approved, name server and OS user, and list a group of the account', () => {
  const verdicts = [
    verdict({ change: { state: 'requested' } }),
    verdict({ change: { state: 'closed' } }),
    verdict({ change: { servers: ['web-2'] } }),
    verdict({ change: { osUsers: ['root'] } }),
    verdict({ change: { groups: ['dba'] } }),
    verdict({ groups: ['dba'], server: { groups: ['dba', 'ops'] } }),
  ]
  assert.deepEqual(verdicts, [
    'CHANGE_NOT_APPROVED',
    'CHANGE_NOT_APPROVED',
    'CHANGE_DOES_NOT_NAME',
    'CHANGE_DOES_NOT_NAME',
    'GROUP_DENIED',
    'GROUP_DENIED',
  ])
})
