import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TypingPace } from '../../../src/core/terminals/typing-pace.ts'
import { bytes } from './supervised.ts'

function text(sent: Uint8Array | null): string | null {
  return sent === null ? null : String.fromCharCode(...sent)
}

/** Offers a text; returns the part that was sent, and why the rest waits. */
function offer(pace: TypingPace, typed: string, nowMs: number): [string | null, string | null] {
  const { send, held } = pace.offer(bytes(typed), nowMs)
  return [text(send), held]
}

test('SUP-19 keys of one line go at once; after its end the next waits for output or 50 ms', () => {
  const pace = new TypingPace()
  const typed = [offer(pace, 'l', 1_000), offer(pace, 's', 1_001), offer(pace, '\r', 1_002), offer(pace, 'id\r', 1_003)]
  assert.deepEqual(typed, [
    ['l', null],
    ['s', null],
    ['\r', null],
    [null, 'pace'],
  ])
  assert.deepEqual([pace.nextAtMs(), text(pace.due(1_051)), text(pace.due(1_052))], [1_052, null, 'id\r'])
  assert.deepEqual(offer(pace, 'w\r', 1_060), [null, 'pace'])
  pace.outputSeen(1_061)
  assert.deepEqual(
    [pace.nextAtMs(), text(pace.due(1_061)), pace.nextAtMs(), pace.pendingBytes],
    [1_061, 'w\r', null, 0],
  )
})

test('SUP-19 a line without an end goes 1 KiB at a time', () => {
  const pace = new TypingPace()
  const [first, held] = offer(pace, 'x'.repeat(2_500), 0)
  assert.deepEqual([first?.length, held, pace.pendingBytes], [1_024, 'pace', 1_476])
  pace.outputSeen(1)
  assert.deepEqual([pace.due(1)?.length, pace.due(2), pace.due(51)?.length, pace.due(102)], [1_024, null, 452, null])
})

test('SUP-19 pieces of one line share 1 KiB', () => {
  const pace = new TypingPace()
  const lengths = [offer(pace, 'x'.repeat(600), 0), offer(pace, 'x'.repeat(600), 1)].map(([sent]) => sent?.length)
  assert.deepEqual([lengths, pace.pendingBytes], [[600, 424], 176])
})

test('SUP-20 a paste of several lines waits until it is confirmed, then goes a line at a time', () => {
  const pace = new TypingPace()
  assert.deepEqual(offer(pace, 'one\r\ntwo\nthree', 0), [null, 'paste-unconfirmed'])
  assert.deepEqual(offer(pace, 'later', 100), [null, 'paste-unconfirmed'])
  assert.deepEqual([pace.unconfirmedPaste, pace.nextAtMs(), pace.due(500)], [{ lines: 3, bytes: 14 }, null, null])
  pace.confirmPaste(true, 1_000)
  const sent = [1_000, 1_050, 1_100, 1_150].map((nowMs) => text(pace.due(nowMs)))
  assert.deepEqual([sent, pace.pendingBytes], [['one\r\n', 'two\n', 'threelater', null], 0])
})

test('SUP-20 an unwanted paste is dropped, and later input is sent', () => {
  const pace = new TypingPace()
  offer(pace, 'rm -rf /\r\rx', 0)
  offer(pace, 'w', 1)
  pace.confirmPaste(false, 2)
  assert.deepEqual([text(pace.due(2)), pace.pendingBytes, pace.unconfirmedPaste], ['w', 0, null])
})

test('SUP-20 a paste of several lines over 4 KiB is not taken; one line of any length is, and so is one that ends', () => {
  const pace = new TypingPace()
  const large = `a\r${'x'.repeat(4_095)}`
  assert.deepEqual([offer(pace, large, 0), pace.pendingBytes], [[null, 'paste-too-large'], 0])
  assert.deepEqual(offer(pace, large.slice(0, 4_096), 0), [null, 'paste-unconfirmed'])
  assert.equal(offer(new TypingPace(), `${'x'.repeat(5_000)}\r`, 0)[1], 'pace')
})

test('SUP-21 Ctrl-C goes at once and throws away what waits, and the line before it is still on its way', () => {
  const pace = new TypingPace()
  offer(pace, 'sleep 9\r', 0)
  offer(pace, 'next\r', 1)
  offer(pace, 'a\rb', 2)
  assert.deepEqual([offer(pace, '\x03', 3), pace.pendingBytes, pace.unconfirmedPaste], [['\x03', null], 0, null])
  assert.deepEqual(offer(pace, 'w', 4), [null, 'pace'])
  pace.outputSeen(5)
  assert.deepEqual([text(pace.due(5)), pace.due(6)], ['w', null])
})

test('SUP-22 at most 64 KiB wait; what does not fit is not taken', () => {
  const pace = new TypingPace()
  offer(pace, 'x'.repeat(65_536), 0)
  assert.equal(offer(pace, 'y'.repeat(1_024), 0)[1], 'pace')
  assert.deepEqual([offer(pace, 'z', 0), pace.pendingBytes], [[null, 'paste-too-large'], 65_536])
})

test('SUP-19, SUP-22 any input is sent whole and in order, and never more than a line or 1 KiB between outputs', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n'), maxLength: 1_500 })
  const step = fc.record({ typed: piece, afterMs: fc.integer({ min: 0, max: 60 }), isOutput: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const pace = new TypingPace()
      let [nowMs, sentAtMs, taken, sent, inFlight] = [0, 0, '', '', '']
      const note = (part: Uint8Array | null): void => {
        if (part === null) return
        if (nowMs - sentAtMs >= 50) inFlight = ''
        sentAtMs = nowMs
        sent += text(part)
        inFlight += text(part)
        const lines = inFlight.match(/\r\n|\r|\n/g)?.length ?? 0
        assert.equal(lines <= 1 && inFlight.length <= 1_024, true)
      }
      for (const { typed, afterMs, isOutput } of steps) {
        nowMs += afterMs
        if (isOutput) {
          inFlight = ''
          pace.outputSeen(nowMs)
        }
        const { send, held } = pace.offer(bytes(typed), nowMs)
        if (held !== 'paste-too-large') taken += typed
        note(send)
        pace.confirmPaste(true, nowMs)
      }
      for (let next = pace.nextAtMs(); next !== null; next = pace.nextAtMs()) {
        nowMs = Math.max(nowMs, next)
        note(pace.due(nowMs))
        pace.confirmPaste(true, nowMs)
      }
      assert.deepEqual([sent, pace.pendingBytes], [taken, 0])
    }),
    { numRuns: 200 },
  )
})
