import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlierEnd, hasSessionExpired } from '../../src/core/sessions/session.ts'

test('SES-1 a session lives in the last second of its idle lifetime and is over in the next', () => {
  const session = { lastSeenAt: 1_000, idleSeconds: 600, expiresAt: null }
  assert.deepEqual([hasSessionExpired(session, 1_599), hasSessionExpired(session, 1_600)], [false, true])
})

test('SES-2 a session that was used just now is over at its absolute end', () => {
  const session = { lastSeenAt: 1_999, idleSeconds: 600, expiresAt: 2_000 }
  assert.deepEqual([hasSessionExpired(session, 1_999), hasSessionExpired(session, 2_000)], [false, true])
})

test('SES-3 the earlier of two ends holds, and no end is later than any', () => {
  assert.deepEqual([earlierEnd(5, 9), earlierEnd(9, 5), earlierEnd(null, 5), earlierEnd(5, null)], [5, 5, 5, 5])
  assert.equal(earlierEnd(null, null), null)
})

test('SES-4 a session without lifetimes is live after a hundred years', () => {
  assert.equal(hasSessionExpired({ lastSeenAt: 0, idleSeconds: null, expiresAt: null }, 3_155_760_000), false)
})
