/** Store contract: accounts, second factors and failed sign-ins. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import { parseRules } from '../../../src/core/accounts/rules.ts'
import { afterFailure, defaultThrottleRules, noFailures } from '../../../src/core/accounts/throttle.ts'
import { everyAccount, listOf } from '../../../src/core/every-row.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import { auditOf, digestOf, newAccount, account as sampleAccount, startMs } from '../../fixtures/records.ts'
import {
  addAccount,
  createSession,
  effectsOf,
  kindOf,
  type OpenStore,
  refused,
  type Shared,
  sessionInput,
} from './harness.ts'

/** Registers the tests. */
export function accountRules(shared: Shared, open: OpenStore): void {
  test('STO-1 an account is added with everything it was given, and found by number, UUID, name and e-mail address', async () => {
    const { store } = shared()
    const given = newAccount({
      email: 'Ada@Example.org',
      groups: ['web', 'db', 'web'],
      expiresAt: 2_000_000_000,
      passwordHash: null,
      passwordIsShort: true,
    })
    const { output, log, audit } = await effectsOf(store, 'addAccount', addInput(given))
    assert.equal(output.kind, 'added')
    const added = output.kind === 'added' ? output.account : assert.fail()
    const expected = sampleAccount({ ...given, attributes: null, id: added.id, groups: ['db', 'web'] })
    assert.deepEqual({ added, log, audit }, { added: expected, log: [], audit: ['account-add ok'] })
    const found = await Promise.all([
      store.accountById(added.id),
      store.accountByUuid(given.uuid),
      store.accountByName(given.username, 'user'),
      store.accountByEmail('ada@example.org'),
      listOf(everyAccount(store)).then((accounts) => accounts.find(({ id }) => id === added.id)),
    ])
    assert.deepEqual(found, [expected, expected, expected, expected, expected])
  })

  test('STO-1 the event of an added account has its number', async () => {
    const { store } = shared()
    const before = await store.auditHeads()
    const { id } = await addAccount(store)
    const [head] = await store.auditHeads()
    assert.ok(head !== undefined)
    const afterSeq = before.find(({ chain }) => chain === head.chain)?.seq ?? 0
    const [event] = await store.auditEvents(head.chain, { afterSeq, limit: 1 })
    assert.equal(JSON.parse(event?.text ?? '{}').subject, `account:${id}`)
  })

  test('STO-2 a name is unique in its role and case-sensitive, an e-mail address unique in lower case', async () => {
    const { store } = shared()
    const { username } = await addAccount(store, { email: `grace-${randomUUID()}@example.org` })
    const taken = await store.accountByName(username, 'user')
    const cases: [Partial<Parameters<typeof newAccount>[0]>, string][] = [
      [{ username }, 'name-taken'],
      [{ email: taken?.email?.toUpperCase() ?? null }, 'email-taken'],
    ]
    for (const [parts, kind] of cases) {
      assert.deepEqual(await effectsOf(store, 'addAccount', addInput(newAccount(parts))), refused(kind))
    }
    const other = [newAccount({ username, role: 'admin' }), newAccount({ username: username.toUpperCase() })]
    const outcomes = await Promise.all(other.map((given) => store.execute('addAccount', addInput(given))))
    assert.deepEqual(outcomes.map(kindOf), ['added', 'added'])
  })

  test('STO-3 if two connections add first administrators at once, one is added', async () => {
    await using opened = await open()
    const { store, openSecond } = opened
    const second = await openSecond()
    assert.equal(await store.wasAdministratorMade(), false)
    const race = [store, second, store, second].map((connection) =>
      connection.execute('addAccount', { ...addInput(newAccount({ role: 'admin' })), asFirstAdmin: true }),
    )
    const kinds = (await Promise.all(race)).map(kindOf).sort()
    assert.deepEqual(
      [kinds, await store.wasAdministratorMade()],
      [['added', 'admin-exists', 'admin-exists', 'admin-exists'], true],
    )
  })

  test('STO-3 if two connections add accounts with one name at once, one is added', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const username = `race-${randomUUID()}`
    const race = [store, second, store, second].map((connection) =>
      connection.execute('addAccount', addInput(newAccount({ username }))),
    )
    assert.deepEqual((await Promise.all(race)).map(kindOf).sort(), ['added', 'name-taken', 'name-taken', 'name-taken'])
  })

  test('STO-4 a change writes the given members, leaves the rest, and makes nodes read the account again', async () => {
    const { store } = shared()
    const before = await addAccount(store, { groups: ['web'], email: `before-${randomUUID()}@example.org` })
    const change = {
      status: 'disabled',
      email: null,
      role: 'admin',
      expiresAt: 1_900_000_000,
      addGroups: ['db', 'ops'],
      removeGroups: ['web', 'absent'],
      password: { hash: 'other hash', isShort: true },
      secondFactor: digestOf('secret'),
      recoverySealed: digestOf('codes'),
      attributes: { text: '{"description":"on leave"}', rules: '{"deniesPassword":true}' },
      authority: { role: 'custom', permissions: ['accounts.read', 'audit.read'] },
    } as const
    const { output, log, audit } = await changed(store, before, { change })
    const expected: Account = {
      ...before,
      status: 'disabled',
      email: null,
      role: 'admin',
      expiresAt: 1_900_000_000,
      groups: ['db', 'ops'],
      passwordHash: 'other hash',
      passwordIsShort: true,
      passwordChangedAtMs: startMs + 1,
      totpSealed: change.secondFactor,
      recoverySealed: change.recoverySealed,
      attributes: change.attributes.text,
      authority: change.authority,
      rules: parseRules(change.attributes.rules),
      updatedAtMs: startMs + 1,
    }
    const entries = [`access_changed account:${before.id}`]
    assert.deepEqual([output, log, audit], [{ kind: 'changed', account: expected }, entries, ['account-change ok']])
    assert.deepEqual(await store.accountById(before.id), expected)
  })

  test('STO-4 every change makes nodes read the account again, also one with a rotation', async () => {
    const { store } = shared()
    const before = await addAccount(store)
    const password = { hash: 'new', isShort: false }
    const rotation = { newEpoch: randomUUID(), keptSessionRow: 0 }
    const logs = [
      await changed(store, before, { change: { password } }),
      await changed(store, before, { change: { password, addGroups: ['web'] }, rotation }),
      await changed(store, before, { change: { password }, rotation }),
    ].map(({ log }) => log.map((entry) => entry.split(' ')[0]))
    assert.deepEqual(logs, [['access_changed'], ['account_epoch', 'access_changed'], ['account_epoch']])
  })

  test('STO-4 a refused change gives the reason and writes nothing', async () => {
    const { store } = shared()
    const other = await addAccount(store, { email: `other-${randomUUID()}@example.org`, role: 'admin' })
    const before = await addAccount(store, { username: other.username })
    const cases: [Parameters<typeof changed>[2], string][] = [
      [{ change: { role: 'admin' } }, 'name-taken'],
      [{ change: { email: other.email } }, 'email-taken'],
      [{ change: { status: 'disabled' }, seen: { epoch: randomUUID(), passwordHash: before.passwordHash } }, 'stale'],
      [{ change: { status: 'disabled' }, seen: { epoch: before.epoch, passwordHash: null } }, 'stale'],
      [{ accountId: 999_999_999, change: { status: 'disabled' } }, 'missing'],
    ]
    for (const [parts, kind] of cases) assert.deepEqual(await changed(store, before, parts), refused(kind))
    assert.deepEqual(await store.accountById(before.id), before)
  })

  test('STO-5 a rotation ends every session of the account except the kept one, which stays under the new epoch', async () => {
    const { store } = shared()
    const before = await addAccount(store)
    const [kept, ended] = [await createSession(store, before), await createSession(store, before)]
    const rotation = { newEpoch: randomUUID(), keptSessionRow: kept.session.row }
    const { log } = await changed(store, before, { change: { password: { hash: 'new', isShort: false } }, rotation })
    assert.deepEqual(log, [`account_epoch ${before.id}:${before.epoch}:${kept.session.row}`])
    const live = await store.liveSessions(before.id)
    assert.deepEqual(
      live.map(({ row, epoch }) => [row, epoch]),
      [[kept.session.row, rotation.newEpoch]],
    )
    const record = await store.token({ digest: ended.token.accessDigest, row: ended.token.row })
    assert.notEqual(record?.session.epoch, record?.account.epoch)
  })

  test('STO-5 a rotation keeps no session of another account and no ended session', async () => {
    const { store } = shared()
    const [before, other] = [await addAccount(store), await addAccount(store)]
    const otherSession = await createSession(store, other)
    const own = await createSession(store, before)
    await store.execute('revoke', {
      target: { kind: 'session', sessionRow: own.session.row },
      nowMs: startMs,
      audit: auditOf('revoke'),
    })
    for (const keptSessionRow of [own.session.row, otherSession.session.row, 0]) {
      const { epoch } = (await store.accountById(before.id)) ?? assert.fail()
      const rotation = { newEpoch: randomUUID(), keptSessionRow }
      const { log } = await changed(store, before, { change: {}, rotation })
      assert.deepEqual(log, [`account_epoch ${before.id}:${epoch}:0`])
    }
    assert.deepEqual((await store.liveSessions(other.id)).length, 1)
  })

  test('STO-6 a removed account is not found, its name is free, its number is not, and its tokens are known as ended', async () => {
    const { store } = shared()
    const before = await addAccount(store, { email: `gone-${randomUUID()}@example.org`, groups: ['web'] })
    const { token } = await createSession(store, before)
    const input = { accountId: before.id, newEpoch: randomUUID(), nowMs: startMs, audit: auditOf('account-remove') }
    assert.deepEqual(await effectsOf(store, 'removeAccount', input), {
      output: { kind: 'removed' },
      log: [`account_epoch ${before.id}:${before.epoch}:0`],
      audit: ['account-remove ok'],
    })
    const found = await Promise.all([
      store.accountById(before.id),
      store.accountByUuid(before.uuid),
      store.accountByName(before.username, 'user'),
      store.accountByEmail(before.email?.toLowerCase() ?? ''),
    ])
    assert.deepEqual(found, [null, null, null, null])
    const record = await store.token({ digest: token.accessDigest, row: token.row })
    assert.deepEqual(
      [record?.account.status, record?.account.epoch, record?.account.email, record?.account.groups],
      ['disabled', input.newEpoch, null, []],
    )
    assert.deepEqual(await effectsOf(store, 'removeAccount', input), refused('missing'))
    const again = await addAccount(store, { username: before.username, email: before.email })
    assert.ok(again.id > before.id)
  })

  test('STO-7 a better hash replaces only the hash it was made from', async () => {
    const { store } = shared()
    const before = await addAccount(store, { passwordHash: 'weak' })
    const upgrade = (seenHash: string) =>
      effectsOf(store, 'upgradePasswordHash', { accountId: before.id, seenHash, newHash: 'strong', nowMs: startMs })
    assert.deepEqual(await upgrade('another'), refused('done'))
    assert.deepEqual(await upgrade('weak'), { ...refused('done'), log: [`access_changed account:${before.id}`] })
    assert.deepEqual(await store.accountById(before.id), { ...before, passwordHash: 'strong' })
  })

  test('STO-8 a second factor waits for its first code, is confirmed once, and ends the sessions before it', async () => {
    const { store } = shared()
    const before = await addAccount(store)
    const begin = (sealedSecret: Uint8Array) =>
      effectsOf(store, 'beginSecondFactor', {
        accountId: before.id,
        sealedSecret,
        nowMs: startMs,
        audit: auditOf('second-factor'),
      })
    const confirm = (seenSealedSecret: Uint8Array, step: number) =>
      effectsOf(store, 'confirmSecondFactor', {
        accountId: before.id,
        seenSealedSecret,
        code: { secretDigest: digestOf(`secret of ${before.id}`), step },
        rotation: { newEpoch: randomUUID(), keptSessionRow: 0 },
        nowMs: startMs,
        audit: auditOf('second-factor'),
      })
    const [first, second] = [digestOf('first'), digestOf('second')]
    assert.deepEqual(await confirm(first, 1), refused('not-pending'))
    assert.equal((await begin(first)).output.kind, 'pending')
    assert.deepEqual(await begin(second), {
      output: { kind: 'pending' },
      log: [`access_changed account:${before.id}`],
      audit: ['second-factor ok'],
    })
    assert.deepEqual(await confirm(first, 1), refused('not-pending'))
    await createSession(store, before, {
      signIn: {
        forgetKeys: [],
        knownAddress: digestOf('here'),
        code: { secretDigest: digestOf(`secret of ${before.id}`), step: 1 },
        recovery: null,
      },
    })
    assert.deepEqual(await confirm(second, 1), refused('code-used'))
    assert.deepEqual(await confirm(second, 2), {
      output: { kind: 'confirmed' },
      log: [`account_epoch ${before.id}:${before.epoch}:0`],
      audit: ['second-factor ok'],
    })
    const after = await store.accountById(before.id)
    assert.deepEqual([after?.totpSealed, after?.totpPendingSealed], [second, null])
    assert.deepEqual(await begin(first), refused('exists'))
    const { output } = await changed(store, before, { change: { removeSecondFactor: true } })
    assert.equal(output.kind === 'changed' && output.account.totpSealed, null)
  })

  test('STO-8 a second factor of a missing account is refused', async () => {
    const { store } = shared()
    const input = { accountId: 999_999_999, nowMs: startMs, audit: auditOf('second-factor') }
    assert.deepEqual(
      await effectsOf(store, 'beginSecondFactor', { ...input, sealedSecret: digestOf('s') }),
      refused('missing'),
    )
    const confirm = {
      ...input,
      seenSealedSecret: digestOf('s'),
      code: { secretDigest: digestOf('s'), step: 1 },
      rotation: { newEpoch: randomUUID(), keptSessionRow: 0 },
    }
    assert.deepEqual(await effectsOf(store, 'confirmSecondFactor', confirm), refused('not-pending'))
  })

  test('STO-9 a failed sign-in is counted on every key, and a successful one forgets the keys that it names', async () => {
    const { store } = shared()
    const rule = { ...defaultThrottleRules.name, failures: 2 }
    const keys = ['name', 'address', 'unused'].map((name) => ({ digest: digestOf(`${name} ${randomUUID()}`), rule }))
    const [name, address] = keys
    assert.ok(name !== undefined && address !== undefined)
    const fail = (of: typeof keys, nowMs: number) =>
      effectsOf(store, 'recordFailedSignIn', {
        keys: of,
        nowMs,
        audit: auditOf('sign-in', { outcome: 'refused', code: 'CREDENTIALS_INVALID' }),
      })
    assert.deepEqual(await fail([name, address], startMs), {
      output: { kind: 'counted' },
      log: [],
      audit: ['sign-in refused CREDENTIALS_INVALID'],
    })
    await fail([name], startMs + 1)
    const once = afterFailure(noFailures, rule, startMs)
    assert.deepEqual(await store.throttle(keys), [afterFailure(once, rule, startMs + 1), once, noFailures])
    const account = await addAccount(store)
    await createSession(store, account, {
      signIn: { forgetKeys: [name.digest], knownAddress: digestOf('here'), code: null, recovery: null },
    })
    assert.deepEqual(await store.throttle(keys), [noFailures, once, noFailures])
  })

  test('STO-230 the failures of a key are forgotten with an event; if there are none, nothing is written', async () => {
    const { store } = shared()
    const rule = defaultThrottleRules.address
    const keys = [1, 2].map(() => ({ digest: digestOf(randomUUID()), rule }))
    await store.execute('recordFailedSignIn', { keys, nowMs: startMs, audit: auditOf('sign-in') })
    const [one, other] = keys
    assert.ok(one !== undefined && other !== undefined)
    const forget = () => effectsOf(store, 'forgetFailures', { keys: [one.digest], audit: auditOf('throttle') })
    assert.deepEqual(await forget(), { output: { kind: 'forgotten' }, log: [], audit: ['throttle ok'] })
    assert.deepEqual(await forget(), refused('missing'))
    const left = afterFailure(noFailures, rule, startMs)
    assert.deepEqual(await store.throttle(keys), [noFailures, left])
  })

  test('STO-231 an account can be added disabled', async () => {
    const { store } = shared()
    const { output } = await effectsOf(store, 'addAccount', addInput({ ...newAccount({}), status: 'disabled' }))
    assert.equal(output.kind === 'added' ? output.account.status : output.kind, 'disabled')
  })

  test('STO-10 an address is known after a sign-in of that account from it, not of another account', async () => {
    const { store } = shared()
    const [one, other] = [await addAccount(store), await addAccount(store)]
    const signIn = { forgetKeys: [], knownAddress: digestOf('home'), code: null, recovery: null }
    await store.execute('createSession', sessionInput(store, one, { signIn }))
    const known = await Promise.all([
      store.isKnownAddress(one.id, digestOf('home'), startMs - 1),
      store.isKnownAddress(one.id, digestOf('home'), startMs),
      store.isKnownAddress(one.id, digestOf('away'), startMs - 1),
      store.isKnownAddress(other.id, digestOf('home'), startMs - 1),
    ])
    const after = await store.accountById(one.id)
    assert.deepEqual(
      [known, after?.lastSignInAtMs, after?.lastSignInIp],
      [[true, false, false, false], startMs, '192.0.2.7'],
    )
  })
}

function addInput(account: ReturnType<typeof newAccount>): Commands['addAccount']['input'] {
  return { account, asFirstAdmin: false, nowMs: startMs, audit: auditOf('account-add') }
}

function changed(
  store: Store,
  before: Account,
  parts: Partial<Commands['changeAccount']['input']> & Pick<Commands['changeAccount']['input'], 'change'>,
): ReturnType<typeof effectsOf<'changeAccount'>> {
  return effectsOf(store, 'changeAccount', {
    accountId: before.id,
    rotation: null,
    seen: null,
    nowMs: startMs + 1,
    audit: auditOf('account-change'),
    ...parts,
  })
}
