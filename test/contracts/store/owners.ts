/** Store contract: the last owner who can sign in stays; the mark that there was an administrator. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import type { AccountChange, NewAccount } from '../../../src/core/accounts/commands.ts'
import { type KeptRules, writeRules } from '../../../src/core/accounts/rules.ts'
import { dialects } from '../../../src/core/dialects.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import { auditOf, startMs } from '../../fixtures/records.ts'
import { addAccount, effectsOf, kindOf, type OpenStore, refused } from './harness.ts'

const ruled = (rules: KeptRules): AccountChange => ({ attributes: { text: '{}', rules: writeRules(rules) } })
const never = { dayOfWeek: 1, from: '10:00', to: '09:00' }
const mondays = { dayOfWeek: 1, from: '09:00', to: '10:00' }

/** Every write after which the account is no longer an owner who can sign in. */
const endings: Readonly<Record<string, AccountChange>> = {
  disabled: { status: 'disabled' },
  'a user': { role: 'user', authority: null },
  'a lesser role': { authority: { role: 'operator' } },
  'a list of everything': { authority: { role: 'custom', permissions: ['admins.write'] } },
  'an expiry, however late': { expiresAt: 99_999_999_999 },
  'no password': { password: null },
  'no sign-in by password': ruled({ deniesPassword: true }),
  'every door closed': ruled({ deniedDoors: dialects }),
  'no hour to come at': ruled({ accessTimes: [never] }),
  'no network to come from': ruled({ allowedNetworks: ['nowhere'] }),
  'every network denied': ruled({ deniedNetworks: ['::/0'] }),
}

/** Writes after which the account is still an owner who can sign in. */
const harmless: Readonly<Record<string, AccountChange>> = {
  'an address': { email: 'owner@example.org' },
  'a password': { password: { hash: 'other', isShort: false } },
  'a group': { addGroups: ['ops'] },
  'no expiry': { expiresAt: null },
  'one door closed': ruled({ deniedDoors: ['koyeb'] }),
  'some hours': ruled({ accessTimes: [never, mondays] }),
  'one network': ruled({ allowedNetworks: ['192.0.2.0/24', 'nowhere'] }),
  'some networks denied': ruled({ deniedNetworks: ['0.0.0.0/0'] }),
  'a factor and a password due': ruled({ needsSecondFactor: true, passwordChangeDue: true }),
}

type Parts = { readonly mayEndLastOwner?: boolean }

function changeInput(account: Account, change: AccountChange, parts: Parts = {}): Commands['changeAccount']['input'] {
  const common = { rotation: null, seen: null, nowMs: startMs, audit: auditOf('account-change') }
  return { accountId: account.id, change, ...common, ...parts }
}

function removeInput(account: Account, parts: Parts = {}): Commands['removeAccount']['input'] {
  const common = { newEpoch: randomUUID(), nowMs: startMs, audit: auditOf('account-remove') }
  return { accountId: account.id, ...common, ...parts }
}

const owner = (store: Store, parts: Partial<NewAccount> = {}): Promise<Account> =>
  addAccount(store, { role: 'admin', ...parts })

