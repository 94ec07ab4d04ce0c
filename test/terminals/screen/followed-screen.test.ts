import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FollowedScreen } from '../../../src/terminals/screen/followed-screen.ts'
import { assertSame, feed, terminalFed } from '../../fixtures/compare-terminals.ts'
import { corpusBytes, corpusSize, probe } from '../../fixtures/terminal-output.ts'

const whole = Buffer.concat(corpusBytes().map(([, bytes]) => Buffer.concat([bytes, Buffer.from('\x18\x1b[m')])))

test('SCR-8 output in pieces of any length, with rests between them, gives the screen of the whole, at a place that misses less than a sequence', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 30, maxLength: 60 }),
      fc.nat(4),
      (lengths, restEvery) => {
        const screen = new FollowedScreen(corpusSize)
        let at = 0
        for (const [index, length] of lengths.entries()) {
          screen.write(whole.subarray(at, at + length))
          at = Math.min(at + length, whole.length)
          if (index % 5 === restEvery) screen.rest()
        }
        const snapshot = screen.snapshot()
        screen.close()
        assert.equal(screen.seen, at)
        assert.ok(snapshot.seq <= at && at - snapshot.seq < 64, `${snapshot.seq} of ${at}`)
        const joiner = terminalFed(corpusSize, snapshot.bytes, whole.subarray(snapshot.seq, at), probe)
        assertSame(joiner, terminalFed(corpusSize, whole.subarray(0, at), probe), { links: 'none' })
      },
    ),
    { numRuns: 60, seed: 3 },
  )
})

test('SCR-8 a character whose bytes come one by one is not lost', () => {
  const screen = new FollowedScreen(corpusSize)
  const bytes = Buffer.from('\u2014\u2018x\u2019 日本 😀\r\n')
  for (const byte of bytes) screen.write(Uint8Array.of(byte))
  assertSame(terminalFed(corpusSize, screen.snapshot().bytes), terminalFed(corpusSize, bytes))
})

test('SCR-8 long output whose characters lie across every boundary loses none', () => {
  const bytes = Buffer.from('—'.repeat(150_000))
  for (const shift of [0, 1, 2]) {
    const screen = new FollowedScreen(corpusSize)
    const shifted = Buffer.concat([Buffer.alloc(shift, 0x2e), bytes])
    screen.write(shifted)
    assertSame(terminalFed(corpusSize, screen.snapshot().bytes), terminalFed(corpusSize, shifted))
    screen.close()
  }
})

test('SCR-9 a size applies at its offset in the output, also inside a sequence', () => {
  const screen = new FollowedScreen({ cols: 20, rows: 6 })
  const reference = terminalFed({ cols: 20, rows: 6 })
  const steps = [
    'one two three four five six',
    '\x1b[3',
    { cols: 9, rows: 4 },
    '1mred',
    { cols: 30, rows: 8 },
    '\x1b]0;',
    'title\x07end',
  ]
  for (const step of steps) {
    if (typeof step === 'string') {
      screen.write(Buffer.from(step))
      feed(reference, Buffer.from(step))
      continue
    }
    screen.resize(step)
    reference.resize(step.cols, step.rows)
  }
  const { cols, rows, bytes } = screen.snapshot()
  assert.deepEqual({ cols, rows }, { cols: 30, rows: 8 })
  assertSame(terminalFed({ cols, rows }, bytes), reference)
})

test('SCR-9 a size behind a sequence that is not over waits for its end, and a snapshot has the size of its place', () => {
  const screen = new FollowedScreen(corpusSize)
  screen.write(Buffer.from('text\x1b[3'))
  screen.resize({ cols: 30, rows: 9 })
  const before = screen.snapshot()
  screen.write(Buffer.from('1m!'))
  const after = screen.snapshot()
  assert.deepEqual(
    [before, after].map(({ cols, rows, seq }) => ({ cols, rows, seq })),
    [
      { cols: 20, rows: 6, seq: 4 },
      { cols: 30, rows: 9, seq: 10 },
    ],
  )
})

test('SCR-10 a string that never ends blocks no snapshot, and costs bounded memory: the place stays at its start', () => {
  const screen = new FollowedScreen(corpusSize)
  screen.write(Buffer.from('before\x1b]0;'))
  for (let piece = 0; piece < 100; piece += 1) screen.write(Buffer.alloc(10_000, 0x61))
  const { seq, bytes } = screen.snapshot()
  assert.equal(seq, 6)
  assertSame(terminalFed(corpusSize, bytes), terminalFed(corpusSize, Buffer.from('before')))
  screen.write(Buffer.from('\x07after'))
  assert.equal(screen.place, screen.seen)
  assertSame(terminalFed(corpusSize, screen.snapshot().bytes), terminalFed(corpusSize, Buffer.from('beforeafter')))
})

test('SCR-10 a sequence that never ends is given up after a megabyte', () => {
  const screen = new FollowedScreen(corpusSize)
  screen.write(Buffer.from('before\x1b['))
  screen.write(Buffer.alloc(1024 * 1024, 0x30))
  assert.equal(screen.place, screen.seen)
})

test('SCR-11 a resting screen has freed its terminal, gives the same snapshot, and continues unchanged', () => {
  const screen = new FollowedScreen(corpusSize)
  const before = Buffer.from('\x1b[2;4r\x1b[31m\x1b[2;3Htext\x1b7\x1b[?1049h\x1b[44mother e')
  screen.write(before)
  const awake = screen.snapshot()
  screen.rest()
  const asleep = screen.snapshot()
  assert.deepEqual(asleep, awake)
  screen.rest()
  const after = Buffer.from('\u0301\x1b[?1049l!')
  screen.write(after)
  screen.resize({ cols: 25, rows: 7 })
  const reference = terminalFed(corpusSize, before, after)
  reference.resize(25, 7)
  assertSame(terminalFed({ cols: 25, rows: 7 }, screen.snapshot().bytes), reference)
})

test('SCR-11 a screen in the middle of a string that is followed without its end does not rest', () => {
  const screen = new FollowedScreen(corpusSize)
  screen.write(Buffer.concat([Buffer.from('a\x1b]0;'), Buffer.alloc(100_000, 0x62)]))
  screen.rest()
  screen.write(Buffer.from('\x07z'))
  assertSame(terminalFed(corpusSize, screen.snapshot().bytes), terminalFed(corpusSize, Buffer.from('az')))
})
