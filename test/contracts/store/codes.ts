/** Store contract: codes that are used by themselves, and changes that were derived from seen attributes. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { auditOf, digestOf, startMs } from '../../fixtures/records.ts'
import { addAccount, effectsOf, kindOf, refused, type Shared, sessionInput } from './harness.ts'

/** Registers the tests. */
export function codeRules(shared: Shared): void {
  test('STO-220 a code is used once, without an entry and without an event', async () => {
    const { store } = shared()
    const [secretDigest, other] = [digestOf(randomUUID()), digestOf(randomUUID())]
    const use = (code: { secretDigest: Uint8Array; step: number }) =>
      effectsOf(store, 'useCode', { code, nowMs: startMs })
    const used = { output: { kind: 'used' }, log: [], audit: [] }
    const effects = [
      await use({ secretDigest, step: 7 }),
      await use({ secretDigest, step: 7 }),
      await use({ secretDigest, step: 8 }),
      await use({ secretDigest: other, step: 7 }),
    ]
    assert.deepEqual(effects, [used, refused('code-used'), used, used])
  })

  test('STO-220 a code that was used by itself signs no account in, and a code of a sign-in cannot be used again', async () => {
    const { store } = shared()
    const account = await addAccount(store)
    const secretDigest = digestOf(randomUUID())
    const signIn = (step: number): Promise<{ readonly kind: string }> =>
      store.execute(
        'createSession',
        sessionInput(store, account, {
          signIn: { forgetKeys: [], knownAddress: digestOf('here'), code: { secretDigest, step }, recovery: null },
        }),
      )
    await store.execute('useCode', { code: { secretDigest, step: 7 }, nowMs: startMs })
    const outcomes = [
      await signIn(7),
      await signIn(8),
      await store.execute('useCode', { code: { secretDigest, step: 8 }, nowMs: startMs }),
    ]
    assert.deepEqual(outcomes.map(kindOf), ['code-used', 'created', 'code-used'])
  })

  test('STO-220 if two connections use one code at once, one succeeds', async () => {
    const { store, openSecond } = shared()
    const second = await openSecond()
    const input = { code: { secretDigest: digestOf(randomUUID()), step: 7 }, nowMs: startMs }
    const outcomes = await Promise.all([store, second, store, second].map((one) => one.execute('useCode', input)))
    assert.deepEqual(outcomes.map(kindOf).sort(), ['code-used', 'code-used', 'code-used', 'used'])
  })

  test('STO-221 a change that was derived from attributes is stale and writes nothing if they have changed', async () => {
    const { store } = shared()
    const before = await addAccount(store, { attributes: { text: '{"a":1}', rules: null } })
    const change = (seenAttributes: string | null, attributes: string) =>
      effectsOf(store, 'changeAccount', {
        accountId: before.id,
        change: { attributes: { text: attributes, rules: null } },
        rotation: null,
        seen: null,
        seenAttributes,
        nowMs: startMs + 1,
        audit: auditOf('account-change'),
      })
    const wrong = [await change(null, '{}'), await change('{"a":2}', '{}')]
    const { output } = await change('{"a":1}', '{"a":3}')
    assert.deepEqual(
      [wrong, output],
      [
        [refused('stale'), refused('stale')],
        { kind: 'changed', account: { ...before, attributes: '{"a":3}', updatedAtMs: startMs + 1 } },
      ],
    )
  })
}
