/** Store contract: PTY sessions from their start to their end. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Commands } from '../../../src/core/store.ts'
import type { PtyTokenRow } from '../../../src/core/terminals/commands.ts'
import type { EndReason } from '../../../src/core/terminals/ends.ts'
import { auditOf, ptyToken, roomyLimits, startMs } from '../../fixtures/records.ts'
import { effectsOf, type OpenStore, refused, type Shared } from './harness.ts'
import { attach, endSession, idsOf, joinedBy, seenOf, signedIn, startedBy, startInput } from './pty-harness.ts'

/** Registers the tests. */
export function ptySessionRules(shared: Shared, open: OpenStore): void {
  test('STO-52 a PTY session is started by a live session of a live and unchanged account', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    const start = (by = caller, parts: Partial<Commands['startPtySession']['input']> = {}) =>
      effectsOf(store, 'startPtySession', { ...startInput(by), ...parts })
    const { output, log, audit } = await start()
    assert.deepEqual([output, log, audit], [{ kind: 'started' }, [], ['pty-start ok']])
    const other = await signedIn(store)
    const stale: [typeof caller, Partial<Commands['startPtySession']['input']>][] = [
      [{ ...caller, sessionRow: other.sessionRow }, {}],
      [caller, { seen: { epoch: randomUUID(), passwordHash: caller.account.passwordHash } }],
      [caller, { seen: { epoch: caller.account.epoch, passwordHash: 'an older one' } }],
      [caller, { nowMs: startMs + 3_600_000 }],
    ]
    for (const [by, parts] of stale) assert.deepEqual(await start(by, parts), refused('stale'))
    await endSession(store, caller)
    assert.deepEqual(await start(), refused('stale'))
  })

  test('STO-53 a PTY session is joined while it is active, by one implementor and any number of observers', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    const { ptySession: started, token } = await startedBy(store, caller)
    const slot = { ptySessionId: started.id, accountId: caller.account.id }
    const join = (parts: Partial<PtyTokenRow> = {}, seen = seenOf(caller)) =>
      effectsOf(store, 'joinPtySession', {
        token: ptyToken({ ...idsOf(caller), ptySessionId: started.id, isStart: false, ...parts }),
        seen,
        limits: roomyLimits,
        nowMs: startMs,
        audit: auditOf('pty-join'),
      })
    assert.deepEqual(await join(), refused('not-active'))
    assert.deepEqual(await join({ ptySessionId: randomUUID() }), refused('not-active'))
    await attach(store, token)
    assert.deepEqual(await join(), refused('implementor-present'))
    assert.equal((await join({ role: 'observer' })).output.kind, 'joined')
    await store.execute('freePtySlot', slot)
    assert.deepEqual(await join(), { output: { kind: 'joined' }, log: [], audit: ['pty-join ok'] })
    assert.deepEqual(await join({}, { ...seenOf(caller), passwordHash: null }), refused('stale'))
    await store.execute('closePtySession', closing(started.id))
    assert.deepEqual(await join({ role: 'observer' }), refused('not-active'))
  })

  test('STO-243 a PTY session ends once, with the first reason, and every remaining attachment ends with it', async () => {
    const { store } = shared()
    const caller = await signedIn(store)
    const { ptySession, token } = await startedBy(store, caller)
    const ids = [await attach(store, token, startMs + 1)]
    const watching = await joinedBy(store, caller, { ptySessionId: ptySession.id })
    ids.push(await attach(store, watching, startMs + 2))
    const left = { attachmentId: ids[1] ?? '', cause: 'left', freesSlot: true, nowMs: startMs + 3 }
    await store.execute('detachPtyAttachment', { ...left, audit: auditOf('pty-detach') })
    const close = (parts: Partial<Commands['closePtySession']['input']> = {}) =>
      effectsOf(store, 'closePtySession', { ...closing(ptySession.id), nowMs: startMs + 4, exitCode: 7, ...parts })
    assert.deepEqual(await close(), { output: { kind: 'closed' }, log: [], audit: ['pty-end ok'] })
    assert.deepEqual(await close({ reason: 'idle', exitCode: 0, nowMs: startMs + 5 }), refused('already'))
    assert.deepEqual(await close({ id: randomUUID() }), refused('missing'))
    assert.deepEqual(await store.ptySessionById(ptySession.id), {
      ...ptySession,
      state: 'closed',
      activeAtMs: startMs + 1,
      closedAtMs: startMs + 4,
      endReason: 'shell-exit',
      exitCode: 7,
    })
    const attachments = await store.ptyAttachments(ptySession.id)
    assert.deepEqual(
      attachments.map(({ id, leftAtMs, cause }) => [id, leftAtMs, cause]),
      [
        [ids[0], startMs + 4, 'shell-exit'],
        [ids[1], startMs + 3, 'left'],
      ],
    )
  })

  test('STO-244 the end of a PTY session is requested once, with an entry, and its reason stays', async () => {
    const { store } = shared()
    const { ptySession, token } = await startedBy(store, await signedIn(store))
    await attach(store, token)
    const end = (id: string, reason: EndReason) =>
      effectsOf(store, 'endPtySession', { id, reason, nowMs: startMs + 1, audit: auditOf('pty-end') })
    const asked = { output: { kind: 'asked' }, log: [`pty_session ${ptySession.id}`], audit: ['pty-end ok'] }
    assert.deepEqual(await end(ptySession.id, 'ended-by-admin'), asked)
    assert.deepEqual(await end(ptySession.id, 'ended-by-observer'), refused('already'))
    const running = await store.ptySessionById(ptySession.id)
    assert.deepEqual([running?.state, running?.endReason, running?.closedAtMs], ['active', 'ended-by-admin', null])
    await store.execute('closePtySession', closing(ptySession.id))
    assert.deepEqual(await end(ptySession.id, 'ended-by-admin'), refused('already'))
    assert.deepEqual(await end(randomUUID(), 'ended-by-admin'), refused('missing'))
    const over = await store.ptySessionById(ptySession.id)
    assert.deepEqual([over?.state, over?.endReason, over?.exitCode], ['closed', 'ended-by-admin', 0])
  })

  test('STO-244 a PTY session that was never opened ends as soon as its end is requested', async () => {
    const { store } = shared()
    const { ptySession } = await startedBy(store, await signedIn(store))
    const asked = await effectsOf(store, 'endPtySession', {
      id: ptySession.id,
      reason: 'ended-by-admin',
      nowMs: startMs + 1,
      audit: auditOf('pty-end'),
    })
    assert.deepEqual(asked.log, [`pty_session ${ptySession.id}`])
    const over = { ...ptySession, state: 'closed', closedAtMs: startMs + 1, endReason: 'ended-by-admin' }
    assert.deepEqual(await store.ptySessionById(ptySession.id), over)
  })

  test('STO-245 sessions that were active when their process stopped are closed as lost, with an event each; unopened ones stay', async () => {
    await using opened = await open()
    const { store } = opened
    const caller = await signedIn(store)
    const [lost, asked, waiting, over] = [
      await startedBy(store, caller, { createdAtMs: startMs }),
      await startedBy(store, caller, { createdAtMs: startMs + 1 }),
      await startedBy(store, caller),
      await startedBy(store, caller),
    ]
    for (const { token } of [lost, asked, over]) await attach(store, token)
    const id = asked.ptySession.id
    await store.execute('endPtySession', { id, reason: 'ended-by-admin', nowMs: startMs, audit: auditOf('pty-end') })
    await store.execute('closePtySession', closing(over.ptySession.id))
    const close = () => effectsOf(store, 'closeLostPtySessions', { nowMs: startMs + 9, audit: auditOf('pty-end') })
    const ids = [lost.ptySession.id, id]
    assert.deepEqual(await close(), { output: { ids }, log: [], audit: ['pty-end ok', 'pty-end ok'] })
    assert.deepEqual(await close(), { output: { ids: [] }, log: [], audit: [] })
    const found = await Promise.all(
      [lost, asked, waiting, over].map(({ ptySession }) => store.ptySessionById(ptySession.id)),
    )
    assert.deepEqual(
      found.map((one) => [one?.state, one?.endReason]),
      [
        ['closed', 'node-lost'],
        ['closed', 'ended-by-admin'],
        ['created', null],
        ['closed', 'shell-exit'],
      ],
    )
    const [attachment] = await store.ptyAttachments(lost.ptySession.id)
    assert.deepEqual([attachment?.leftAtMs, attachment?.cause], [startMs + 9, 'node-lost'])
    const events = await store.auditEvents('server', { afterSeq: 0, limit: 100 })
    const stored = events.map(({ text }) => JSON.parse(text) as { subject?: string; detail?: object })
    assert.deepEqual(
      stored.slice(-2).map(({ subject, detail }) => [subject, detail]),
      [
        [`pty_session:${lost.ptySession.id}`, { reason: 'node-lost' }],
        [`pty_session:${id}`, { reason: 'ended-by-admin' }],
      ],
    )
  })
}

function closing(id: string): Commands['closePtySession']['input'] {
  return { id, reason: 'shell-exit', exitCode: 0, nowMs: startMs + 1, audit: auditOf('pty-end') }
}
