import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RowIndex } from '../../../src/core/memory/row-index.ts'
import { SessionColumns } from '../../../src/core/memory/session-columns.ts'
import type { Session } from '../../../src/core/sessions/session.ts'

const subjects = {
  account: 1,
  accountVersion: 2,
  organization: -1,
  organizationVersion: 0,
  membership: -1,
  membershipVersion: 0,
}

function sessionOf(row: number): Session {
  return {
    row,
    id: `00000000-0000-4000-8000-${row.toString(16).padStart(12, '0')}`,
    accountId: 1,
    epoch: 'e',
    dialect: row % 2 === 0 ? 'control' : 'koyeb',
    organizationId: null,
    ip: '192.0.2.1',
    userAgent: '',
    fingerprintDigest: null,
    createdAt: row + 10,
    lastSeenAt: row + 20,
    idleSeconds: null,
    expiresAt: row + 30,
    proof: row % 3 === 0 ? 'password+otp' : 'password',
    authenticatedAt: row + 40,
    isApplicationPassword: row % 5 === 0,
    credentialId: row % 3 === 0 ? 'credential' : null,
    revokedSeq: null,
  }
}

function factsOf(row: number): object {
  const { id, dialect, createdAt, expiresAt, proof, authenticatedAt, isApplicationPassword, credentialId } =
    sessionOf(row)
  const isByCredential = credentialId !== null
  return { row, id, dialect, createdAt, expiresAt, proof, authenticatedAt, isApplicationPassword, isByCredential }
}

// Numbers that are 2^32 apart share their low bits: the index must not take one for the other.
const row = fc
  .tuple(fc.integer({ min: 1, max: 120 }), fc.constantFrom(0, 2 ** 32, 2 ** 33))
  .map(([low, high]) => low + high)

test('MEM-1 the columns agree with a map after any sequence of additions and removals', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ isAddition: fc.boolean(), row }), { minLength: 200, maxLength: 600 }), (steps) => {
      const columns = new SessionColumns(4)
      const model = new Map<number, number>()
      for (const step of steps) {
        const known = model.get(step.row)
        if (step.isAddition && known === undefined) {
          const slot = columns.add(sessionOf(step.row), subjects)
          columns.hold(slot)
          model.set(step.row, slot)
        }
        if (!step.isAddition && known !== undefined) {
          assert.equal(columns.release(known), true)
          model.delete(step.row)
        }
      }
      const seen = new Set(steps.map((step) => step.row))
      assert.deepEqual(
        [...seen].map((value) => columns.find(value)),
        [...seen].map((value) => model.get(value) ?? -1),
      )
      assert.equal(columns.size, model.size)
      assert.equal(new Set(model.values()).size, model.size)
    }),
    { numRuns: 100 },
  )
})

test('MEM-1 colliding rows are distinguished, also after one of them was removed', () => {
  const index = new RowIndex(8)
  const home = (slot: number): number => 5 + slot * 2 ** 32
  for (const slot of [0, 1, 2]) index.add(home(slot), slot)
  index.remove(1)
  assert.deepEqual(
    [0, 1, 2].map((slot) => index.find(home(slot))),
    [0, -1, 2],
  )
})

test('MEM-2 columns that outgrow their reserved size keep every fact of every session', () => {
  const columns = new SessionColumns(2)
  const rows = Array.from({ length: 200 }, (_, index) => index * 7 + 1)
  for (const each of rows) columns.hold(columns.add(sessionOf(each), subjects))
  assert.deepEqual(
    rows.map((each) => columns.facts(columns.find(each))),
    rows.map(factsOf),
  )
  assert.deepEqual(
    rows.map((each) => columns.hasExpired(columns.find(each), each + 29)),
    rows.map(() => false),
  )
})
