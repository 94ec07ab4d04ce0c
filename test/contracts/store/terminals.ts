/** Store contract: the inventory, change requests, PTY sessions and their tokens. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import type { PtyTokenRow } from '../../../src/core/terminals/commands.ts'
import type { PtySession } from '../../../src/core/terminals/server.ts'
import { auditOf, changeRequest, digestOf, ptySession, ptyToken, server, startMs } from '../../fixtures/records.ts'
import { addAccount, createSession, effectsOf, kindOf, refused, type Shared } from './harness.ts'

/** Registers the tests. */
export function terminalRules(shared: Shared): void {
  test('STO-50 a server has a name and an address of its own, and what changes it sends terminals back to the policy', async () => {
    const { store } = shared()
    const audit = auditOf('server')
    const [one, other] = [server({ osUsers: ['ops', 'root'] }), server({ transport: 'local', hostKey: null })]
    const add = (added: typeof one) => effectsOf(store, 'addServer', { server: added, audit })
    const change = (changed: typeof one) => effectsOf(store, 'changeServer', { server: changed, nowMs: startMs, audit })
    const remove = () => effectsOf(store, 'removeServer', { name: one.name, nowMs: startMs, audit })
    assert.deepEqual(await add(one), { output: { kind: 'added' }, log: [], audit: ['server ok'] })
    await add(other)
    assert.deepEqual(await add(server({ name: one.name })), refused('name-taken'))
    assert.deepEqual(await add(server({ address: one.address })), refused('address-taken'))
    assert.deepEqual(await change({ ...one, address: other.address }), refused('address-taken'))
    assert.deepEqual(await change(server()), refused('missing'))
    const changed = { ...one, port: 2222, groups: [], hostKey: null, hostCa: 'ssh-ed25519 BBBB' }
    const log = [`access_changed server:${one.name}`]
    assert.deepEqual(await change(changed), { output: { kind: 'changed' }, log, audit: ['server ok'] })
    const listed = (await store.servers()).filter(({ name }) => [one.name, other.name].includes(name))
    assert.deepEqual(
      listed,
      [changed, other].sort((a, b) => (a.name < b.name ? -1 : 1)),
    )
    const found = [await store.serverByName(one.name), await store.serverByAddress(one.address)]
    assert.deepEqual(found, [changed, changed])
    assert.deepEqual(await remove(), { output: { kind: 'removed' }, log, audit: ['server ok'] })
    assert.deepEqual(await remove(), refused('missing'))
    assert.deepEqual([await store.serverByName(one.name), await store.serverByAddress(one.address)], [null, null])
  })

  test('STO-51 a change request names servers of the inventory, and changes its state once', async () => {
    const { store } = shared()
    const audit = auditOf('change-request')
    const web = server()
    await store.execute('addServer', { server: web, audit: auditOf('server') })
    const change = changeRequest({ servers: [web.name] })
    const add = (added: typeof change) => effectsOf(store, 'addChange', { change: added, audit })
    const set = (id: string, state: 'approved' | 'closed') =>
      effectsOf(store, 'setChangeState', { id, state, nowMs: startMs, audit })
    assert.deepEqual(await add(changeRequest({ servers: [web.name, 'absent'] })), {
      ...refused('server-missing'),
      output: { kind: 'server-missing', name: 'absent' },
    })
    assert.deepEqual(await add(change), { output: { kind: 'added' }, log: [], audit: ['change-request ok'] })
    assert.deepEqual(await add(change), refused('id-taken'))
    const log = [`access_changed change:${change.id}`]
    for (const state of ['approved', 'closed'] as const) {
      assert.deepEqual(await set(change.id, state), { output: { kind: 'changed' }, log, audit: ['change-request ok'] })
      assert.deepEqual(await set(change.id, state), refused('already'))
    }
    assert.deepEqual(await set(change.id, 'approved'), refused('closed'))
    assert.deepEqual(await set('absent', 'closed'), refused('missing'))
    const closed = { ...change, state: 'closed' }
    const listed = (await store.changes()).filter(({ id }) => id === change.id)
    assert.deepEqual([await store.changeById(change.id), listed], [closed, [closed]])
    assert.equal(await store.changeById('absent'), null)
  })

  test('STO-52 a PTY session is started by a live session of an account that is as it was seen', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    const { output, log, audit } = await start(store, caller)
    assert.deepEqual([output, log, audit], [{ kind: 'started' }, [], ['pty-start ok']])
    const stranger = await signedIn(store)
    const stale: [Caller, Partial<Commands['startPtySession']['input']>][] = [
      [{ ...caller, sessionRow: stranger.sessionRow }, {}],
      [caller, { seen: { epoch: randomUUID(), passwordHash: caller.account.passwordHash } }],
      [caller, { seen: { epoch: caller.account.epoch, passwordHash: 'an older one' } }],
      [caller, { nowMs: startMs + 3_600_000 }],
    ]
    for (const [by, parts] of stale) assert.deepEqual(await start(store, by, parts), refused('stale'))
    await endSession(store, caller)
    assert.deepEqual(await start(store, caller), refused('stale'))
  })

  test('STO-53 a PTY session is joined while it is active, by one implementor and any number of observers', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    const { ptySession: started } = await startedBy(store, caller)
    const join = (parts: Partial<PtyTokenRow> = {}, seen = seenOf(caller)) =>
      effectsOf(store, 'joinPtySession', {
        token: ptyToken({ ...idsOf(caller), ptySessionId: started.id, isStart: false, ...parts }),
        seen,
        nowMs: startMs,
        audit: auditOf('pty-join'),
      })
    const set = (id: string, state: PtySession['state'], implementorAccountId: number | null) =>
      effectsOf(store, 'setPtySessionState', {
        id,
        state,
        implementorAccountId,
        nowMs: startMs,
        audit: auditOf('pty-session'),
      })
    assert.deepEqual(await join(), refused('not-active'))
    assert.deepEqual(await join({ ptySessionId: randomUUID() }), refused('not-active'))
    assert.deepEqual(await set(started.id, 'active', null), {
      output: { kind: 'changed' },
      log: [],
      audit: ['pty-session ok'],
    })
    assert.deepEqual(await join(), { output: { kind: 'joined' }, log: [], audit: ['pty-join ok'] })
    await set(started.id, 'active', caller.account.id)
    assert.deepEqual(await join(), refused('implementor-present'))
    assert.equal((await join({ role: 'observer' })).output.kind, 'joined')
    assert.deepEqual(await join({}, { ...seenOf(caller), passwordHash: null }), refused('stale'))
    await set(started.id, 'closed', null)
    assert.deepEqual(await join({ role: 'observer' }), refused('not-active'))
    assert.deepEqual(await set(randomUUID(), 'closed', null), refused('missing'))
    assert.deepEqual(
      [await store.ptySessionById(started.id), await store.ptySessionById(randomUUID())],
      [{ ...started, state: 'closed' }, null],
    )
  })

  test('STO-54 a PTY token opens one socket, however many race for it on two connections', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const { token } = await startedBy(store, await signedIn(store))
    const input = { digest: token.digest, nowMs: startMs, audit: auditOf('pty-session') }
    const race = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : second).execute('consumePtyToken', input)),
    )
    const consumed = race.filter(({ kind }) => kind === 'consumed')
    assert.deepEqual([consumed, race.filter(({ kind }) => kind === 'used').length], [[{ kind: 'consumed', token }], 19])
  })

  test('STO-55 a PTY token that is unknown, expired, or of a session that ended opens nothing', async () => {
    const { store } = shared()
    const consume = (digest: Uint8Array, nowMs = startMs) =>
      effectsOf(store, 'consumePtyToken', { digest, nowMs, audit: auditOf('pty-session') })
    const caller = await signedIn(store)
    const { token } = await startedBy(store, caller)
    assert.deepEqual(await consume(digestOf('absent')), refused('unknown'))
    assert.deepEqual(await consume(token.digest, token.expiresAtMs), refused('expired'))
    const inTime = await consume(token.digest, token.expiresAtMs - 1)
    assert.deepEqual(inTime, { output: { kind: 'consumed', token }, log: [], audit: ['pty-session ok'] })
    assert.deepEqual(await consume(token.digest, token.expiresAtMs), refused('used'))
    const { token: ended } = await startedBy(store, caller)
    await endSession(store, caller)
    assert.deepEqual(await consume(ended.digest), refused('revoked'))
    const disabled = await signedIn(store)
    const { token: dead } = await startedBy(store, disabled)
    await store.execute('changeAccount', {
      accountId: disabled.account.id,
      change: { status: 'disabled' },
      rotation: null,
      seen: null,
      nowMs: startMs,
      audit: auditOf('account-change'),
    })
    assert.deepEqual(await consume(dead.digest), refused('revoked'))
  })
}

