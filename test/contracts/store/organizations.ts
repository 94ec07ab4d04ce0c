/** Store contract: organizations, memberships, and sessions in an organization. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import { everyMember, listOf } from '../../../src/core/every-row.ts'
import type { Organization } from '../../../src/core/organizations/organization.ts'
import type { Store } from '../../../src/core/store.ts'
import { auditOf, newSession, organization, startMs } from '../../fixtures/records.ts'
import { addAccount, type Created, createSession, effectsOf, refused, type Shared } from './harness.ts'

/** Registers the tests. */
export function organizationRules(shared: Shared): void {
  test('STO-40 an organization is added only under a new name, and found by it', async () => {
    const { store } = shared()
    const one = organization()
    const add = (added: Organization) =>
      effectsOf(store, 'addOrganization', { organization: added, audit: auditOf('organization') })
    assert.deepEqual(await add(one), { output: { kind: 'added' }, log: [], audit: ['organization ok'] })
    assert.deepEqual(await add(organization({ name: one.name })), refused('name-taken'))
    const listed = (await store.organizations()).filter(({ name }) => name === one.name)
    const found = [await store.organizationById(one.id), await store.organizationByName(one.name), ...listed]
    assert.deepEqual(found, [one, one, one])
    assert.deepEqual([await store.organizationById(randomUUID()), await store.organizationByName('none')], [null, null])
  })

  test('STO-41 an account joins an organization once, and both sides list it', async () => {
    const { store } = shared()
    const [account, home, other] = [await addAccount(store), await founded(store), await founded(store)]
    const join = (organizationId: string, accountId: number, nowMs = startMs) =>
      effectsOf(store, 'addMember', { organizationId, accountId, nowMs, audit: auditOf('membership') })
    assert.deepEqual(await join(home.id, account.id, startMs + 1), {
      output: { kind: 'added' },
      log: [],
      audit: ['membership ok'],
    })
    await join(other.id, account.id)
    assert.deepEqual(await join(home.id, account.id), refused('already'))
    assert.deepEqual(await join(home.id, 999_999_999), refused('missing'))
    assert.deepEqual(await join(randomUUID(), account.id), refused('missing'))
    assert.deepEqual(await store.memberships(account.id), [
      { accountId: account.id, organization: other, joinedAtMs: startMs },
      { accountId: account.id, organization: home, joinedAtMs: startMs + 1 },
    ])
    assert.deepEqual(await listOf(everyMember(store, home.id)), [account])
  })

  test('STO-42 leaving an organization ends the sessions that the account has in it, and no others', async () => {
    const { store } = shared()
    const { home, one, other, scoped, unscoped, ofOther } = await twoMembers(store)
    const leave = () =>
      effectsOf(store, 'removeMember', {
        organizationId: home.id,
        accountId: one.id,
        nowMs: startMs,
        audit: auditOf('membership'),
      })
    assert.deepEqual(await leave(), {
      output: { kind: 'removed' },
      log: [`membership ${one.id}:${home.id}`],
      audit: ['membership ok'],
    })
    const { seq } = await store.logHead()
    assert.deepEqual(await revokedBy(store, [scoped, unscoped, ofOther]), [seq, null, null])
    assert.deepEqual(await leave(), refused('missing'))
    assert.deepEqual([await store.memberships(one.id), await listOf(everyMember(store, home.id))], [[], [other]])
  })

  test('STO-43 removing an organization ends every session that is scoped to it', async () => {
    const { store } = shared()
    const { home, one, scoped, unscoped, ofOther } = await twoMembers(store)
    const remove = () =>
      effectsOf(store, 'removeOrganization', {
        organizationId: home.id,
        nowMs: startMs,
        audit: auditOf('organization'),
      })
    assert.deepEqual(await remove(), {
      output: { kind: 'removed' },
      log: [`organization ${home.id}`],
      audit: ['organization ok'],
    })
    const { seq } = await store.logHead()
    assert.deepEqual(await revokedBy(store, [scoped, unscoped, ofOther]), [seq, null, seq])
    assert.deepEqual(await remove(), refused('missing'))
    assert.deepEqual([await store.memberships(one.id), await store.organizationById(home.id)], [[], null])
  })
}

async function founded(store: Store): Promise<Organization> {
  const added = organization()
  await store.execute('addOrganization', { organization: added, audit: auditOf('organization') })
  return added
}

type TwoMembers = {
  readonly home: Organization
  readonly one: Account
  readonly other: Account
  readonly scoped: Created
  readonly unscoped: Created
  readonly ofOther: Created
}

/** Two members: the first with a session in the organization and one outside it, the other with one in it. */
async function twoMembers(store: Store): Promise<TwoMembers> {
  const home = await founded(store)
  const [one, other] = [await addAccount(store), await addAccount(store)]
  for (const { id } of [one, other]) {
    const input = { organizationId: home.id, accountId: id, nowMs: startMs, audit: auditOf('membership') }
    await store.execute('addMember', input)
  }
  const within = (account: Account, organizationId: string | null) =>
    createSession(store, account, { session: newSession({ account, row: store.nextRow('session'), organizationId }) })
  const [scoped, unscoped, ofOther] = [
    await within(one, home.id),
    await within(one, null),
    await within(other, home.id),
  ]
  const [member, otherMember] = [await store.accountById(one.id), await store.accountById(other.id)]
  return { home, one: member ?? one, other: otherMember ?? other, scoped, unscoped, ofOther }
}

async function revokedBy(store: Store, created: readonly Created[]): Promise<(number | null | undefined)[]> {
  const sessions = await Promise.all(created.map(({ session }) => store.sessionById(session.id)))
  return sessions.map((session) => session?.revokedSeq)
}
