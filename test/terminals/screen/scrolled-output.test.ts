import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FollowedScreen } from '../../../src/terminals/screen/followed-screen.ts'
import { assertSame, feed, terminalFed } from '../../fixtures/compare-terminals.ts'
import { probe } from '../../fixtures/terminal-output.ts'

const size = { cols: 80, rows: 24 }
/** 4 MB, or with SALLYPORT_LONG=1 100 MB. */
const totalBytes = process.env.SALLYPORT_LONG === '1' ? 100_000_000 : 4_000_000

/** Lines of a log as they never end: colours, wide characters, clusters, lines that go on, tabs. */
function pieceOf(first: number): Buffer {
  const line = (number: number): string =>
    `\x1b[3${number % 8}m${number}\x1b[0m\tlog — “line” 日本語 cafe\u0301 👩‍🚀 ${'text '.repeat(number % 29)}\x1b[1;48;5;${number % 256}m${Math.sin(number)}\x1b[m\r\n`
  return Buffer.from(Array.from({ length: 1_000 }, (_, index) => line(first + index)).join(''))
}

test('SCR-12 after megabytes of scrolled output a joiner has the screen of who saw all of it, and 200 lines above it', (t) => {
  const screen = new FollowedScreen(size)
  const reference = terminalFed(size)
  let most = 0
  let sent = 0
  const startedMs = performance.now()
  for (let first = 0; sent < totalBytes; first += 1_000) {
    const piece = pieceOf(first)
    screen.write(piece)
    feed(reference, piece)
    sent += piece.length
    most = Math.max(most, process.memoryUsage().rss)
  }
  const seconds = (performance.now() - startedMs) / 1_000
  t.diagnostic(
    `${sent} bytes, parsed twice, in ${seconds.toFixed(1)} s; at most ${Math.round(most / 1_048_576)} MiB of memory`,
  )
  const snapshot = screen.snapshot()
  const joiner = terminalFed(size, snapshot.bytes)
  assert.deepEqual({ seq: snapshot.seq, lines: joiner.buffer.active.length }, { seq: sent, lines: 224 })
  assertSame(joiner, reference)
  for (const terminal of [joiner, reference]) feed(terminal, probe)
  assertSame(joiner, reference)
})

test('SCR-21 a cell of nothing but combining marks, a link and a title are bounded, however much output they are made of', () => {
  const screen = new FollowedScreen(size)
  screen.write(Buffer.from('e'))
  for (let piece = 0; piece < 20; piece += 1) screen.write(Buffer.from('\u0301'.repeat(50_000)))
  screen.write(
    Buffer.from(`\r\n\x1b]8;;https://example.com/${'a'.repeat(1_000_000)}\x07x\x1b]2;${'b'.repeat(1_000_000)}\x07`),
  )
  const { bytes, seq } = screen.snapshot()
  assert.equal(seq, screen.seen)
  assert.ok(bytes.length < 5_000, String(bytes.length))
  const { active } = terminalFed(size, bytes).buffer
  assert.deepEqual(
    [active.getLine(0)?.translateToString(true).slice(0, 2), active.getLine(1)?.translateToString(true)],
    ['e\u0301', 'x'],
  )
})
