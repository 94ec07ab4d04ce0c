/** Store contract: bearer credentials as sessions: who may create one, and everything that ends one. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import type { Credential } from '../../../src/core/credentials/credential.ts'
import type { Organization } from '../../../src/core/organizations/organization.ts'
import type { NewSession } from '../../../src/core/sessions/commands.ts'
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
import {
  addAccount,
  type Created,
  createSession,
  effectsOf,
  refused,
  type Shared,
  sampleCredential,
} from './harness.ts'

/** Registers the tests. */
export function bearerCredentialRules(shared: Shared): void {
  test('STO-200 only a live session of a live member of the organization can create a bearer credential', async () => {
    const { store } = shared()
    const { account, home, session } = await member(store)
    const [outsider, expired] = [await addAccount(store), await addAccount(store, { expiresAt: startSeconds })]
    const ended = await createSession(store, account)
    await end(store, ended.session)
    const outsiderSession = await createSession(store, outsider)
    const input = bearerInput(store, { account, home })
    const by = (accountId: number, sessionRow: number): Commands['addCredential']['input'] => ({
      ...input,
      bearer: { ...input.bearer, creator: { accountId, sessionRow } },
    })
    const cases = [
      [by(999_999_999, session.row), 'stale'],
      [by(expired.id, session.row), 'stale'],
      [by(account.id, ended.session.row), 'stale'],
      [by(account.id, outsiderSession.session.row), 'stale'],
      [by(account.id, 999_999_999), 'stale'],
      [by(outsider.id, outsiderSession.session.row), 'not-a-member'],
    ] as const
    for (const [wanted, kind] of cases) {
      assert.deepEqual(await effectsOf(store, 'addCredential', wanted), refused(kind))
    }
    assert.equal(await store.credentialById(input.credential.id), null)
    assert.deepEqual(await effectsOf(store, 'addCredential', by(account.id, session.row)), {
      output: { kind: 'added' },
      log: [],
      audit: ['credential ok'],
    })
  })

  test('STO-200 a credential that a member creates for the organization belongs to its hidden account', async () => {
    const { store } = shared()
    const { account, home, session } = await member(store)
    const opened = await store.execute('openOrganizationAccount', {
      organizationId: home.id,
      uuid: randomUUID(),
      epoch: randomUUID(),
      nowMs: startMs,
    })
    const hidden = opened.kind === 'opened' ? await store.accountById(opened.accountId) : null
    assert.ok(hidden)
    const input = bearerInput(store, { account: hidden, home, kind: 'organization-token' })
    const creator = { accountId: account.id, sessionRow: session.row }
    const { output } = await effectsOf(store, 'addCredential', { ...input, bearer: { ...input.bearer, creator } })
    const listed = await store.credentials({ kind: 'organization-token', organizationId: home.id })
    assert.deepEqual([output, listed], [{ kind: 'added' }, [input.credential]])
    await store.execute('removeMember', leaveInput(home, account))
    assert.deepEqual(await store.credentialById(input.credential.id), input.credential)
  })

  test('STO-201 the end of its own session removes a bearer credential and ends everything that it started, in one step', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const { credential, own, started } = await createBearer(store, { account, home })
    assert.deepEqual(await effectsOf(store, 'revoke', endInput(started)), {
      output: { kind: 'revoked', seq: (await store.logHead()).seq },
      log: [`session ${started.row}`],
      audit: ['sign-out ok'],
    })
    assert.deepEqual(await store.credentialById(credential.id), credential)
    const other = newSession({ account, row: store.nextRow('session'), credentialId: credential.id })
    await createSession(store, account, { session: other })
    const { log } = await effectsOf(store, 'revoke', endInput(own))
    assert.deepEqual(log, [`session ${own.row}`, `session ${other.row}`, `credential ${credential.id}`])
    assert.equal(await store.credentialById(credential.id), null)
  })

  test('STO-202 leaving an organization removes the account’s credentials of it, with the sessions that they started elsewhere', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const { credential, started } = await createBearer(store, { account, home })
    const { credential: away } = await createBearer(store, { account, home: await newOrganization(store, account) })
    const { log } = await effectsOf(store, 'removeMember', leaveInput(home, account))
    assert.deepEqual(log, [
      `membership ${account.id}:${home.id}`,
      `session ${started.row}`,
      `credential ${credential.id}`,
    ])
    assert.deepEqual(await store.credentials({ accountId: account.id }), [away])
  })

  test('STO-203 removing an organization removes every credential of it, with the sessions that they started elsewhere', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const { credential, own, started } = await createBearer(store, { account, home })
    const { log } = await effectsOf(store, 'removeOrganization', {
      organizationId: home.id,
      nowMs: startMs,
      audit: auditOf('organization'),
    })
    const entries = [`organization ${home.id}`, `session ${started.row}`, `credential ${credential.id}`]
    assert.deepEqual([log, await store.credentialById(credential.id)], [entries, null])
    const live = (await store.liveSessions(account.id)).map(({ row }) => row)
    assert.deepEqual([live.includes(own.row), live.includes(started.row)], [false, false])
  })

  test('STO-204 a rotation removes the bearer credentials of the account, and no others', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const { credential } = await createBearer(store, { account, home })
    const plain = {
      ...sampleCredential({ kind: 'application-password', accountId: account.id }),
      dialect: 'giantswarm',
    } as const
    const seen = { epoch: account.epoch, passwordHash: account.passwordHash }
    const rest = { bearer: null, seen, nowMs: startMs, audit: auditOf('credential') }
    await store.execute('addCredential', { credential: plain, ...rest })
    const { log } = await effectsOf(store, 'revoke', {
      target: { kind: 'account_epoch', accountId: account.id, expectedEpoch: null, newEpoch: randomUUID() },
      nowMs: startMs,
      audit: auditOf('revoke'),
    })
    assert.deepEqual(log, [`account_epoch ${account.id}:${account.epoch}:0`, `credential ${credential.id}`])
    assert.deepEqual(await store.credentials({ accountId: account.id }), [plain])
  })

  test('STO-260 a rotation that keeps credentials moves their own sessions, and none that they started', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const [first, second] = [await createBearer(store, { account, home }), await createBearer(store, { account, home })]
    const newEpoch = randomUUID()
    const { log } = await effectsOf(store, 'changeAccount', {
      accountId: account.id,
      change: { status: 'disabled' },
      rotation: { newEpoch, keptSessionRow: 0, keepsCredentials: true },
      seen: null,
      nowMs: startMs,
      audit: auditOf('account-change'),
    })
    const moved = [first, second].map(({ own }) => `access_changed session:${own.row}`)
    const entries = [`account_epoch ${account.id}:${account.epoch}:0`, ...moved, `access_changed account:${account.id}`]
    assert.deepEqual(log, entries)
    const live = (await store.liveSessions(account.id)).map(({ row }) => row)
    assert.deepEqual(
      live.sort((one, other) => one - other),
      [first.own.row, second.own.row],
    )
    const kept = await store.credentials({ accountId: account.id })
    assert.deepEqual(new Set(kept.map(({ id }) => id)), new Set([first.credential.id, second.credential.id]))
  })

  test('STO-205 removing an account removes every credential of it', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const { credential, own } = await createBearer(store, { account, home })
    await store.execute('removeAccount', {
      accountId: account.id,
      newEpoch: randomUUID(),
      nowMs: startMs,
      audit: auditOf('account-remove'),
    })
    const left = [await store.credentialById(credential.id), await store.credentials({ accountId: account.id })]
    assert.deepEqual([left, (await store.sessionById(own.id))?.credentialId], [[null, []], credential.id])
    assert.deepEqual(await store.liveSessions(account.id), [])
  })

  test('STO-206 no limit of sessions ends a bearer credential, and the sessions that it started count', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const { own, started } = await createBearer(store, { account, home })
    const koyeb = (): NewSession => newSession({ account, row: store.nextRow('session'), dialect: 'koyeb' })
    const [one, other] = [koyeb(), koyeb()]
    await createSession(store, account, { session: one, keepNewest: 2 })
    const last = await createSession(store, account, { session: other, keepNewest: 2 })
    const live = (await store.liveSessions(account.id)).filter(({ dialect }) => dialect === 'koyeb')
    assert.deepEqual(
      live.map(({ row }) => row),
      [own.row, one.row, last.session.row],
    )
    assert.notEqual((await store.sessionById(started.id))?.revokedSeq, null)
  })

  test('STO-207 an organization is added with its first members, or not at all if one of them is gone', async () => {
    const { store } = shared()
    const [one, other] = [await addAccount(store), await addAccount(store)]
    const add = (added: Organization, memberIds: readonly number[]) =>
      effectsOf(store, 'addOrganization', { organization: added, memberIds, audit: auditOf('organization') })
    const home = organization()
    assert.deepEqual(await add(home, [other.id, 999_999_999]), refused('no-account'))
    assert.equal(await store.organizationById(home.id), null)
    assert.deepEqual((await add(home, [other.id, one.id])).output, { kind: 'added' })
    assert.deepEqual(await store.memberList(home.id, { limit: 10, offset: 0 }), [
      { account: one, joinedAtMs: startMs },
      { account: other, joinedAtMs: startMs },
    ])
  })

  test('STO-208 if a member is given, an organization is removed only while it is one', async () => {
    const { store } = shared()
    const { account, home } = await member(store)
    const outsider = await addAccount(store)
    const remove = (memberId: number) =>
      effectsOf(store, 'removeOrganization', {
        organizationId: home.id,
        memberId,
        nowMs: startMs,
        audit: auditOf('organization'),
      })
    assert.deepEqual(await remove(outsider.id), refused('not-a-member'))
    assert.deepEqual((await remove(account.id)).output, { kind: 'removed' })
    assert.deepEqual(await remove(account.id), refused('missing'))
  })
}

