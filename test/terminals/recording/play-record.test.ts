/** Recording: the bytes that reach the terminal of a user who plays a record, and their times. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import headless from '@xterm/headless'
import fc from 'fast-check'
import { HarmlessOutput } from '../../../src/terminals/recording/harmless-output.ts'
import { playRecord, terminalReset } from '../../../src/terminals/recording/play-record.ts'
import { fileOf, recordOutput } from './record-world.ts'

const esc = '\u001b'

function filtered(...pieces: readonly (string | Uint8Array)[]): string {
  const filter = new HarmlessOutput()
  return pieces.map((piece) => filter.push(Buffer.from(piece)).toString('utf8')).join('')
}

/** An input, and the part of it that is left. */
const cases: readonly (readonly [what: string, given: string, left: string])[] = [
  ['text of every kind', 'é 漢 \u{1f600} a\u0301\t|\r\n', 'é 漢 \u{1f600} a\u0301\t|\r\n'],
  [
    'colours and movement',
    `${esc}[1;38:2::1:2:3mx${esc}[2J${esc}[10;20H${esc}[K`,
    `${esc}[1;38:2::1:2:3mx${esc}[2J${esc}[10;20H${esc}[K`,
  ],
  [
    'margins, cursor, character sets',
    `${esc}[2;5r${esc}7${esc}8${esc}(0q${esc}(B${esc}M${esc}#8`,
    `${esc}[2;5r${esc}7${esc}8${esc}(0q${esc}(B${esc}M${esc}#8`,
  ],
  ['the alternate screen', `${esc}[?1049h${esc}[?25l${esc}[?1049l`, `${esc}[?1049h${esc}[?25l${esc}[?1049l`],
  ['the shape of the cursor', `${esc}[4 q`, `${esc}[4 q`],
  ['a control amid a sequence', `${esc}[3\r1m`, `\r${esc}[31m`],
  [
    'a link to the web',
    `${esc}]8;id=1;https://example.org/a?b=1#c${esc}\\text${esc}]8;;${esc}\\`,
    `${esc}]8;;https://example.org/a?b=1#c${esc}\\text${esc}]8;;${esc}\\`,
  ],
  ['a link that ends with BEL', `${esc}]8;;http://example.org/\u0007x`, `${esc}]8;;http://example.org/${esc}\\x`],
  [
    'links to anything else',
    `${esc}]8;;file:///etc/passwd${esc}\\a${esc}]8;;javascript:alert(1)\u0007b${esc}]8;;ssh://h${esc}\\c`,
    'abc',
  ],
  ['a link that only mentions the web', `${esc}]8;;file:///x?https://example.org/${esc}\\x`, 'x'],
  ['a link with a blank or a control in it', `${esc}]8;;https://a b${esc}\\x${esc}]8;;https://é/${esc}\\y`, 'xy'],
  ['clipboard writes and reads', `a${esc}]52;c;ZXZpbA==\u0007b${esc}]52;p;?${esc}\\c${esc}]5522;x${esc}\\d`, 'abcd'],
  [
    'titles, colours and their queries',
    `${esc}]0;t\u0007${esc}]2;t${esc}\\${esc}]10;?\u0007${esc}]11;?${esc}\\${esc}]4;1;?\u0007${esc}]104\u0007x`,
    'x',
  ],
  [
    'notifications, working directories, images',
    `${esc}]9;hi\u0007${esc}]777;notify;a;b\u0007${esc}]7;file://h/\u0007${esc}]1337;File=:AAAA\u0007x`,
    'x',
  ],
  ['device attributes', `${esc}[c${esc}[0c${esc}[>c${esc}[=c${esc}Z${esc}[?1c\u0005x`, 'x'],
  ['status, cursor and mode reports', `${esc}[5n${esc}[6n${esc}[?6n${esc}[?25$p${esc}[4$p${esc}[0x${esc}[?996nx`, 'x'],
  ['window reports and title reports', `${esc}[21t${esc}[20t${esc}[18t${esc}[14t${esc}[8;50;100t${esc}[22;0tx`, 'x'],
  ['version and terminfo queries', `${esc}[>q${esc}[>0q${esc}P+q544e${esc}\\${esc}P$qm${esc}\\x`, 'x'],
  ['keyboard protocols', `${esc}[?u${esc}[>1u${esc}[<u${esc}[=1u${esc}[>4;2m${esc}[?4mx`, 'x'],
  ['checksums of the screen, macros, printing', `${esc}[1;1;1;1;1;1*y${esc}[1*z${esc}[5i${esc}[?5ix`, 'x'],
  ['mouse, focus and paste reports', `${esc}[?1000h${esc}[?1006h${esc}[?1004h${esc}[?2004h${esc}[?9hx`, 'x'],
  ['harmful modes beside a harmless one', `${esc}[?1000;25;2004hx`, `${esc}[?25hx`],
  ['a locked keyboard, 132 columns', `${esc}[2h${esc}[?3h${esc}[4hx`, `${esc}[4hx`],
  ['other encodings', `${esc}%@${esc}%G${esc} G${esc} Fx`, 'x'],
  [
    'strings of every kind',
    `a${esc}Pq#0;2;0;0;0${esc}\\b${esc}_Gf=100;AAAA${esc}\\c${esc}^pm${esc}\\d${esc}Xsos${esc}\\e`,
    'abcde',
  ],
  ['a string that never ends', `a${esc}P1$r${'z'.repeat(20_000)}`, 'a'],
  ['a command that never ends', `a${esc}]8;;https://${'z'.repeat(20_000)}${esc}\\b`, 'ab'],
  ['a sequence that never ends', `a${esc}[${'1;'.repeat(20_000)}mb`, 'ab'],
  ['a number beyond all screens', `a${esc}[1000000000bb`, 'ab'],
  ['a string that a sequence cuts off', `${esc}]0;t${esc}[31mx`, `${esc}[31mx`],
  ['a sequence that is cancelled', `${esc}[3\u0018x${esc}[3\u001ay`, 'xy'],
  ['C1 controls as characters', '\u009b31mx\u009b6n\u009d52;c;eA==\u009cy\u0090q\u009cz\u0085', `${esc}[31mxyz${esc}E`],
  ['DEL and NUL', 'a\u007f\u0000b', 'ab'],
]

