/** Store contract: the limits of one account, also when callers race for the last place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../../../src/core/store.ts'
import type { PtyTokenRow } from '../../../src/core/terminals/commands.ts'
import { auditOf, ptyToken, roomyLimits, startMs } from '../../fixtures/records.ts'
import { effectsOf, kindOf, refused, type Shared } from './harness.ts'
import {
  attach,
  attachInput,
  type Caller,
  detach,
  idsOf,
  joinedBy,
  joinInput,
  type Started,
  signedIn,
  startedBy,
  startInput,
} from './pty-harness.ts'

/** Registers the tests. */
export function ptyLimitRules(shared: Shared): void {
  test('STO-254 if an account opens terminals on two connections at once, no more are attached than its limit', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const caller = await signedIn(store)
    const started = await startedTimes(store, caller, 8)
    const enter = (on: Store, { token }: Started) =>
      on.execute('attachPtyToken', { ...attachInput(token.digest), limits: { terminals: 3 } })
    const race = await Promise.all(started.map((one, index) => enter(index % 2 === 0 ? store : second, one)))
    const kinds = race.map(({ kind }) => kind)
    assert.deepEqual(countsOf(kinds), { attached: 3, 'too-many-terminals': 5 })
    const [running, refusedOne] = ['attached' as const, 'too-many-terminals' as const].map(
      (wanted) => started[kinds.indexOf(wanted)] ?? assert.fail(),
    ) as [Started, Started]
    await close(store, running)
    assert.equal(kindOf(await enter(store, refusedOne)), 'attached')
  })

  test('STO-254 a terminal counts for its implementor, or its last one, until it ends, and not for observers', async () => {
    const { store } = shared()
    const [caller, other] = [await signedIn(store), await signedIn(store)]
    const limits = { ...roomyLimits, terminals: 2 }
    const start = (by: Caller) => effectsOf(store, 'startPtySession', { ...startInput(by), limits })
    const join = (by: Caller, { ptySession }: Started, role: PtyTokenRow['role']) => {
      const token = ptyToken({ ...idsOf(by), ptySessionId: ptySession.id, isStart: false, role })
      return effectsOf(store, 'joinPtySession', { ...joinInput(by, token), limits })
    }
    const [left, held, third] = (await startedTimes(store, caller, 3)) as [Started, Started, Started]
    await detach(store, await attach(store, left.token))
    await attach(store, await joinedBy(store, other, { ptySessionId: left.ptySession.id }))
    assert.equal((await start(caller)).output.kind, 'started')
    await attach(store, held.token)
    assert.deepEqual(await start(caller), refused('too-many-terminals'))
    const own = await startedBy(store, other)
    await detach(store, await attach(store, own.token))
    assert.deepEqual(await join(caller, own, 'implementor'), refused('too-many-terminals'))
    assert.equal((await join(caller, own, 'observer')).output.kind, 'joined')
    assert.equal((await join(caller, left, 'implementor')).output.kind, 'joined')
    const entering = { ...attachInput(third.token.digest), limits }
    assert.deepEqual(await effectsOf(store, 'attachPtyToken', entering), refused('too-many-terminals'))
    const taken = await joinedBy(store, other, { ptySessionId: left.ptySession.id, role: 'implementor' })
    const takenBy = await attach(store, taken)
    assert.deepEqual(
      [(await start(other)).output.kind, (await start(caller)).output.kind],
      ['too-many-terminals', 'started'],
    )
    await detach(store, takenBy)
    assert.equal((await start(other)).output.kind, 'too-many-terminals')
    await store.execute('retakePtySlot', { ptySessionId: left.ptySession.id, accountId: caller.account.id })
    assert.deepEqual(
      [(await start(other)).output.kind, (await start(caller)).output.kind],
      ['started', 'too-many-terminals'],
    )
    await close(store, held)
    assert.equal((await start(caller)).output.kind, 'started')
  })

  test('STO-255 if an account asks for PTY tokens on two connections at once, no more are created than its limit', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const caller = await signedIn(store)
    const limits = { ...roomyLimits, unusedTokens: 4 }
    const race = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? store : second).execute('startPtySession', { ...startInput(caller), limits }),
      ),
    )
    assert.deepEqual(countsOf(race.map(({ kind }) => kind)), { started: 4, 'too-many-tokens': 6 })
  })

  test('STO-255 start and join tokens count for their account until they are used or expire', async () => {
    const { store } = shared()
    const [caller, other] = [await signedIn(store), await signedIn(store)]
    const limits = { ...roomyLimits, unusedTokens: 2 }
    const start = (nowMs = startMs) => effectsOf(store, 'startPtySession', { ...startInput(caller), limits, nowMs })
    const first = await startedBy(store, caller)
    const expiresAtMs = startMs + 60_000
    const second = await joinedBy(store, caller, { ...(await running(store, other)), expiresAtMs })
    const tooMany = { output: { kind: 'too-many-tokens', freeAtMs: expiresAtMs }, log: [], audit: [] }
    assert.deepEqual(await start(), tooMany)
    const token = ptyToken({ ...idsOf(caller), ptySessionId: second.ptySessionId, isStart: false, role: 'observer' })
    assert.deepEqual(await effectsOf(store, 'joinPtySession', { ...joinInput(caller, token), limits }), tooMany)
    assert.equal((await start(expiresAtMs - 1)).output.kind, 'too-many-tokens')
    assert.equal((await start(expiresAtMs)).output.kind, 'started')
    await attach(store, first.token)
    assert.equal((await start(expiresAtMs)).output.kind, 'started')
    assert.equal((await start(expiresAtMs)).output.kind, 'too-many-tokens')
  })
}

async function startedTimes(store: Store, caller: Caller, times: number): Promise<Started[]> {
  return Promise.all(Array.from({ length: times }, () => startedBy(store, caller)))
}

/** Opens a terminal of the caller and returns the facts to join it. */
async function running(store: Store, caller: Caller): Promise<{ readonly ptySessionId: string }> {
  const { ptySession, token } = await startedBy(store, caller)
  await attach(store, token)
  return { ptySessionId: ptySession.id }
}

async function close(store: Store, { ptySession }: Started): Promise<void> {
  const end = { id: ptySession.id, reason: 'shell-exit', exitCode: 0, nowMs: startMs } as const
  assert.equal(kindOf(await store.execute('closePtySession', { ...end, audit: auditOf('pty-end') })), 'closed')
}

function countsOf(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
