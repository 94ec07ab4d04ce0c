/** Store contract: the natural persons behind accounts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccountChange } from '../../../src/core/accounts/commands.ts'
import { auditOf, startMs } from '../../fixtures/records.ts'
import { addAccount, effectsOf, type Shared } from './harness.ts'

/** Registers the tests. */
export function personRules(shared: Shared): void {
  test('STO-251 an account is its own person until another person is set, and nodes that remember it read it again', async () => {
    const { store } = shared()
    const { id, uuid, person } = await addAccount(store)
    assert.equal(person, uuid)
    const set = async (change: AccountChange) => {
      const input = { accountId: id, change, rotation: null, seen: null, nowMs: startMs }
      const { log } = await effectsOf(store, 'changeAccount', { ...input, audit: auditOf('account-change') })
      return [(await store.accountById(id))?.person, log]
    }
    const log = [`access_changed account:${id}`]
    const changes: readonly (readonly [AccountChange, string])[] = [
      [{ person: 'ada@example.org' }, 'ada@example.org'],
      [{ email: null }, 'ada@example.org'],
      [{ person: null }, uuid],
      [{ addGroups: ['ops'] }, uuid],
      [{ removeGroups: ['ops'] }, uuid],
    ]
    for (const [change, expected] of changes) assert.deepEqual(await set(change), [expected, log])
  })
}
