import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FollowedScreen } from '../../../src/terminals/screen/followed-screen.ts'
import { keptLines } from '../../../src/terminals/screen/new-terminal.ts'
import { canPassOver, findPassedOver } from '../../../src/terminals/screen/passed-over.ts'
import { assertSame, feed, terminalFed } from '../../fixtures/compare-terminals.ts'
import { isReproducible, probe, randomOutput } from '../../fixtures/terminal-output.ts'

const size = { cols: 12, rows: 6 } as const

const words = [
  'text ',
  'longer than the line is wide ',
  '日本語',
  '👩‍🚀',
  'cafe\u0301 ',
  '\t',
  '\u0301',
  '°',
  '\r',
  '\n',
  '',
]

/** Output of many lines that leaves nothing behind but a pen. */
const odd = ['\b\b', '\x0b', '\x0c', '\x7f', '\x07', '\x18', '\x00', '\x1b[31m', '\x1b[0;1;44m', '\x1b[4m'] as const

/** Plain lines, far more than a screen keeps, the first ones with odd characters among them. */
const plainLines = fc
  .record({
    first: fc.nat(1_000),
    count: fc.integer({ min: 2_400, max: 2_800 }),
    texts: fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 }),
    odds: fc.array(fc.constantFrom(...odd), { minLength: 1, maxLength: 4 }),
  })
  .map(({ first, count, texts, odds }) =>
    Buffer.from(
      Array.from({ length: count }, (_, line) => {
        const isOdd = line < count / 3 && line % 13 === 0
        return `${texts[(first + line * 7) % texts.length]}${isOdd ? odds[line % odds.length] : ''}${first + line}\r\n`
      }).join(''),
    ),
  )

const random = Number(process.env.SALLYPORT_RANDOM_RUNS ?? 150)

test('SCR-23 for any output before and after plain lines, the screen that skipped most of them is the whole', () => {
  let passable = 0
  fc.assert(
    fc.property(randomOutput, plainLines, randomOutput, (before, lines, after) => {
      const output = Buffer.concat([before, lines, after])
      const reference = terminalFed(size, output)
      fc.pre(isReproducible(reference))
      if (canPassOver(terminalFed(size, before))) passable += 1
      const screen = new FollowedScreen(size)
      screen.write(output)
      const { bytes, seq } = screen.snapshot()
      const joiner = terminalFed(size, bytes, output.subarray(seq))
      assertSame(joiner, reference)
      for (const terminal of [joiner, reference]) feed(terminal, probe)
      assertSame(joiner, reference)
    }),
    { numRuns: random, seed: 7 },
  )
  assert.ok(passable > random / 4, `${passable} of ${random}`)
})

const line = 'a line of text\r\n'
const many = Buffer.from(line.repeat(2_000))

test('SCR-23 lines are passed over from the end of a line to the end of a line, with as many left as asked for', () => {
  const found = findPassedOver(many, 100)
  assert.deepEqual(found, {
    from: line.length - 2,
    to: many.length - 100 * line.length + line.length - 2,
    pens: Buffer.alloc(0),
  })
  assert.equal(findPassedOver(many, 2_000), null)
  assert.equal(findPassedOver(Buffer.from(line.repeat(200)), 100), null)
})

/** What leaves something behind, and what only may not be among the lines that take the place of those passed over. */
for (const [name, bytes, isLasting] of [
  ['control sequence', '\x1b[H', true],
  ['sequence that erases what is protected', '\x1b[?K', true],
  ['sequence that is cut by a line feed', '\x1b[3\r\n1m', true],
  ['control character of eight bits', '\u009b1m', true],
  ['shift to another character set', '\x0e', true],
  ['shift back', '\x0f', true],
  ['line feed that begins no line', '\x0b', false],
  ['backspace', '\b', false],
  ['delete', '\x7f', false],
] as const) {
  const found = Buffer.from(bytes)
  const few = Buffer.from(line.repeat(99))

  test(`SCR-23 the lines that take the place of others hold no ${name}`, () => {
    const behind = findPassedOver(Buffer.concat([many, found, few]), 100)
    assert.equal(behind?.to, many.length - 100 * line.length + line.length - 2)
    const scattered = Array.from({ length: 200 }, () => Buffer.concat([found, few]))
    assert.equal(findPassedOver(Buffer.concat(scattered), 100), null)
  })

  test(`SCR-23 lines with a ${name} are ${isLasting ? 'not ' : ''}passed over`, () => {
    const stretch = findPassedOver(Buffer.concat([many, found, many]), 100)
    assert.ok(stretch !== null)
    assert.equal(stretch.from > many.length, isLasting)
    assert.equal(stretch.to, many.length + found.length + many.length - 100 * line.length + line.length - 2)
  })
}

for (const [name, output] of [
  ['in the middle of a sequence', '\x1b['],
  ['in a string', '\x1b]0;'],
  ['on the alternate screen', '\x1b[?1049h'],
  ['with a margin above', '\x1b[2;6r'],
  ['with a margin below', '\x1b[1;5r'],
  ['with a link under way', '\x1b]8;;https://example.com/\x07'],
] as const) {
  test(`SCR-23 a terminal ${name} parses every line`, () => {
    assert.equal(canPassOver(terminalFed(size, Buffer.from(output))), false)
    const screen = new FollowedScreen(size)
    screen.write(Buffer.from(`before\r\n${output}`))
    screen.write(many)
    screen.write(Buffer.from('\x07\x1b[H!'))
    const { bytes } = screen.snapshot()
    assertSame(
      terminalFed(size, bytes),
      terminalFed(size, Buffer.from(`before\r\n${output}`), many, Buffer.from('\x07\x1b[H!')),
    )
  })
}

test('SCR-23 of pens among the lines passed over those count that come after the last one that takes nothing over', () => {
  const coloured = (colour: number): Buffer => Buffer.from(`\x1b[3${colour}mtext\x1b[K\r\n`.repeat(1_000))
  const pens = (...pieces: readonly Buffer[]): string =>
    String(findPassedOver(Buffer.concat([...pieces, many]), 100)?.pens)
  assert.equal(pens(coloured(1)), '\x1b[31m'.repeat(999))
  assert.equal(pens(coloured(1), Buffer.from('\x1b[0m'), many, Buffer.from('\x1b[1m')), '\x1b[0m\x1b[1m')
  assert.equal(pens(coloured(1), Buffer.from('\x1b[m'), many), '\x1b[m')
  assert.equal(pens(coloured(1), Buffer.from('\x1b[31;0m'), many).length, 999 * 5 + 7)
})

test('SCR-23 a terminal that only shows text passes lines over', () => {
  assert.equal(canPassOver(terminalFed(size, Buffer.from('\x1b[31;44mred\x1b[4h\x1b[?7l'))), true)
  assert.ok(keptLines >= 200)
})
