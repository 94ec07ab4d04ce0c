/** Store contract: signing keys, audit chains, and commands that run in one batch. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { chainInput, chainStart } from '../../../src/core/audit/event.ts'
import type { Store } from '../../../src/core/store.ts'
import { auditOf, digestOf, newSession, organization, signingKey, startMs } from '../../fixtures/records.ts'
import {
  addAccount,
  createSession,
  effectsOf,
  exchangeInput,
  kindOf,
  type OpenStore,
  refused,
  type Shared,
  sessionInput,
} from './harness.ts'

/** Registers the tests. */
export function batchRules(shared: Shared, open: OpenStore): void {
  test('STO-60 a generation of a key is created once, and older ones are deleted', async () => {
    const { store } = shared()
    const audit = auditOf('signing-key')
    const [first, second] = [signingKey(), signingKey({ generation: 2, kid: 'control-2' })]
    const secret = signingKey({ name: 'pty', publicJwk: null, sealed: digestOf('secret') })
    const added = { output: { kind: 'added' }, log: [], audit: ['signing-key ok'] }
    for (const key of [first, secret, second]) assert.deepEqual(await effectsOf(store, 'addKey', { key, audit }), added)
    const other = signingKey({ generation: 2, kid: 'made elsewhere' })
    assert.deepEqual(await effectsOf(store, 'addKey', { key: other, audit }), refused('exists'))
    assert.deepEqual(await store.keys(), [first, second, secret])
    const retire = () => effectsOf(store, 'retireKeys', { name: 'control', generation: 2, audit })
    assert.deepEqual(await retire(), { ...added, output: { kind: 'done' } })
    assert.deepEqual(await retire(), refused('done'))
    assert.deepEqual(await store.keys(), [second, secret])
  })

  test('STO-61 events form a chain in which every hash follows from the one before, however many write at once', async () => {
    await using opened = await open()
    const { store } = opened
    const events = Array.from({ length: 150 }, (_, index) => auditOf('revoke', { subject: `session:${index}` }))
    await Promise.all(events.map((event) => store.execute('appendAudit', { events: [event] })))
    await store.execute('appendAudit', { events: events.slice(0, 2) })
    const [head, ...others] = await store.auditHeads()
    assert.ok(head !== undefined && others.length === 0)
    const pages = [
      await store.auditEvents(head.chain, { afterSeq: 0, limit: 100 }),
      await store.auditEvents(head.chain, { afterSeq: 100, limit: 100 }),
    ]
    let hash = chainStart
    for (const [index, event] of pages.flat().entries()) {
      hash = createHash('sha256').update(chainInput(hash, event.text)).digest('hex')
      assert.deepEqual([event.chain, event.seq, event.hash], [head.chain, index + 1, hash])
    }
    assert.deepEqual(head, { chain: head.chain, seq: 152, hash, mark: null })
  })

  test('STO-61 another process writes its own chain', async () => {
    await using opened = await open()
    const { store, openSecond } = opened
    const second = await openSecond()
    await store.execute('appendAudit', { events: [auditOf('revoke')] })
    await second.execute('appendAudit', { events: [auditOf('setup'), auditOf('setup')] })
    assert.deepEqual(
      (await store.auditHeads()).map(({ chain, seq }) => [chain, seq]),
      [
        ['command', 2],
        ['server', 1],
      ],
    )
  })

  test('STO-270 if seals race for a number, one is stored, and only the next number follows', async () => {
    await using opened = await open()
    const { store, openSecond } = opened
    const second = await openSecond()
    const seal = (seq: number, text: string) => ({ seal: { seq, text, signature: `of ${text}` } })
    assert.deepEqual(await effectsOf(store, 'appendAuditSeal', seal(2, 'early')), refused('raced'))
    const racers = [store, second, store, second]
    const raced = await Promise.all(
      racers.map((one, index) => one.execute('appendAuditSeal', seal(1, `racer ${index}`))),
    )
    const winner = raced.findIndex(({ kind }) => kind === 'appended')
    assert.deepEqual(raced.map(kindOf).sort(), ['appended', 'raced', 'raced', 'raced'])
    assert.deepEqual(await effectsOf(second, 'appendAuditSeal', seal(2, 'next')), refused('appended'))
    const kept = [seal(1, `racer ${winner}`).seal, seal(2, 'next').seal]
    assert.deepEqual(await store.auditSeals({ afterSeq: 0, limit: 10 }), kept)
    assert.deepEqual(await second.auditSeals({ afterSeq: 1, limit: 10 }), kept.slice(1))
    assert.deepEqual(await store.lastAuditSeal(), kept[1])
  })

  test('STO-62 a command that fails leaves nothing behind and does not fail commands beside it', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const { session, token } = await createSession(store, account)
    const before = await store.logHead()
    const clash = newSession({ account, row: store.nextRow('session'), id: session.id })
    const failing = sessionInput(store, account, { session: clash })
    const good = sessionInput(store, account)
    const [home, exchange] = [organization(), exchangeInput(store, token)]
    const outcomes = await Promise.allSettled([
      store.execute('createSession', good),
      store.execute('createSession', failing),
      store.execute('addOrganization', { organization: home, audit: auditOf('organization') }),
      store.execute('revoke', {
        target: { kind: 'token', tokenRow: good.token.row },
        nowMs: startMs,
        audit: auditOf('revoke'),
      }),
      store.execute('exchangeToken', exchange),
    ])
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? kindOf(outcome.value) : outcome.reason.code)),
      ['created', 'STORE_UNAVAILABLE', 'added', 'revoked', 'exchanged'],
    )
    const failure = outcomes[1]?.status === 'rejected' ? outcomes[1].reason : null
    assert.match(failure.cause.message, /UNIQUE constraint failed: sessions.id/)
    assert.equal((await store.logHead()).seq, before.seq + 1)
    const failed = await store.token({ digest: failing.token.accessDigest, row: failing.token.row })
    assert.deepEqual([failed, (await store.liveSessions(account.id)).length], [null, 2])
    assert.deepEqual(await store.organizationById(home.id), home)
  })

  test('STO-63 hundreds of commands at once are each answered with their own result', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const inputs = Array.from({ length: 300 }, () => sessionInput(store, account))
    const outcomes = await Promise.all(inputs.map((input) => store.execute('createSession', input)))
    const rows = (await store.liveSessions(account.id)).map(({ row }) => row)
    assert.deepEqual(
      [new Set(outcomes.map(kindOf)), rows],
      [new Set(['created']), inputs.map(({ session }) => session.row)],
    )
  })

  test('STO-64 the effects of an answered command are there when the store is opened again', async () => {
    await using opened = await open()
    const { store, reopen } = opened
    const account = await addAccount(store, { email: 'ada@example.org', groups: ['web'] })
    const { session, token } = await createSession(store, account)
    const before = await snapshotOf(store, account.id)
    const again = await reopen()
    assert.deepEqual(await snapshotOf(again, account.id), before)
    assert.equal((await again.token({ digest: token.accessDigest, row: token.row }))?.session.id, session.id)
    const numbers = [again.nextRow('session') > session.row, again.nextRow('token') > token.row]
    assert.deepEqual(numbers, [true, true])
  })

  test('STO-65 a closed store answers earlier commands, and refuses all later ones', async () => {
    await using opened = await open()
    const { store } = opened
    const asked = store.execute('appendAudit', { events: [auditOf('setup')] })
    const closing = store.close()
    assert.deepEqual(await asked, { kind: 'done' })
    await Promise.all([closing, store.close()])
    await assert.rejects(store.execute('appendAudit', { events: [] }), { code: 'STORE_UNAVAILABLE' })
    await assert.rejects(store.accountById(1), { code: 'STORE_UNAVAILABLE' })
  })

  test('STO-66 bytes are stored unchanged, also from a part of a larger buffer', async () => {
    const { store } = shared()
    const pool = Buffer.from(`${randomUUID()}${'x'.repeat(32)}y`)
    const key = signingKey({ name: 'koyeb', sealed: pool.subarray(36, 68) })
    await store.execute('addKey', { key, audit: auditOf('signing-key') })
    const kept = (await store.keys()).find(({ name }) => name === 'koyeb')
    assert.deepEqual(kept?.sealed, new TextEncoder().encode('x'.repeat(32)))
  })
}

async function snapshotOf(store: Store, accountId: number): Promise<unknown> {
  return [
    await store.accountById(accountId),
    await store.liveSessions(accountId),
    await store.logHead(),
    await store.auditHeads(),
  ]
}
