/** Store contract: attachments. A PTY token opens one, and one account at a time is the implementor. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { auditOf, digestOf, startMs } from '../../fixtures/records.ts'
import { effectsOf, type OpenStore, refused, type Shared } from './harness.ts'
import { attach, attachInput, detach, endSession, joinedBy, signedIn, startedBy } from './pty-harness.ts'

/** Registers the tests. */
export function ptyAttachmentRules(shared: Shared, open: OpenStore): void {
  test('STO-54 a PTY token attaches one of a hundred callers that race for it on two connections', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const { token, ptySession } = await startedBy(store, await signedIn(store))
    const inputs = Array.from({ length: 100 }, () => attachInput(token.digest))
    const race = await Promise.all(
      inputs.map((input, index) => (index % 2 === 0 ? store : second).execute('attachPtyToken', input)),
    )
    const winners = inputs.filter((_, index) => race[index]?.kind === 'attached')
    const others = new Set(race.filter(({ kind }) => kind !== 'attached').map(({ kind }) => kind))
    const attachments = await store.ptyAttachments(ptySession.id)
    assert.deepEqual(
      [winners.length, [...others], attachments.map(({ id }) => id)],
      [1, ['used'], [winners[0]?.attachmentId]],
    )
  })

  test('STO-55 a PTY token attaches no caller if it is unknown, used, expired, or if its session, account or PTY session has ended', async () => {
    const { store } = shared()
    const attempt = (digest: Uint8Array, nowMs = startMs) =>
      effectsOf(store, 'attachPtyToken', attachInput(digest, nowMs))
    const caller = await signedIn(store)
    const { token } = await startedBy(store, caller)
    assert.deepEqual(await attempt(digestOf('absent')), refused('unknown'))
    assert.deepEqual(await attempt(token.digest, token.expiresAtMs), refused('expired'))
    assert.equal((await attempt(token.digest, token.expiresAtMs - 1)).output.kind, 'attached')
    assert.deepEqual(await attempt(token.digest, token.expiresAtMs), refused('used'))
    const { token: over, ptySession } = await startedBy(store, caller)
    await store.execute('endPtySession', {
      id: ptySession.id,
      reason: 'ended-by-admin',
      nowMs: startMs,
      audit: auditOf('pty-end'),
    })
    assert.deepEqual(await attempt(over.digest), refused('closed'))
    const { token: ended } = await startedBy(store, caller)
    await endSession(store, caller)
    assert.deepEqual(await attempt(ended.digest), refused('revoked'))
    assert.deepEqual(await attempt(over.digest), refused('revoked'))
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
    assert.deepEqual(await attempt(dead.digest), refused('revoked'))
  })

  test('STO-240 the first attachment makes a PTY session active and takes its slot; all are listed, the oldest first', async () => {
    const { store } = shared()
    const [caller, observer] = [await signedIn(store), await signedIn(store)]
    const { ptySession, token } = await startedBy(store, caller)
    const input = attachInput(token.digest, startMs + 1)
    const { output, log, audit } = await effectsOf(store, 'attachPtyToken', input)
    assert.deepEqual([log, audit], [[], ['pty-attach ok']])
    const active = {
      ...ptySession,
      state: 'active',
      activeAtMs: startMs + 1,
      implementorAccountId: caller.account.id,
    } as const
    const { session, ...rest } = output.kind === 'attached' ? output : assert.fail()
    assert.deepEqual(rest, { kind: 'attached', token, account: caller.account, ptySession: active })
    assert.equal(session.row, caller.sessionRow)
    const observing = await joinedBy(store, observer, { ptySessionId: ptySession.id })
    const watching = await attach(store, observing, startMs + 2)
    assert.deepEqual(await store.ptySessionById(ptySession.id), active)
    const common = { ptySessionId: ptySession.id, ip: '192.0.2.7', leftAtMs: null, cause: null }
    const { account } = observer
    assert.deepEqual(await store.ptyAttachments(ptySession.id), [
      {
        ...common,
        id: input.attachmentId,
        accountId: caller.account.id,
        username: caller.account.username,
        role: 'implementor',
        joinedAtMs: startMs + 1,
      },
      {
        ...common,
        id: watching,
        accountId: account.id,
        username: account.username,
        role: 'observer',
        joinedAtMs: startMs + 2,
      },
    ])
    assert.deepEqual(await store.ptyAttachments(randomUUID()), [])
  })

  test('STO-240 the event of an attachment has its account and its PTY session', async () => {
    await using opened = await open()
    const { store } = opened
    const { account, ...caller } = await signedIn(store)
    const { ptySession, token } = await startedBy(store, { account, ...caller })
    await attach(store, token)
    const events = await store.auditEvents('server', { afterSeq: 0, limit: 100 })
    const { action, account: by, username, subject } = JSON.parse(events.at(-1)?.text ?? '') as Record<string, unknown>
    assert.deepEqual(
      { action, by, username, subject },
      {
        action: 'pty-attach',
        by: account.id,
        username: account.username,
        subject: `pty_session:${ptySession.id}`,
      },
    )
  })

  test('STO-240 if implementors race on two connections, one is attached, and the token of the other stays valid', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const [caller, other] = [await signedIn(store), await signedIn(store)]
    const { ptySession, token } = await startedBy(store, caller)
    const first = await attach(store, token)
    await detach(store, first)
    const tokens = [
      await joinedBy(store, caller, { ptySessionId: ptySession.id, role: 'implementor' }),
      await joinedBy(store, other, { ptySessionId: ptySession.id, role: 'implementor' }),
    ] as const
    const race = await Promise.all([
      store.execute('attachPtyToken', attachInput(tokens[0].digest)),
      second.execute('attachPtyToken', attachInput(tokens[1].digest)),
    ])
    assert.deepEqual(race.map(({ kind }) => kind).sort(), ['attached', 'implementor-present'])
    const [won, lost] = race[0].kind === 'attached' ? tokens : [tokens[1], tokens[0]]
    await store.execute('freePtySlot', { ptySessionId: ptySession.id, accountId: won.accountId })
    assert.equal((await store.execute('attachPtyToken', attachInput(lost.digest))).kind, 'attached')
  })

  test('STO-241 an attachment leaves once, and frees the slot', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    const { ptySession, token } = await startedBy(store, caller)
    const id = await attach(store, token)
    const holder = async () => (await store.ptySessionById(ptySession.id))?.implementorAccountId
    assert.deepEqual(await detach(store, id, { freesSlot: false, cause: 'dropped', nowMs: startMs + 1 }), {
      output: { kind: 'detached' },
      log: [],
      audit: ['pty-detach ok'],
    })
    assert.deepEqual(await detach(store, id, { nowMs: startMs + 2 }), refused('detached'))
    assert.deepEqual(await detach(store, randomUUID()), refused('missing'))
    const [left] = await store.ptyAttachments(ptySession.id)
    assert.deepEqual([left?.leftAtMs, left?.cause, await holder()], [startMs + 1, 'dropped', caller.account.id])
    const { token: next, ptySession: other } = await startedBy(store, caller)
    await detach(store, await attach(store, next))
    assert.equal((await store.ptySessionById(other.id))?.implementorAccountId, null)
  })

  test('STO-241 the slot is freed only if that is requested, and an observer that leaves frees none', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    const { ptySession, token } = await startedBy(store, caller)
    const ptySessionId = ptySession.id
    const slot = { ptySessionId, accountId: caller.account.id }
    const dropped = await attach(store, token)
    await store.execute('freePtySlot', slot)
    const again = await attach(store, await joinedBy(store, caller, { ptySessionId, role: 'implementor' }))
    const watching = await attach(store, await joinedBy(store, caller, { ptySessionId }))
    const holder = async () => (await store.ptySessionById(ptySessionId))?.implementorAccountId
    await detach(store, watching)
    await detach(store, dropped, { freesSlot: false })
    assert.equal(await holder(), caller.account.id)
    await detach(store, again)
    assert.equal(await holder(), null)
  })

  test('STO-242 only its holder frees a slot, and it can be taken back while it is free and the PTY session active', async () => {
    const { store } = shared()
    const [caller, other] = [await signedIn(store), await signedIn(store)]
    const { ptySession, token } = await startedBy(store, caller)
    const slotOf = (accountId: number, ptySessionId = ptySession.id) => ({ ptySessionId, accountId })
    const free = (accountId: number) => effectsOf(store, 'freePtySlot', slotOf(accountId))
    const retake = (accountId: number, id = ptySession.id) => effectsOf(store, 'retakePtySlot', slotOf(accountId, id))
    assert.deepEqual(await retake(caller.account.id), refused('missing'))
    await attach(store, token)
    assert.deepEqual(await free(other.account.id), refused('missing'))
    assert.deepEqual(await retake(other.account.id), refused('implementor-present'))
    assert.deepEqual(await free(caller.account.id), refused('freed'))
    assert.deepEqual(await free(caller.account.id), refused('missing'))
    assert.deepEqual(await retake(other.account.id), refused('taken'))
    assert.equal((await store.ptySessionById(ptySession.id))?.implementorAccountId, other.account.id)
    assert.deepEqual(await retake(caller.account.id), refused('implementor-present'))
    assert.deepEqual(await retake(caller.account.id, randomUUID()), refused('missing'))
    const close = { id: ptySession.id, reason: 'idle', exitCode: null, nowMs: startMs } as const
    await store.execute('closePtySession', { ...close, audit: auditOf('pty-end') })
    assert.deepEqual(await retake(caller.account.id), refused('missing'))
  })
}
