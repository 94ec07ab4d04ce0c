/** Store contract: creating sessions, reading tokens, last uses, numbers of rows. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import type { TokenRecord } from '../../../src/core/memory/live-tokens.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import {
  auditOf,
  digestOf,
  newSession,
  opaqueToken,
  organization,
  startMs,
  startSeconds,
} from '../../fixtures/records.ts'
import { addAccount, createSession, effectsOf, kindOf, refused, type Shared, sessionInput } from './harness.ts'

/** Registers the tests. */
export function sessionRules(shared: Shared): void {
  test('STO-11 a session and its first token are read as they were created, by row and by digest', async () => {
    const { store } = shared()
    const account = await addAccount(store, { groups: ['web'] })
    const session = newSession({ account, row: store.nextRow('session'), fingerprintDigest: digestOf('device') })
    const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row, boundIp: '192.0.2.7' })
    const created = await effectsOf(store, 'createSession', sessionInput(store, account, { session, token }))
    assert.deepEqual(created, { output: { kind: 'created' }, log: [], audit: ['sign-in ok'] })
    const stored = { ...session, lastSeenAt: session.createdAt, revokedSeq: null }
    const record: TokenRecord = {
      tokenRow: token.row,
      accessDigest: token.accessDigest,
      tokenExpiresAt: null,
      tokenRevokedSeq: null,
      boundIp: '192.0.2.7',
      session: stored,
      account,
    }
    const found = await Promise.all([
      store.token({ digest: token.accessDigest, row: null }),
      store.token({ digest: token.accessDigest, row: token.row }),
      store.sessionById(session.id),
      store.liveSessions(account.id),
    ])
    assert.deepEqual(found, [record, record, stored, [stored]])
  })

  test('STO-11 a row number finds a token only with its digest, and a refresh token only if there is one', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const { session, token } = await createSession(store, account)
    const opaque = opaqueToken({ row: store.nextRow('token'), sessionRow: 0 })
    const second = newSession({ account, row: store.nextRow('session') })
    await createSession(store, account, { session: second, token: { ...opaque, sessionRow: second.row } })
    const found = await Promise.all([
      store.token({ digest: digestOf('another'), row: token.row }),
      store.token({ digest: token.accessDigest, row: null }),
      store.token({ digest: token.accessDigest, row: 999_999_999_999 }),
      store.refreshToken(opaque.row),
      store.refreshToken(999_999_999_999),
      store.sessionById(randomUUID()),
    ])
    assert.deepEqual(found, [null, null, null, null, null, null])
    const refresh = await store.refreshToken(token.row)
    assert.deepEqual(
      [refresh?.refreshDigest, refresh?.refreshExpiresAt, refresh?.session.row],
      [token.refreshDigest, token.refreshExpiresAt, session.row],
    )
  })

  test('STO-12 a session is created only for a live and unchanged account', async () => {
    const { store } = shared()
    const account = await addAccount(store, { expiresAt: startSeconds + 10 })
    const change = (status: Account['status']) =>
      store.execute('changeAccount', {
        accountId: account.id,
        change: { status },
        rotation: null,
        seen: null,
        nowMs: startMs,
        audit: auditOf('account-change'),
      })
    const cases: Partial<Commands['createSession']['input']>[] = [
      { seen: { epoch: randomUUID(), passwordHash: account.passwordHash } },
      { seen: { epoch: account.epoch, passwordHash: 'an older one' } },
      { nowMs: startMs + 10_000 },
      { session: newSession({ account: { ...account, epoch: randomUUID() }, row: store.nextRow('session') }) },
      { session: newSession({ account: { ...account, id: 999_999_999 }, row: store.nextRow('session') }) },
    ]
    for (const parts of cases) assert.deepEqual(await tryToCreate(store, account, parts), refused('stale'))
    await change('disabled')
    assert.deepEqual(await tryToCreate(store, account, {}), refused('stale'))
    await change('enabled')
    assert.equal((await tryToCreate(store, account, { nowMs: startMs + 9_999 })).output.kind, 'created')
  })

  test('STO-12 a session is created from another session only while that one is live and of the same account', async () => {
    const { store } = shared()
    const [account, other] = [await addAccount(store), await addAccount(store)]
    const [parent, ended, ofOther] = [
      await createSession(store, account),
      await createSession(store, account),
      await createSession(store, other),
    ]
    await store.execute('revoke', {
      target: { kind: 'session', sessionRow: ended.session.row },
      nowMs: startMs,
      audit: auditOf('revoke'),
    })
    const from = (parentSessionRow: number, nowMs: number) =>
      tryToCreate(store, account, { parentSessionRow, nowMs }).then(({ output }) => kindOf(output))
    assert.deepEqual(
      [
        await from(parent.session.row, startMs + 3_599_999),
        await from(parent.session.row, startMs + 3_600_000),
        await from(ended.session.row, startMs),
        await from(ofOther.session.row, startMs),
        await from(999_999_999_999, startMs),
      ],
      ['created', 'stale', 'stale', 'stale', 'stale'],
    )
  })

  test('STO-13 a session is created in an organization only for a member, and the organization becomes the account’s last one', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const home = organization()
    await store.execute('addOrganization', { organization: home, audit: auditOf('organization') })
    const session = () => newSession({ account, row: store.nextRow('session'), organizationId: home.id })
    assert.deepEqual(await tryToCreate(store, account, { session: session() }), refused('not-a-member'))
    await store.execute('addMember', {
      organizationId: home.id,
      accountId: account.id,
      nowMs: startMs,
      audit: auditOf('membership'),
    })
    assert.equal((await tryToCreate(store, account, { session: session() })).output.kind, 'created')
    await createSession(store, account)
    assert.equal((await store.accountById(account.id))?.lastOrganizationId, home.id)
  })

  test('STO-14 a code is used once, however many sign-ins race with it, and a refused sign-in does not use it', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const account = await addAccount(store)
    const code = { secretDigest: digestOf(randomUUID()), step: 7 }
    const signIn = { forgetKeys: [], knownAddress: digestOf('here'), code, recovery: null }
    const scoped = newSession({ account, row: store.nextRow('session'), organizationId: randomUUID() })
    assert.deepEqual(await tryToCreate(store, account, { signIn, session: scoped }), refused('not-a-member'))
    const race = [store, second, store, second].map((connection) =>
      connection.execute('createSession', sessionInput(connection, account, { signIn })),
    )
    const kinds = (await Promise.all(race)).map(kindOf).sort()
    assert.deepEqual(kinds, ['code-used', 'code-used', 'code-used', 'created'])
  })

  test('STO-15 two tokens that are found by digest never have the same digest', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const accessDigest = digestOf(randomUUID())
    const withDigest = (isIndexed: boolean): Partial<Commands['createSession']['input']> => {
      const session = newSession({ account, row: store.nextRow('session') })
      const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row, accessDigest, isIndexed })
      return { session, token }
    }
    assert.equal((await tryToCreate(store, account, withDigest(true))).output.kind, 'created')
    assert.deepEqual(await tryToCreate(store, account, withDigest(true)), refused('token-taken'))
    assert.equal((await tryToCreate(store, account, withDigest(false))).output.kind, 'created')
  })

  test('STO-16 beyond the limit of a dialect the oldest live sessions of the account end, and no others', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const create = (dialect: 'koyeb' | 'control', keepNewest: number | null) =>
      tryToCreate(store, account, {
        session: newSession({ account, row: store.nextRow('session'), dialect }),
        keepNewest,
      })
    const [control, first, second] = [
      await create('control', null),
      await create('koyeb', null),
      await create('koyeb', null),
    ]
    assert.deepEqual([control.log, first.log, second.log], [[], [], []])
    const rows = (await store.liveSessions(account.id)).map(({ row }) => row)
    const third = await create('koyeb', 1)
    assert.deepEqual([third.log, third.audit], [[`session ${rows[2]}`, `session ${rows[1]}`], ['sign-in ok']])
    const live = await store.liveSessions(account.id)
    assert.deepEqual(
      live.map(({ dialect }) => dialect),
      ['control', 'koyeb'],
    )
    assert.equal(live[0]?.row, rows[0])
  })

  test('STO-17 a last use is written only if it is later than the last one', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const [one, other] = [await createSession(store, account), await createSession(store, account)]
    const touch = (uses: { row: number; lastSeenAt: number }[]) => effectsOf(store, 'touchSessions', { uses })
    const row = one.session.row
    assert.deepEqual(await touch([{ row, lastSeenAt: startSeconds + 60 }]), refused('done'))
    await touch([
      { row, lastSeenAt: startSeconds + 30 },
      { row: other.session.row, lastSeenAt: startSeconds + 5 },
      { row: 999_999_999_999, lastSeenAt: startSeconds },
    ])
    const seen = (await store.liveSessions(account.id)).map(({ lastSeenAt }) => lastSeenAt)
    assert.deepEqual(seen, [startSeconds + 60, startSeconds + 5])
  })

  test('STO-18 no two rows get the same number, on any connection', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const numbers = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? store : second).nextRow('token'))
    const sessions = [store.nextRow('session'), second.nextRow('session')]
    assert.deepEqual([new Set(numbers).size, new Set(sessions).size], [300, 2])
    const own = numbers.filter((_, index) => index % 2 === 0)
    assert.deepEqual(
      own,
      [...own].sort((one, other) => one - other),
    )
  })
}

function tryToCreate(
  store: Store,
  account: Account,
  parts: Partial<Commands['createSession']['input']>,
): ReturnType<typeof effectsOf<'createSession'>> {
  return effectsOf(store, 'createSession', sessionInput(store, account, parts))
}
