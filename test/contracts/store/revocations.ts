/** Store contract: revocations, their log, and its delivery. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { logStart, type RevocationEntry } from '../../../src/core/revocation/log.ts'
import type { RevocationTarget } from '../../../src/core/sessions/commands.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import { auditOf, startMs } from '../../fixtures/records.ts'
import { addAccount, createSession, effectsOf, kindOf, type OpenStore, refused, type Shared } from './harness.ts'

/** Registers the tests. */
export function revocationRules(shared: Shared, open: OpenStore): void {
  test('STO-30 a session, and a token, ends once: the first call writes, every other returns the same entry', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const { session, token } = await createSession(store, account)
    const hex = Buffer.from(token.accessDigest).toString('hex')
    for (const [target, entry] of [
      [{ kind: 'token', tokenRow: token.row }, `token ${hex}`],
      [{ kind: 'session', sessionRow: session.row }, `session ${session.row}`],
    ] as const) {
      const first = await end(store, target)
      const seq = (await store.logHead()).seq
      assert.deepEqual(first, { output: { kind: 'revoked', seq }, log: [entry], audit: ['revoke ok'] })
      assert.deepEqual(await end(store, target), { ...refused('already'), output: { kind: 'already', seq } })
    }
    const record = await store.token({ digest: token.accessDigest, row: token.row })
    const { seq } = await store.logHead()
    assert.deepEqual([record?.tokenRevokedSeq, record?.session.revokedSeq], [seq - 1, seq])
    assert.deepEqual(await store.liveSessions(account.id), [])
  })

  test('STO-30 if a session or an epoch ended it before, the call returns an entry at or behind the one that did', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const [one, other] = [await createSession(store, account), await createSession(store, account)]
    const first = await end(store, { kind: 'session', sessionRow: one.session.row })
    const token = await end(store, { kind: 'token', tokenRow: one.token.row })
    assert.deepEqual(token.output, { ...first.output, kind: 'already' })
    const epoch = { kind: 'account_epoch', accountId: account.id, expectedEpoch: null, newEpoch: randomUUID() } as const
    assert.equal((await end(store, epoch)).output.kind, 'revoked')
    const { seq } = await store.logHead()
    const already = { ...refused('already'), output: { kind: 'already', seq } }
    assert.deepEqual(await end(store, { kind: 'session', sessionRow: other.session.row }), already)
    assert.deepEqual(await end(store, { kind: 'token', tokenRow: other.token.row }), already)
  })

  test('STO-31 an epoch is rotated from the expected one, or from any if none was given', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const [second, third] = [randomUUID(), randomUUID()]
    const rotate = (expectedEpoch: string | null, newEpoch: string) =>
      end(store, { kind: 'account_epoch', accountId: account.id, expectedEpoch, newEpoch })
    const first = await rotate(account.epoch, second)
    const entry = `account_epoch ${account.id}:${account.epoch}:0`
    assert.deepEqual([first.output.kind, first.log, first.audit], ['revoked', [entry], ['revoke ok']])
    assert.deepEqual(await rotate(account.epoch, third), refused('stale'))
    assert.equal((await rotate(null, third)).output.kind, 'revoked')
    assert.equal((await store.accountById(account.id))?.epoch, third)
  })

  test('STO-31 if rotations race on two connections, one ends the expected epoch', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const account = await addAccount(store)
    const before = await store.logHead()
    const race = [store, second, store, second].map((connection) =>
      connection.execute('revoke', {
        target: {
          kind: 'account_epoch',
          accountId: account.id,
          expectedEpoch: account.epoch,
          newEpoch: randomUUID(),
        },
        nowMs: startMs,
        audit: auditOf('revoke'),
      }),
    )
    const kinds = (await Promise.all(race)).map(kindOf).sort()
    assert.deepEqual([kinds, (await store.logHead()).seq - before.seq], [['revoked', 'stale', 'stale', 'stale'], 1])
  })

  test('STO-31 if two connections end the same sessions at once, each session ends with one entry and one event', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const { session } = await createSession(store, await addAccount(store))
    const input = {
      target: { kind: 'session', sessionRow: session.row },
      nowMs: startMs,
      audit: auditOf('revoke'),
    } as const
    const before = await counts(store)
    const outcomes = await Promise.all([store, second, store, second].map((of) => of.execute('revoke', input)))
    const after = await counts(store)
    assert.deepEqual(outcomes.map(kindOf).sort(), ['already', 'already', 'already', 'revoked'])
    assert.deepEqual([after.entries - before.entries, after.events - before.events], [1, 1])
    assert.equal(new Set(outcomes.map((outcome) => 'seq' in outcome && outcome.seq)).size, 1)
  })

  test('STO-32 a missing subject cannot be ended', async () => {
    const { store } = shared()
    const none = 999_999_999_999
    const targets: RevocationTarget[] = [
      { kind: 'session', sessionRow: none },
      { kind: 'token', tokenRow: none },
      { kind: 'account_epoch', accountId: none, expectedEpoch: null, newEpoch: randomUUID() },
    ]
    for (const target of targets) assert.deepEqual(await end(store, target), refused('missing'))
  })

  test('STO-33 entries are delivered in order, whole, and before the commands that appended them are answered', async () => {
    await using opened = await open()
    const { store } = opened
    const account = await addAccount(store)
    const created = await Promise.all(Array.from({ length: 100 }, () => createSession(store, account)))
    const delivered: RevocationEntry[] = []
    const answered: string[] = []
    store.onRevocations(async (entries) => {
      // A listener that needs many turns must still finish before a caller gets its answer.
      for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
      delivered.push(...entries)
    })
    await Promise.all(
      created.map(async ({ session }) => {
        const { output } = await execute(store, { kind: 'session', sessionRow: session.row })
        const isDelivered = delivered.some((entry) => 'seq' in output && entry.seq === output.seq)
        answered.push(`${output.kind} ${isDelivered ? 'delivered' : 'not delivered'}`)
      }),
    )
    const range = await store.log(logStart)
    assert.deepEqual(range, { kind: 'entries', entries: delivered })
    assert.deepEqual(
      answered,
      Array.from({ length: 100 }, () => 'revoked delivered'),
    )
  })

  test('STO-33 a command whose entries could not be applied gets an error', async () => {
    await using opened = await open()
    const { store } = opened
    const { session } = await createSession(store, await addAccount(store))
    store.onRevocations(() => Promise.reject(new Error('memory is gone')))
    const target = { kind: 'session', sessionRow: session.row } as const
    await assert.rejects(execute(store, target), { code: 'STORE_UNAVAILABLE' })
    store.onRevocations(async () => {})
    assert.equal((await execute(store, target)).output.kind, 'already')
  })

  test('STO-34 the log is read from a position on, and a position that is not in it gives `history-changed`', async () => {
    await using opened = await open()
    const { store } = opened
    assert.deepEqual([await store.logHead(), await store.log(logStart)], [logStart, { kind: 'entries', entries: [] }])
    const account = await addAccount(store)
    for (const _ of [1, 2, 3]) {
      await execute(store, {
        kind: 'account_epoch',
        accountId: account.id,
        expectedEpoch: null,
        newEpoch: randomUUID(),
      })
    }
    const whole = await store.log(logStart)
    const entries = whole.kind === 'entries' ? whole.entries : assert.fail()
    const [first, second, third] = entries
    assert.ok(first !== undefined && second !== undefined && third !== undefined)
    assert.deepEqual(
      entries.map(({ seq, kind, atMs }) => [seq, kind, atMs]),
      [
        [1, 'account_epoch', startMs],
        [2, 'account_epoch', startMs],
        [3, 'account_epoch', startMs],
      ],
    )
    assert.equal(new Set(entries.map(({ tag }) => tag)).size, 3)
    assert.deepEqual(await store.log({ seq: 1, tag: first.tag }), { kind: 'entries', entries: [second, third] })
    assert.deepEqual(await store.logHead(), { seq: 3, tag: third.tag })
    assert.deepEqual(await store.log({ seq: 3, tag: third.tag }), { kind: 'entries', entries: [] })
    for (const position of [
      { seq: 1, tag: second.tag },
      { seq: 4, tag: third.tag },
    ]) {
      assert.deepEqual(await store.log(position), { kind: 'history-changed' })
    }
  })
}

function end(store: Store, target: RevocationTarget): ReturnType<typeof effectsOf<'revoke'>> {
  return effectsOf(store, 'revoke', { target, nowMs: startMs, audit: auditOf('revoke') })
}

async function execute(
  store: Store,
  target: RevocationTarget,
): Promise<{ readonly output: Commands['revoke']['output'] }> {
  return { output: await store.execute('revoke', { target, nowMs: startMs, audit: auditOf('revoke') }) }
}

async function counts(store: Store): Promise<{ readonly entries: number; readonly events: number }> {
  const heads = await store.auditHeads()
  return { entries: (await store.logHead()).seq, events: heads.reduce((sum, { seq }) => sum + seq, 0) }
}
