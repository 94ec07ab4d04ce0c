/** Store contract: credentials, the hidden accounts of organizations, and recovery codes. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import { everyAccount, listOf } from '../../../src/core/every-row.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import { auditOf, digestOf, newSession, opaqueToken, organization, startMs } from '../../fixtures/records.ts'
import {
  addAccount,
  createSession,
  effectsOf,
  kindOf,
  refused,
  type Shared,
  sampleCredential,
  sessionInput,
} from './harness.ts'

/** Registers the tests. */
export function credentialRules(shared: Shared): void {
  test('STO-80 a credential is added with the session and the token of a bearer credential, and found by its members', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const input = bearerInput(store, account)
    const { credential, bearer } = input
    assert.deepEqual(await effectsOf(store, 'addCredential', input), {
      output: { kind: 'added' },
      log: [],
      audit: ['account-change ok'],
    })
    const key = sampleCredential({ kind: 'api-key', accountId: account.id, createdAtMs: startMs + 1 })
    await store.execute('addCredential', { ...input, credential: key, bearer: null })
    assert.deepEqual(
      [
        await store.credentialById(credential.id),
        await store.credentials({ accountId: account.id }),
        await store.credentials({ accountId: account.id, kind: 'api-key' }),
        await store.credentials({ organizationId: randomUUID() }),
        await store.credentialById('absent'),
      ],
      [credential, [credential, key], [key], [], null],
    )
    const record = await store.token({ digest: bearer?.token.accessDigest ?? digestOf(''), row: null })
    assert.deepEqual([record?.session.credentialId, record?.account], [credential.id, account])
  })

  test('STO-81 a credential is added only for a live and unchanged account, and in an organization of it', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const input = bearerInput(store, account)
    const stale = { ...input, seen: { epoch: randomUUID(), passwordHash: account.passwordHash } }
    assert.deepEqual(await effectsOf(store, 'addCredential', stale), refused('stale'))
    const session = newSession({ account, row: store.nextRow('session'), organizationId: randomUUID() })
    const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row })
    const elsewhere = { ...input, bearer: { session, token } }
    assert.deepEqual(await effectsOf(store, 'addCredential', elsewhere), refused('not-a-member'))
    const unbound = sampleCredential({ kind: 'api-key', accountId: null, role: 'admin' })
    const free = { ...input, credential: unbound, bearer: null, seen: null }
    assert.equal((await effectsOf(store, 'addCredential', free)).output.kind, 'added')
  })

  test('STO-82 a change of a credential writes the given members, and a last use moves forward only', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const { credential, ...input } = bearerInput(store, account)
    await store.execute('addCredential', { credential, ...input })
    const change = (id: string, changes: Commands['changeCredential']['input']['change']) =>
      effectsOf(store, 'changeCredential', {
        id,
        change: changes,
        nowMs: startMs + 5,
        audit: auditOf('account-change'),
      })
    const after = { ...credential, description: 'for the pipeline', expiresAtMs: startMs + 9, updatedAtMs: startMs + 5 }
    assert.deepEqual(await change(credential.id, { description: 'for the pipeline', expiresAtMs: startMs + 9 }), {
      output: { kind: 'changed', credential: after },
      log: [],
      audit: ['account-change ok'],
    })
    assert.deepEqual(await change('absent', { name: 'x' }), refused('missing'))
    for (const usedAtMs of [startMs + 7, startMs + 6]) {
      assert.deepEqual(await effectsOf(store, 'touchCredential', { id: credential.id, usedAtMs }), refused('done'))
    }
    assert.deepEqual(await store.credentialById(credential.id), { ...after, lastUsedAtMs: startMs + 7 })
  })

  test('STO-232 the use of a credential is a sign-in of its account, and the time never moves back', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const { credential, ...input } = bearerInput(store, account)
    await store.execute('addCredential', { credential, ...input })
    for (const usedAtMs of [startMs + 7, startMs + 6]) {
      const use = { id: credential.id, usedAtMs, accountId: account.id }
      assert.deepEqual(await effectsOf(store, 'touchCredential', use), refused('done'))
    }
    assert.deepEqual(await store.accountById(account.id), { ...account, lastSignInAtMs: startMs + 7 })
  })

  test('STO-83 removing a credential ends every session that it started, and no other', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const { credential, ...input } = bearerInput(store, account)
    await store.execute('addCredential', { credential, ...input })
    const started = newSession({ account, row: store.nextRow('session'), credentialId: credential.id })
    await createSession(store, account, { session: started })
    const other = await createSession(store, account)
    const remove = () =>
      effectsOf(store, 'removeCredential', { id: credential.id, nowMs: startMs, audit: auditOf('account-change') })
    assert.deepEqual(await remove(), {
      output: { kind: 'removed' },
      log: [`session ${input.bearer.session.row}`, `session ${started.row}`, `credential ${credential.id}`],
      audit: ['account-change ok'],
    })
    assert.deepEqual(await remove(), refused('missing'))
    const live = (await store.liveSessions(account.id)).map(({ row }) => row)
    assert.deepEqual([live, await store.credentialById(credential.id)], [[other.session.row], null])
  })

  test('STO-84 an organization has one hidden account, which is never listed and is removed with it', async () => {
    const { store } = shared()
    const home = organization()
    const open = () =>
      effectsOf(store, 'openOrganizationAccount', {
        organizationId: home.id,
        uuid: randomUUID(),
        epoch: randomUUID(),
        nowMs: startMs,
      })
    assert.deepEqual(await open(), refused('missing'))
    await store.execute('addOrganization', { organization: home, audit: auditOf('organization') })
    const [first, second] = [await open(), await open()]
    assert.deepEqual([first.output.kind, second], ['opened', first])
    const id = first.output.kind === 'opened' ? first.output.accountId : assert.fail()
    const hidden = await store.accountById(id)
    assert.deepEqual([hidden?.kind, hidden?.passwordHash], ['organization', null])
    assert.equal(
      (await listOf(everyAccount(store))).some((account) => account.id === id),
      false,
    )
    await store.execute('removeOrganization', {
      organizationId: home.id,
      nowMs: startMs,
      audit: auditOf('organization'),
    })
    assert.equal(await store.accountById(id), null)
  })

  test('STO-85 a recovery code is used once, however many sign-ins race with it on two connections', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const account = await addAccount(store)
    const [codes, left] = [digestOf('twelve codes'), digestOf('eleven codes')]
    await store.execute('changeAccount', {
      accountId: account.id,
      change: { recoverySealed: codes },
      rotation: null,
      seen: null,
      nowMs: startMs,
      audit: auditOf('second-factor'),
    })
    const recovery = { seenSealed: codes, newSealed: left }
    const signIn = { forgetKeys: [], knownAddress: digestOf('here'), code: null, recovery }
    const race = [store, second, store, second].map((connection) =>
      connection.execute('createSession', sessionInput(connection, account, { signIn })),
    )
    const kinds = (await Promise.all(race)).map(kindOf).sort()
    assert.deepEqual(kinds, ['code-used', 'code-used', 'code-used', 'created'])
    assert.deepEqual((await store.accountById(account.id))?.recoverySealed, left)
  })
}

type BearerInput = Commands['addCredential']['input'] & {
  readonly bearer: NonNullable<Commands['addCredential']['input']['bearer']>
}

function bearerInput(store: Store, account: Account): BearerInput {
  const id = randomUUID()
  const session = newSession({ account, row: store.nextRow('session'), credentialId: id })
  const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row })
  return {
    credential: sampleCredential({ id, accountId: account.id, sessionRow: session.row }),
    bearer: { session, token },
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    nowMs: startMs,
    audit: auditOf('account-change'),
  }
}