/** Registers the tests. */
export function ownerRules(open: OpenStore): void {
  const withStore = async (run: (store: Store, second: () => Promise<Store>) => Promise<void>): Promise<void> => {
    await using opened = await open()
    await run(opened.store, opened.openSecond)
  }

  test('AUT-7 no write removes the last owner who can sign in, and a refused write leaves nothing behind', () =>
    withStore(async (store) => {
      const last = await owner(store)
      for (const [name, change] of Object.entries(endings)) {
        assert.deepEqual(
          await effectsOf(store, 'changeAccount', changeInput(last, change)),
          refused('last-owner'),
          name,
        )
      }
      assert.deepEqual(await effectsOf(store, 'removeAccount', removeInput(last)), refused('last-owner'))
      assert.deepEqual(await store.accountById(last.id), last)
      for (const [name, change] of Object.entries(harmless)) {
        assert.equal(kindOf(await store.execute('changeAccount', changeInput(last, change))), 'changed', name)
      }
    }))

  test('AUT-7 an owner who cannot sign in, or only until an expiry, does not count as another owner', () =>
    withStore(async (store) => {
      const last = await owner(store)
      const others = [await owner(store, { passwordHash: null }), await owner(store, { expiresAt: 99_999_999_999 })]
      for (const change of Object.values(endings)) {
        const other = await owner(store)
        assert.equal(kindOf(await store.execute('changeAccount', changeInput(other, change))), 'changed')
        others.push(other)
      }
      await store.execute('removeAccount', removeInput(await owner(store)))
      assert.equal(kindOf(await store.execute('removeAccount', removeInput(last))), 'last-owner')
      const spare = await owner(store)
      assert.equal(kindOf(await store.execute('removeAccount', removeInput(last))), 'removed')
      for (const other of others) await store.execute('removeAccount', removeInput(other))
      assert.equal(kindOf(await store.execute('removeAccount', removeInput(spare))), 'last-owner')
    }))

  test('AUT-9 a forced command continues without an owner', () =>
    withStore(async (store) => {
      const forced = { mayEndLastOwner: true }
      for (const change of Object.values(endings)) {
        const last = await owner(store)
        assert.equal(kindOf(await store.execute('changeAccount', changeInput(last, change, forced))), 'changed')
      }
      const last = await owner(store)
      assert.equal(kindOf(await store.execute('removeAccount', removeInput(last, forced))), 'removed')
    }))

  test('AUT-8 if two owners remove each other at the same time on two connections, one is refused', () =>
    withStore(async (store, openSecond) => {
      const second = await openSecond()
      let standing = await owner(store)
      for (const [name, change] of [...Object.entries(endings), ['removed', null] as const]) {
        const rivals = [standing, await owner(store)] as const
        const outcomes = await Promise.all(
          rivals.map((rival, index) => {
            const connection = index === 0 ? store : second
            return change === null
              ? connection.execute('removeAccount', removeInput(rival))
              : connection.execute('changeAccount', changeInput(rival, change))
          }),
        )
        const kinds = outcomes.map(kindOf)
        assert.deepEqual(kinds.filter((kind) => kind === 'last-owner').length, 1, `${name}: ${kinds.join(' ')}`)
        standing = rivals[kinds.indexOf('last-owner')] ?? assert.fail()
      }
    }))

  test('AUT-10 every command that creates an administrator sets the mark, and it stays when all are gone', () =>
    withStore(async (store, openSecond) => {
      const second = await openSecond()
      await addAccount(store)
      assert.equal(await store.wasAdministratorMade(), false)
      const promoted = await addAccount(store)
      const promotion = { role: 'admin', authority: { role: 'auditor' } } as const
      await second.execute('changeAccount', changeInput(promoted, promotion))
      assert.equal(await store.wasAdministratorMade(), true)
      await store.execute('removeAccount', removeInput(promoted))
      assert.deepEqual([await store.administrators(), await store.wasAdministratorMade()], [[], true])
    }))

  test('AUT-11 a change that was derived from an authority changes nothing if the authority has changed', () =>
    withStore(async (store) => {
      await owner(store)
      const auditor = await owner(store, { authority: { role: 'auditor' } })
      const change = { authority: { role: 'custom', permissions: ['recordings.read'] } } as const
      const withSeen = (seen: Account['authority']): Commands['changeAccount']['input'] => ({
        ...changeInput(auditor, change),
        seenAuthority: seen,
      })
      assert.deepEqual(await effectsOf(store, 'changeAccount', withSeen({ role: 'operator' })), refused('stale'))
      assert.equal(kindOf(await store.execute('changeAccount', withSeen({ role: 'auditor' }))), 'changed')
      assert.equal(kindOf(await store.execute('changeAccount', withSeen({ role: 'auditor' }))), 'stale')
    }))

  test('AUT-11 a new authority removes the old authority’s list of a dialect from the attributes', () =>
    withStore(async (store) => {
      await owner(store)
      const kept = { permissions: ['*'], role: 'tower', description: 'kept' }
      const attributes = { text: JSON.stringify(kept), rules: null }
      const listed = await owner(store, { attributes })
      const read = async (): Promise<unknown> => JSON.parse((await store.accountById(listed.id))?.attributes ?? 'null')
      await store.execute('changeAccount', changeInput(listed, { authority: { role: 'owner' } }))
      const same = await read()
      await store.execute('changeAccount', changeInput(listed, { authority: { role: 'auditor' } }))
      const changed = await read()
      await store.execute('changeAccount', changeInput(listed, { authority: { role: 'owner' }, attributes }))
      assert.deepEqual([same, changed, await read()], [kept, { description: 'kept' }, kept])
    }))
}