type Caller = { readonly account: Account; readonly sessionRow: number }

async function signedIn(store: Store): Promise<Caller> {
  const account = await addAccount(store)
  const { session } = await createSession(store, account)
  return { account, sessionRow: session.row }
}

function idsOf({ account, sessionRow }: Caller): { readonly accountId: number; readonly sessionRow: number } {
  return { accountId: account.id, sessionRow }
}

function seenOf({ account }: Caller): { readonly epoch: string; readonly passwordHash: string | null } {
  return { epoch: account.epoch, passwordHash: account.passwordHash }
}

function startInput(caller: Caller): Commands['startPtySession']['input'] {
  const started = ptySession({ startedByAccountId: caller.account.id })
  return {
    ptySession: started,
    token: ptyToken({ ...idsOf(caller), ptySessionId: started.id }),
    seen: seenOf(caller),
    nowMs: startMs,
    audit: auditOf('pty-start'),
  }
}

function start(
  store: Store,
  caller: Caller,
  parts: Partial<Commands['startPtySession']['input']> = {},
): ReturnType<typeof effectsOf<'startPtySession'>> {
  return effectsOf(store, 'startPtySession', { ...startInput(caller), ...parts })
}

async function startedBy(
  store: Store,
  caller: Caller,
): Promise<{ readonly ptySession: PtySession; readonly token: PtyTokenRow }> {
  const input = startInput(caller)
  assert.equal(kindOf(await store.execute('startPtySession', input)), 'started')
  return input
}

async function endSession(store: Store, { sessionRow }: Caller): Promise<void> {
  const target = { kind: 'session', sessionRow } as const
  await store.execute('revoke', { target, nowMs: startMs, audit: auditOf('revoke') })
}