test('REC-17 of what a program puts out, text and drawing are played, and nothing that asks, reports, writes elsewhere or stays', () => {
  const expected = Object.fromEntries(cases.map(([what, , left]) => [what, left]))
  assert.deepEqual(Object.fromEntries(cases.map(([what, given]) => [what, filtered(given)])), expected)
})

test('REC-17 bytes that are no UTF-8, C1 among them, become U+FFFD', () => {
  assert.equal(filtered(Buffer.from([0x61, 0x9b, 0x36, 0x6e, 0xff, 0x62])), 'a\ufffd6n\ufffdb')
})

test('REC-17 the result of the filter does not depend on the cuts in the output', () => {
  for (const [what, given, left] of cases) {
    if (given.length > 10_000) continue
    const bytes = Buffer.from(given)
    for (let at = 0; at <= bytes.length; at += 1) {
      assert.equal(filtered(bytes.subarray(0, at), bytes.subarray(at)), left, `${what} cut at ${at}`)
    }
    assert.equal(filtered(...[...bytes].map((byte) => Buffer.from([byte]))), left, what)
  }
})

/** Bytes that are rich in what sequences are made of. */
const wild = fc
  .array(
    fc.oneof(
      fc.constantFrom(...cases.map(([, given]) => given.slice(0, 60))),
      fc.constantFrom(
        esc,
        '[',
        ']',
        'P',
        '?',
        '>',
        '$',
        '*',
        ';',
        '0',
        '6',
        'n',
        'c',
        'q',
        'p',
        't',
        'x',
        'y',
        'h',
        '\u0007',
        '\u009b',
        '\u009d',
        '\\',
        ' ',
        '!',
      ),
      fc.string({ maxLength: 3, unit: 'binary' }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''))

test('REC-17 a terminal that shows filtered output answers nothing and keeps its title', async () => {
  await fc.assert(
    fc.asyncProperty(wild, async (given) => {
      const terminal = new headless.Terminal({ cols: 40, rows: 10, allowProposedApi: true })
      const said: string[] = []
      terminal.onData((data) => said.push(data))
      terminal.onTitleChange((title) => said.push(title))
      await new Promise<void>((resolve) => terminal.write(filtered(given), resolve))
      terminal.dispose()
      assert.deepEqual(said, [])
    }),
    { numRuns: 300 },
  )
})

test('REC-17 filtered output passes the filter again, unchanged', () => {
  fc.assert(
    fc.property(wild, (given) => {
      const once = filtered(given)
      assert.equal(filtered(once), once)
    }),
    { numRuns: 1_000 },
  )
})

type Played = { readonly shown: string; readonly waits: readonly number[] }

async function play(
  bytes: Buffer,
  how: { readonly speed?: number; readonly idleLimitMs?: number; readonly stopAfterWaits?: number } = {},
): Promise<Played> {
  const stop = new AbortController()
  const waits: number[] = []
  const shown: Buffer[] = []
  await playRecord(fileOf(bytes), {
    length: bytes.length,
    speed: how.speed ?? 1,
    idleLimitMs: how.idleLimitMs ?? null,
    write: async (part) => {
      shown.push(Buffer.from(part))
    },
    wait: async (ms) => {
      waits.push(ms)
      if (waits.length === how.stopAfterWaits) stop.abort()
    },
    signal: stop.signal,
  })
  return { shown: Buffer.concat(shown).toString('utf8'), waits }
}

test('REC-18 a record is played at its own pace, faster on request, and no pause is longer than the limit', async (t) => {
  const bytes = await recordOutput(t, [
    [1_000, 'a'],
    [1_000, 'b'],
    [1_400, 'c'],
    [61_400, 'd'],
  ])
  assert.deepEqual(
    [await play(bytes), await play(bytes, { speed: 4 }), await play(bytes, { speed: 2, idleLimitMs: 2_000 })],
    [
      { shown: `abcd${terminalReset}`, waits: [1_000, 400, 60_000] },
      { shown: `abcd${terminalReset}`, waits: [250, 100, 15_000] },
      { shown: `abcd${terminalReset}`, waits: [500, 200, 1_000] },
    ],
  )
})

test('REC-18 a play that is stopped shows no more, and the terminal is left as it was', async (t) => {
  const bytes = await recordOutput(t, [
    [
      1_000,
      `${esc}[?1049h${esc}[31;7m${esc}[?25l${esc}[3;4r${esc}(0${esc}[?6h${esc}[4h${esc}]8;;https://example.org/${esc}\\`,
    ],
    [2_000, 'never shown'],
  ])
  const { shown } = await play(bytes, { stopAfterWaits: 2 })
  assert.equal(shown.includes('never shown'), false)
  const terminal = new headless.Terminal({ cols: 40, rows: 10, allowProposedApi: true })
  const text = `${shown}lqk${esc}[10;1Hlast${esc}[1;1Hfirst`
  await new Promise<void>((resolve) => terminal.write(text, resolve))
  const { active } = terminal.buffer
  const cell = active.getLine(0)?.getCell(0)
  assert.deepEqual(
    {
      buffer: active.type,
      rows: [0, 1, 9].map((row) => active.getLine(row)?.translateToString(true)),
      isInverse: cell?.isInverse(),
      isDefaultColour: cell?.isFgDefault(),
      modes: [terminal.modes.insertMode, terminal.modes.originMode, terminal.modes.wraparoundMode],
    },
    {
      buffer: 'normal',
      rows: ['first', 'lqk', 'last'],
      isInverse: 0,
      isDefaultColour: true,
      modes: [false, false, true],
    },
  )
  terminal.dispose()
})
