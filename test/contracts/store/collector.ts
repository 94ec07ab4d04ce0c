/** Store contract: which rows are collected, when, and how many at once. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import { defaultThrottleRules, noFailures } from '../../../src/core/accounts/throttle.ts'
import { logStart } from '../../../src/core/revocation/log.ts'
import type { NewSession } from '../../../src/core/sessions/commands.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import {
  auditOf,
  controlToken,
  digestOf,
  newSession,
  opaqueToken,
  ptySession,
  ptyToken,
  roomyLimits,
  startMs,
  startSeconds,
} from '../../fixtures/records.ts'
import { addAccount, type Created, createSession, effectsOf, type OpenStore } from './harness.ts'
import { attach, signedIn, startedBy } from './pty-harness.ts'

const hour = 3_600
const day = 24 * hour

/** Registers the tests. */
export function collectorRules(open: OpenStore): void {
  test('STO-70 a token is distinguished from an unknown one until a minute after its end, and its session goes with the last', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      const { session, token } = await createSession(store, account)
      const isThere = async () => [
        (await store.token({ digest: token.accessDigest, row: token.row })) !== null,
        (await store.sessionById(session.id)) !== null,
      ]
      await revokeSession(store, session)
      assert.deepEqual(await collect(store, hour + 59), { collected: 0, more: false })
      assert.deepEqual(await isThere(), [true, true])
      assert.deepEqual(await collect(store, hour + 60), { collected: 2, more: false })
      assert.deepEqual(await isThere(), [false, false])
    })
  })

  test('STO-70 a live session keeps its row until its own end, even without tokens', async () => {
    await withStore(open, async (store) => {
      const { session } = await createSession(store, await addAccount(store))
      await store.execute('touchSessions', { uses: [{ row: session.row, lastSeenAt: startSeconds + hour }] })
      assert.equal((await collect(store, hour + 60)).collected, 1)
      assert.equal((await collect(store, day + 59)).collected, 0)
      assert.notEqual(await store.sessionById(session.id), null)
      assert.equal((await collect(store, day + 60)).collected, 1)
      assert.equal(await store.sessionById(session.id), null)
    })
  })

  test('STO-70 a session of an ended epoch goes with its last token', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      const session = newSession({ account, row: store.nextRow('session') })
      const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row, expiresAt: startSeconds + 600 })
      await createSession(store, account, { session, token })
      const target = {
        kind: 'account_epoch',
        accountId: account.id,
        expectedEpoch: null,
        newEpoch: randomUUID(),
      } as const
      await store.execute('revoke', { target, nowMs: startMs, audit: auditOf('revoke') })
      assert.equal((await collect(store, 659)).collected, 0)
      assert.equal((await collect(store, 660)).collected, 2)
    })
  })

  test('STO-71 a token without an end is kept for an hour after it, its session or its epoch was ended', async () => {
    for (const kind of ['token', 'session', 'account_epoch'] as const) {
      await withStore(open, async (store) => {
        const account = await addAccount(store)
        const created = await endless(store, account)
        const lives = await endless(store, await addAccount(store))
        const target = {
          token: { kind: 'token', tokenRow: created.token.row },
          session: { kind: 'session', sessionRow: created.session.row },
          account_epoch: { kind: 'account_epoch', accountId: account.id, expectedEpoch: null, newEpoch: randomUUID() },
        } as const
        await store.execute('revoke', { target: target[kind], nowMs: startMs, audit: auditOf('revoke') })
        assert.equal((await collect(store, hour - 1)).collected, 0)
        assert.deepEqual([kind, (await collect(store, hour)).collected], [kind, 2])
        const rows = [
          await store.token({ digest: created.token.accessDigest, row: null }),
          await store.sessionById(created.session.id),
        ]
        assert.deepEqual(rows, [null, null])
        assert.equal((await collect(store, 1_000 * day)).collected, 0)
        assert.notEqual(await store.token({ digest: lives.token.accessDigest, row: null }), null)
      })
    }
  })

  test('STO-71 a session that ends only by idleness is collected after it, with its tokens', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      const session = newSession({ account, row: store.nextRow('session'), idleSeconds: hour, expiresAt: null })
      const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row })
      await createSession(store, account, { session, token })
      assert.equal((await collect(store, hour)).collected, 0)
      assert.equal((await collect(store, 2 * hour)).collected, 2)
    })
  })

  test('STO-72 entries of the log are kept for an hour, and the newest for ever', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      for (const nowMs of [startMs, startMs + 1_000, startMs + 2_000]) {
        const target = {
          kind: 'account_epoch',
          accountId: account.id,
          expectedEpoch: null,
          newEpoch: randomUUID(),
        } as const
        await store.execute('revoke', { target, nowMs, audit: auditOf('revoke') })
      }
      const seqs = async () => {
        const range = await store.log({ seq: 0, tag: '' })
        return range.kind === 'entries' ? range.entries.map(({ seq }) => seq) : range.kind
      }
      assert.deepEqual([(await collect(store, hour - 1)).collected, await seqs()], [0, [1, 2, 3]])
      const { tag } = await store.logHead()
      assert.equal((await collect(store, hour + 1)).collected, 2)
      assert.equal((await collect(store, day)).collected, 0)
      assert.deepEqual(await store.logHead(), { seq: 3, tag })
      assert.deepEqual(await store.log({ seq: 3, tag }), { kind: 'entries', entries: [] })
      assert.deepEqual([await seqs(), await store.log(logStart)], ['history-changed', { kind: 'history-changed' }])
    })
  })

  test('STO-73 counters, addresses, codes, PTY tokens and removed accounts are deleted when they are no longer needed', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      const rule = defaultThrottleRules.address
      const key = { digest: digestOf('key'), rule }
      await store.execute('recordFailedSignIn', { keys: [key], nowMs: startMs, audit: auditOf('sign-in') })
      const code = { secretDigest: digestOf('secret'), step: 1 }
      const signIn = { forgetKeys: [], knownAddress: digestOf('home'), code, recovery: null }
      const session = newSession({
        account,
        row: store.nextRow('session'),
        idleSeconds: null,
        expiresAt: startSeconds + 400 * day,
      })
      const token = controlToken({
        row: store.nextRow('token'),
        sessionRow: session.row,
        expiresAt: startSeconds + 400 * day,
      })
      await createSession(store, account, { signIn, session, token })
      const pty = ptySession()
      const minted = ptyToken({ ptySessionId: pty.id, accountId: account.id, sessionRow: session.row })
      await store.execute('startPtySession', {
        ptySession: pty,
        token: minted,
        seen: { epoch: account.epoch, passwordHash: account.passwordHash },
        limits: roomyLimits,
        nowMs: startMs,
        audit: auditOf('pty-start'),
      })
      const steps: [seconds: number, collected: number][] = [
        [119, 0],
        [120, 1],
        [179, 0],
        [180, 1],
        [599, 0],
        [600, 1],
        [600 + day - 1, 0],
        [600 + day, 1],
        [30 * day - 1, 0],
        [30 * day, 1],
      ]
      const counts: [number, number][] = []
      for (const [seconds] of steps) counts.push([seconds, (await collect(store, seconds)).collected])
      assert.deepEqual(counts, steps)
      const attach = { digest: minted.digest, attachmentId: randomUUID(), ip: '', limits: roomyLimits, nowMs: startMs }
      const attached = await store.execute('attachPtyToken', { ...attach, audit: auditOf('pty-attach') })
      assert.equal(attached.kind, 'unknown')
      assert.deepEqual(await store.throttle([key]), [noFailures])
      assert.equal(await store.isKnownAddress(account.id, digestOf('home'), 0), false)
    })
  })

  test('STO-73 a removed account is deleted after its last session, and its number is never used again', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      const { token } = await createSession(store, account)
      await store.execute('removeAccount', {
        accountId: account.id,
        newEpoch: randomUUID(),
        nowMs: startMs,
        audit: auditOf('account-remove'),
      })
      assert.equal((await collect(store, hour + 59)).collected, 0)
      assert.equal((await collect(store, hour + 60)).collected, 3)
      assert.equal(await store.token({ digest: token.accessDigest, row: token.row }), null)
      assert.ok((await addAccount(store)).id > account.id)
    })
  })

  test('STO-74 a collection deletes at most its limit of each kind and says whether there may be more', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      await Promise.all(Array.from({ length: 25 }, () => createSession(store, account)))
      const runs: Commands['collectExpired']['output'][] = []
      do runs.push(await collect(store, day + 60, 10))
      while (runs.at(-1)?.more)
      const total = runs.reduce((sum, { collected }) => sum + collected, 0)
      assert.deepEqual([total, runs.every(({ collected }) => collected <= 20)], [50, true])
      assert.deepEqual([await store.liveSessions(account.id), runs.length >= 3], [[], true])
    })
  })

  test('STO-74 the sessions of an ended epoch are collected in steps, and its entry after the last of them', async () => {
    await withStore(open, async (store) => {
      const account = await addAccount(store)
      await Promise.all(Array.from({ length: 25 }, () => endless(store, account)))
      for (const nowMs of [startMs, startMs + 1]) {
        const target = {
          kind: 'account_epoch',
          accountId: account.id,
          expectedEpoch: null,
          newEpoch: randomUUID(),
        } as const
        await store.execute('revoke', { target, nowMs, audit: auditOf('revoke') })
      }
      const first = await collect(store, 2 * hour, 10)
      assert.deepEqual([first.more, (await store.log(logStart)).kind], [true, 'entries'])
      let total = first.collected
      for (let more = true; more; ) {
        const run = await collect(store, 2 * hour, 10)
        total += run.collected
        more = run.more
      }
      assert.deepEqual([total, (await store.log(logStart)).kind], [51, 'history-changed'])
    })
  })

  test('STO-252 a PTY session that was not opened before its start token expired is closed, with an event', async () => {
    await withStore(open, async (store) => {
      const caller = await signedIn(store)
      const started = [await startedBy(store, caller), await startedBy(store, caller), await startedBy(store, caller)]
      const [left, other, opened] = started.map(({ ptySession }) => ptySession.id)
      await attach(store, started[2]?.token ?? assert.fail())
      const statesAt = async (seconds: number, limit: number) => {
        const nowMs = startMs + seconds * 1_000
        const { output, log, audit } = await effectsOf(store, 'collectExpired', { nowMs, throttleMs: nowMs, limit })
        const found = await Promise.all([left, other, opened].map((id) => store.ptySessionById(id ?? '')))
        const ends = found.map((one) => [one?.state, one?.endReason, one?.closedAtMs])
        return { collected: output.collected, log, audit, ends: ends.sort() }
      }
      const [active, waiting] = [
        ['active', null, null],
        ['created', null, null],
      ]
      const over = ['closed', 'never-opened', startMs + 120_000]
      const nothing = { collected: 0, log: [], audit: [] }
      assert.deepEqual(await statesAt(119, 10), { ...nothing, ends: [active, waiting, waiting] })
      const one = { collected: 1, log: [], audit: ['pty-end ok'] }
      assert.deepEqual(await statesAt(120, 1), { ...one, ends: [active, over, waiting] })
      assert.deepEqual(await statesAt(120, 1), { ...one, ends: [active, over, over] })
      assert.deepEqual(await statesAt(120, 1), { ...nothing, ends: [active, over, over] })
    })
  })

  test('STO-75 a collection leaves no entry, and no event of what it deletes', async () => {
    await withStore(open, async (store) => {
      await createSession(store, await addAccount(store))
      const nowMs = startMs + day * 1_000_000
      const { log, audit } = await effectsOf(store, 'collectExpired', { nowMs, throttleMs: nowMs, limit: 10 })
      assert.deepEqual([log, audit], [[], []])
    })
  })
}

async function withStore(open: OpenStore, use: (store: Store) => Promise<void>): Promise<void> {
  await using opened = await open()
  await use(opened.store)
}

function collect(store: Store, seconds: number, limit = 100): Promise<Commands['collectExpired']['output']> {
  const nowMs = startMs + seconds * 1_000
  return store.execute('collectExpired', { nowMs, throttleMs: nowMs, limit })
}

/** Creates a session without an end of its own, with a token without one. */
function endless(store: Store, account: Account): Promise<Created> {
  const session = newSession({ account, row: store.nextRow('session'), idleSeconds: null, expiresAt: null })
  return createSession(store, account, {
    session,
    token: opaqueToken({ row: store.nextRow('token'), sessionRow: session.row, accessDigest: digestOf(session.id) }),
  })
}

async function revokeSession(store: Store, { row }: Pick<NewSession, 'row'>): Promise<void> {
  const target = { kind: 'session', sessionRow: row } as const
  await store.execute('revoke', { target, nowMs: startMs, audit: auditOf('revoke') })
}
