/** Store contract: the exchange of tokens, its repeats and its races. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Account } from '../../../src/core/accounts/account.ts'
import type { TokenRow } from '../../../src/core/sessions/token.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import { auditOf, digestOf, newSession, opaqueToken, startMs, startSeconds } from '../../fixtures/records.ts'
import {
  addAccount,
  createSession,
  type Effects,
  effectsOf,
  exchangeInput,
  kindOf,
  refused,
  type Shared,
} from './harness.ts'

type Input = Commands['exchangeToken']['input']
type Outcome = Effects<Commands['exchangeToken']['output']>

/** Registers the tests. */
export function exchangeRules(shared: Shared): void {
  test('STO-20 a token is exchanged for a successor in the same session, and stays valid until its own end', async () => {
    const { store } = shared()
    const { account, session, token } = await signedIn(store)
    const input = exchangeInput(store, token, { nowMs: startMs + 60_000 })
    assert.deepEqual(await run(store, input), { output: { kind: 'exchanged' }, log: [], audit: ['refresh ok'] })
    const { successor } = input
    const [old, next] = [
      await store.token({ digest: token.accessDigest, row: token.row }),
      await store.token({ digest: successor.accessDigest, row: successor.row }),
    ]
    assert.deepEqual(
      [old?.tokenRevokedSeq, old?.session, next?.session.row, next?.session.lastSeenAt, next?.account],
      [null, next?.session, session.row, startSeconds + 60, account],
    )
  })

  test('STO-21 a repeat gets the first answer: within 30 s always, later while the successor was not presented', async () => {
    const { store } = shared()
    const { token } = await signedIn(store)
    const first = exchangeInput(store, token)
    await run(store, first)
    const repeat = (afterMs: number) => run(store, exchangeInput(store, token, { nowMs: startMs + afterMs }))
    const same: Outcome = { output: { kind: 'repeated', sealedAnswer: first.sealedAnswer }, log: [], audit: [] }
    assert.deepEqual(await repeat(0), same)
    assert.deepEqual(await repeat(45_000), same)
    await run(store, exchangeInput(store, first.successor, { nowMs: startMs + 1_000 }))
    assert.deepEqual(await repeat(29_999), same)
  })

  test('STO-22 any other repeat of a refresh token ends its session, and its event says reuse', async () => {
    const { store } = shared()
    const { session, token } = await signedIn(store)
    const first = exchangeInput(store, token)
    await run(store, first)
    await run(store, exchangeInput(store, first.successor, { nowMs: startMs + 1_000 }))
    const again = exchangeInput(store, token, { nowMs: startMs + 30_000 })
    assert.deepEqual(await run(store, again), {
      output: { kind: 'reused' },
      log: [`session ${session.row}`],
      audit: ['refresh-reuse refused REFRESH_REUSED'],
    })
    assert.deepEqual(await run(store, again), refused('revoked'))
  })

  test('STO-22 a repeat after its answer was erased is reuse', async () => {
    const { store } = shared()
    const { token } = await signedIn(store)
    const first = exchangeInput(store, token)
    await run(store, first)
    await run(store, exchangeInput(store, first.successor, { nowMs: startMs + 30_000 }))
    assert.equal((await run(store, exchangeInput(store, token, { nowMs: startMs }))).output.kind, 'reused')
  })

  test('STO-23 a token with an unknown row or digest exchanges nothing', async () => {
    const { store } = shared()
    const { token } = await signedIn(store)
    const opaque = await signedIn(store, 'opaque')
    const inputs = [
      exchangeInput(store, token, { tokenRow: 999_999_999_999 }),
      exchangeInput(store, token, { presentedDigest: token.accessDigest }),
      exchangeInput(store, token, { presentedDigest: token.refreshDigest?.subarray(1) ?? assert.fail() }),
      exchangeInput(store, token, { mode: 'access' }),
      exchangeInput(store, opaque.token, { mode: 'refresh' }),
    ]
    for (const input of inputs) assert.deepEqual(await run(store, input), refused('unknown'))
  })

  test('STO-24 a token whose session, account or own half has ended exchanges nothing', async () => {
    const { store } = shared()
    const end = (target: Commands['revoke']['input']['target']) =>
      store.execute('revoke', { target, nowMs: startMs, audit: auditOf('revoke') })
    const refresh = await signedIn(store)
    const access = await signedIn(store, 'opaque', startSeconds + 100)
    const late = (token: TokenRow, seconds: number) =>
      run(store, exchangeInput(store, token, { nowMs: startMs + seconds * 1_000 })).then(({ output }) => kindOf(output))
    assert.deepEqual([await late(refresh.token, 3_600), await late(access.token, 100)], ['expired', 'expired'])
    assert.deepEqual([await late(refresh.token, 3_599), await late(access.token, 99)], ['exchanged', 'exchanged'])

    const [session, token, refreshed, epoch, disabled] = [
      await signedIn(store),
      await signedIn(store, 'opaque'),
      await signedIn(store),
      await signedIn(store),
      await signedIn(store),
    ]
    await end({ kind: 'session', sessionRow: session.session.row })
    await end({ kind: 'token', tokenRow: token.token.row })
    await end({ kind: 'token', tokenRow: refreshed.token.row })
    await end({ kind: 'account_epoch', accountId: epoch.account.id, expectedEpoch: null, newEpoch: randomUUID() })
    await store.execute('changeAccount', {
      accountId: disabled.account.id,
      change: { status: 'disabled' },
      rotation: null,
      seen: null,
      nowMs: startMs,
      audit: auditOf('account-change'),
    })
    for (const dead of [session, token, refreshed, epoch, disabled]) {
      assert.deepEqual(await run(store, exchangeInput(store, dead.token)), refused('revoked'))
    }
  })

  test('STO-24 a session that was idle too long exchanges nothing', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const session = newSession({ account, row: store.nextRow('session'), idleSeconds: 60 })
    const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row })
    await createSession(store, account, { session, token })
    const at = (seconds: number) => run(store, exchangeInput(store, token, { nowMs: startMs + seconds * 1_000 }))
    assert.deepEqual(await at(60), refused('expired'))
    assert.equal((await at(59)).output.kind, 'exchanged')
  })

  test('STO-25 a successor with the digest of another token is refused, and the exchange can be tried again', async () => {
    const { store } = shared()
    const { token } = await signedIn(store, 'opaque')
    const input = exchangeInput(store, token)
    const successor = { ...input.successor, isIndexed: true, accessDigest: token.accessDigest }
    assert.deepEqual(await run(store, { ...input, successor }), refused('token-taken'))
    assert.equal((await run(store, input)).output.kind, 'exchanged')
  })

  test('STO-26 a live access token gets the same answer within 30 s and another one later, and is never reuse', async () => {
    const { store } = shared()
    const { token } = await signedIn(store, 'opaque')
    const at = (ms: number) => exchangeInput(store, token, { nowMs: startMs + ms })
    const [first, second, third] = [at(0), at(29_999), at(30_000)]
    assert.equal((await run(store, first)).output.kind, 'exchanged')
    assert.deepEqual((await run(store, second)).output, { kind: 'repeated', sealedAnswer: first.sealedAnswer })
    assert.equal((await run(store, third)).output.kind, 'exchanged')
    await run(store, {
      ...exchangeInput(store, first.successor),
      mode: 'access',
      presentedDigest: first.successor.accessDigest,
    })
    const repeated = await run(store, at(31_000))
    assert.deepEqual(repeated.output, { kind: 'repeated', sealedAnswer: third.sealedAnswer })
  })

  test('STO-27 beyond its limit of live tokens the oldest of a session end, and their refresh tokens still repeat', async () => {
    const { store } = shared()
    const { token } = await signedIn(store)
    const first = exchangeInput(store, token, { maxLiveTokens: 2 })
    assert.deepEqual((await run(store, first)).log, [])
    const second = exchangeInput(store, first.successor, { maxLiveTokens: 2 })
    const hex = Buffer.from(token.accessDigest).toString('hex')
    assert.deepEqual((await run(store, second)).log, [`token ${hex}`])
    const record = await store.token({ digest: token.accessDigest, row: token.row })
    assert.notEqual(record?.tokenRevokedSeq, null)
    const third = exchangeInput(store, second.successor, { maxLiveTokens: 2 })
    const next = Buffer.from(first.successor.accessDigest).toString('hex')
    assert.deepEqual((await run(store, third)).log, [`token ${next}`])
    const repeated = await run(store, exchangeInput(store, token, { nowMs: startMs + 1_000 }))
    assert.deepEqual(repeated.output, { kind: 'repeated', sealedAnswer: first.sealedAnswer })
  })

  test('STO-28 if two connections refresh one token at once, one exchanges, and all others get its answer', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    for (let round = 0; round < 10; round += 1) {
      const { token } = await signedIn(store)
      const inputs = Array.from({ length: 8 }, () => exchangeInput(store, token))
      const outcomes = await Promise.all(
        inputs.map((input, index) => (index % 2 === 0 ? store : second).execute('exchangeToken', input)),
      )
      const winner = outcomes.findIndex(({ kind }) => kind === 'exchanged')
      const answer = inputs[winner]?.sealedAnswer
      const expected = outcomes.map((_, index) =>
        index === winner ? { kind: 'exchanged' } : { kind: 'repeated', sealedAnswer: answer },
      )
      assert.deepEqual([winner >= 0, outcomes], [true, expected])
    }
  })
}

function run(store: Store, input: Input): Promise<Outcome> {
  return effectsOf(store, 'exchangeToken', input)
}

type SignedIn = { readonly account: Account; readonly session: { readonly row: number }; readonly token: TokenRow }

async function signedIn(
  store: Store,
  form: 'control' | 'opaque' = 'control',
  expiresAt: number | null = null,
): Promise<SignedIn> {
  const account = await addAccount(store)
  if (form === 'control') return { account, ...(await createSession(store, account)) }
  const session = newSession({ account, row: store.nextRow('session'), idleSeconds: null, expiresAt: null })
  const accessDigest = digestOf(randomUUID())
  const token = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row, accessDigest, expiresAt })
  return { account, ...(await createSession(store, account, { session, token })) }
}
