import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GroundState } from '../../../src/terminals/screen/ground-state.ts'
import { serializeScreen } from '../../../src/terminals/screen/serialize-screen.ts'
import { assertSame, feed, terminalFed } from '../../fixtures/compare-terminals.ts'
import { corpusBytes, corpusSize, isReproducible, probe, randomOutput } from '../../fixtures/terminal-output.ts'

const dirt = Buffer.from('\x1b[?25l\x1b[?12h\x1b[20h\x1b[2;3r\x1b[?1049h\x1b[1;5;44mdirt\x0e\x1b)0\x1b[?1003h')

/** Cuts at every byte, but only once if several cuts have the same place before them. */
function checkEveryCut(name: string, bytes: Buffer): void {
  const whole = terminalFed(corpusSize, bytes)
  const probed = terminalFed(corpusSize, bytes, probe)
  const cut = terminalFed(corpusSize)
  const joiner = terminalFed(corpusSize, dirt)
  for (const [before, place] of placesOf(bytes)) {
    const at = `${name}, cut at byte ${place}`
    feed(cut, bytes.subarray(before, place))
    feed(joiner, serializeScreen(cut, true))
    assertSame(joiner, cut, { at: `${at}, at once` })
    feed(joiner, bytes.subarray(place))
    assertSame(joiner, whole, { at, links: 'none' })
    feed(joiner, probe)
    assertSame(joiner, probed, { at: `${at}, probed`, links: 'none' })
    feed(joiner, dirt)
  }
}

function placesOf(bytes: Buffer): readonly (readonly [before: number, place: number])[] {
  const ground = new GroundState()
  const places = [0]
  for (let cut = 1; cut <= bytes.length; cut += 1) if (ground.scan(bytes.subarray(cut - 1, cut)) > 0) places.push(cut)
  return places.map((place, index) => [places[index - 1] ?? 0, place])
}

test('SCR-1, SCR-2, SCR-3 a snapshot at any byte of every feature gives the same screen at once, after the rest and after more', () => {
  for (const [name, bytes] of corpusBytes()) checkEveryCut(name, bytes)
})

test('SCR-1, SCR-2, SCR-3 a snapshot in the middle of random output gives the same screen at once, after the rest and after more', () => {
  const size = { cols: 12, rows: 6 }
  fc.assert(
    fc.property(randomOutput, fc.nat(), (bytes, where) => {
      const place = new GroundState().scan(bytes.subarray(0, where % (bytes.length + 1)))
      const whole = terminalFed(size, bytes.subarray(0, place))
      fc.pre(isReproducible(whole))
      const joiner = terminalFed(size, dirt, serializeScreen(whole, true))
      assertSame(joiner, whole)
      for (const more of [bytes.subarray(place), probe]) {
        feed(whole, more)
        feed(joiner, more)
        assertSame(joiner, whole, { links: 'none' })
      }
    }),
    { numRuns: 1_500, seed: 7 },
  )
})

test('SCR-3 what joins the last character of a snapshot joins it in its cell, and what repeats it repeats it', () => {
  const rows = [
    ['e', '\u0301'],
    ['☺', '\ufe0f'],
    ['👩', '\u200d🚀'],
    ['👩\u200d', '🚀'],
    ['🇩', '🇪'],
    ['각', '\u11a8'],
    ['x', '\x1b[3b'],
    ['\x1b[31;4:3;58;5;9mö', '\u0332\x1b[2b'],
    [`${'x'.repeat(19)}☺`, '\ufe0f'],
    ['abc\r\x1b[4h日', '\u0301\x1b[b'],
    ['\x1b(0q', '\u0301'],
  ] as const
  for (const [before, after] of rows) {
    const whole = terminalFed(corpusSize, Buffer.from(before + after))
    const snapshot = serializeScreen(terminalFed(corpusSize, Buffer.from(before)), true)
    assertSame(terminalFed(corpusSize, snapshot, Buffer.from(after)), whole, { at: JSON.stringify(before) })
  }
})

test('SCR-4 a snapshot includes the lines above the screen on request, and no others', () => {
  const lines = Buffer.from(Array.from({ length: 300 }, (_, line) => `line ${line}\r\n`).join(''))
  const whole = terminalFed(corpusSize, lines)
  const [withLines, without] = [true, false].map((keepsLines) =>
    terminalFed(corpusSize, serializeScreen(whole, keepsLines)),
  )
  assert.deepEqual(
    [whole, withLines, without].map((terminal) => terminal?.buffer.active.length),
    [206, 206, 6],
  )
  assert.deepEqual(
    [withLines, without].map((terminal) =>
      terminal?.buffer.active.getLine(terminal.buffer.active.baseY)?.translateToString(true),
    ),
    ['line 295', 'line 295'],
  )
})

test('SCR-4 a terminal that grows after a snapshot shows what one grows to that saw all of the output', () => {
  const bytes = Buffer.from(
    `${Array.from({ length: 40 }, (_, line) => `${line} ${'wrapped '.repeat(line % 6)}\r\n`).join('')}$ `,
  )
  for (const size of [
    { cols: 20, rows: 12 },
    { cols: 33, rows: 6 },
    { cols: 9, rows: 4 },
    { cols: 40, rows: 30 },
  ]) {
    const whole = terminalFed(corpusSize, bytes)
    const joiner = terminalFed(corpusSize, serializeScreen(whole, true))
    for (const terminal of [whole, joiner]) terminal.resize(size.cols, size.rows)
    assertSame(joiner, whole, { at: JSON.stringify(size) })
  }
})

test('SCR-5 a snapshot sets modes that no reset changes, also if the terminal had others before', () => {
  const whole = terminalFed(corpusSize, Buffer.from('plain'))
  assertSame(terminalFed(corpusSize, dirt, serializeScreen(whole, true)), whole)
})
