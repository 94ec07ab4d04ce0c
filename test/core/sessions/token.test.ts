import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideExchange, decideRefresh } from '../../../src/core/sessions/token.ts'

const sealedAnswer = new Uint8Array([1])
const exchangedAtMs = 1_000_000

const cases = [
  {
    title: 'TOK-2 a token that was never exchanged is exchanged',
    state: { exchangedAtMs: null, sealedAnswer: null, isSuccessorPresented: false },
    afterMs: 0,
    refresh: 'exchange',
    access: 'exchange',
  },
  {
    title:
      'TOK-2 a repeat one millisecond before the grace ends returns the same answer, though the successor was used',
    state: { exchangedAtMs, sealedAnswer, isSuccessorPresented: true },
    afterMs: 29_999,
    refresh: 'repeat',
    access: 'repeat',
  },
  {
    title: 'TOK-3 a late repeat returns the same answer while the successor was never presented',
    state: { exchangedAtMs, sealedAnswer, isSuccessorPresented: false },
    afterMs: 86_400_000,
    refresh: 'repeat',
    access: 'exchange',
  },
  {
    title: 'TOK-3 a repeat at the very end of the grace is reuse once the successor was presented',
    state: { exchangedAtMs, sealedAnswer, isSuccessorPresented: true },
    afterMs: 30_000,
    refresh: 'reuse',
    access: 'exchange',
  },
  {
    title:
      'TOK-4 a repeat whose answer was erased is reuse of a refresh token, and one more exchange of an access token',
    state: { exchangedAtMs, sealedAnswer: null, isSuccessorPresented: true },
    afterMs: 1,
    refresh: 'reuse',
    access: 'exchange',
  },
] as const

for (const { title, state, afterMs, refresh, access } of cases) {
  test(title, () => {
    const nowMs = exchangedAtMs + afterMs
    assert.deepEqual([decideRefresh(state, nowMs), decideExchange(state, nowMs)], [refresh, access])
  })
}