type Place = { readonly account: Account; readonly home: Organization; readonly kind?: Credential['kind'] }

/** An account in an organization, with its own session. */
async function member(store: Store): Promise<Created & Place> {
  const account = await addAccount(store)
  const home = await newOrganization(store, account)
  return { account, home, ...(await createSession(store, account)) }
}

async function newOrganization(store: Store, account: Account): Promise<Organization> {
  const added = organization()
  const memberIds = [account.id]
  await store.execute('addOrganization', { organization: added, memberIds, audit: auditOf('organization') })
  return added
}

type Bearer = { readonly credential: Credential; readonly own: NewSession; readonly started: NewSession }

/** A bearer credential, with a session that it started outside the organization. */
async function createBearer(store: Store, place: Place): Promise<Bearer> {
  const input = bearerInput(store, place)
  const { credential, bearer } = input
  assert.deepEqual(await store.execute('addCredential', input), { kind: 'added' })
  const { account } = place
  const started = newSession({ account, row: store.nextRow('session'), dialect: 'koyeb', credentialId: credential.id })
  await createSession(store, account, { session: started })
  return { credential, own: bearer.session, started }
}

type BearerInput = Commands['addCredential']['input'] & {
  readonly bearer: NonNullable<Commands['addCredential']['input']['bearer']>
}

function bearerInput(store: Store, { account, home, kind = 'access-token' }: Place): BearerInput {
  const id = randomUUID()
  const row = store.nextRow('session')
  const session = newSession({ account, row, dialect: 'koyeb', organizationId: home.id, credentialId: id })
  const token = opaqueToken({ row: store.nextRow('token'), sessionRow: row, accessDigest: digestOf(id) })
  return {
    credential: sampleCredential({ id, kind, accountId: account.id, organizationId: home.id, sessionRow: row }),
    bearer: { session, token },
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    nowMs: startMs,
    audit: auditOf('credential'),
  }
}

function endInput({ row }: Pick<NewSession, 'row'>): Commands['revoke']['input'] {
  return { target: { kind: 'session', sessionRow: row }, nowMs: startMs, audit: auditOf('sign-out') }
}

async function end(store: Store, session: Pick<NewSession, 'row'>): Promise<void> {
  await store.execute('revoke', endInput(session))
}

function leaveInput({ id }: Organization, account: Account): Commands['removeMember']['input'] {
  return { organizationId: id, accountId: account.id, nowMs: startMs, audit: auditOf('membership') }
}
