/** Recording: finding text in what the screen showed, which is what people remember. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ScreenMatch, searchRecord } from '../../../src/terminals/recording/search-record.ts'
import { fileOf, outputAt, recordEvents, recordOutput } from './record-world.ts'

const esc = '\u001b'

async function found(bytes: Buffer, text: string): Promise<ScreenMatch[]> {
  const matches: ScreenMatch[] = []
  for await (const match of searchRecord(fileOf(bytes), { text, length: bytes.length })) matches.push(match)
  return matches
}

test('REC-19 text is found as the screen showed it, in any case, colours or pieces', async (t) => {
  const bytes = await recordOutput(t, [
    [0, '$ make\r\n'],
    [500, `gcc: ${esc}[31mFatal ${esc}[1mER`],
    [520, `ROR${esc}[0m: no input\r\n$ `],
  ])
  assert.deepEqual(await found(bytes, 'fatal error'), [{ atMs: 520, line: 'gcc: Fatal ERROR: no input' }])
  assert.deepEqual(await found(bytes, '[31m'), [])
})

test('REC-19 wide and composed characters, and lines that were wrapped, are found', async (t) => {
  const bytes = await recordOutput(
    t,
    [[0, `漢字テスト cafe\u0301 \r\n${'x'.repeat(35)}wrapped-here${'y'.repeat(60)}\r\n`]],
    { cols: 40, rows: 5 },
  )
  assert.deepEqual(
    (await Promise.all(['字テ', 'CAFÉ', 'wrapped-here', 'herey'].map((text) => found(bytes, text)))).map((lines) =>
      lines.map(({ line }) => line.slice(0, 9)),
    ),
    [['漢字テスト cafe'.slice(0, 9)], ['漢字テスト cafe'.slice(0, 9)], ['xxxxxxxxx'], ['xxxxxxxxx']],
  )
})

test('REC-19 a line whose start has left the screen is reported from its start', async (t) => {
  const bytes = await recordOutput(
    t,
    [
      [0, `${'x'.repeat(37)}nee`],
      [500, 'dle'],
      [1_000, '\r\n\n\n\n\n'],
    ],
    { cols: 10, rows: 3 },
  )
  assert.deepEqual(await found(bytes, 'needle'), [{ atMs: 500, line: `${'x'.repeat(37)}needle` }])
})

test('REC-19 text on an alternate screen is found, and text that stays beneath it is reported once', async (t) => {
  const bytes = await recordOutput(t, [
    [0, 'needle beneath\r\n'],
    [1_000, `${esc}[?1049h${esc}[2J${esc}[5;3Hneedle in the editor`],
    [2_000, `${esc}[2J`],
    [3_000, `${esc}[?1049l$ `],
  ])
  assert.deepEqual(
    (await found(bytes, 'needle')).sort((one, other) => one.atMs - other.atMs),
    [
      { atMs: 0, line: 'needle beneath' },
      { atMs: 1_000, line: '  needle in the editor' },
    ],
  )
})

test('REC-19 no line that only passed by is missed, in a flood of more lines than are kept', async (t) => {
  const lines = Array.from({ length: 30_000 }, (_, index) => `${index}\r\n`).join('')
  const bytes = await recordOutput(t, [[0, `${lines}end`]], { rows: 5 })
  assert.deepEqual(
    (await found(bytes, '1234')).map(({ line }) => line),
    ['1234', '11234', ...Array.from({ length: 10 }, (_, index) => `1234${index}`), '21234'],
  )
  const empty = await recordOutput(t, [[0, `needle\r\n${'\n'.repeat(9_000)}`]], { rows: 5 })
  assert.deepEqual(await found(empty, 'needle'), [{ atMs: 0, line: 'needle' }])
})

test('REC-19 a line that is typed letter by letter is reported once, in its last form', async (t) => {
  const typed = [...'$ rm -rf needle/'].map((letter, index): [number, string] => [index * 200, letter])
  const bytes = await recordOutput(t, [...typed, [10_000, '\r\n'], [11_000, `${esc}[2J`]])
  assert.deepEqual(await found(bytes, 'needle'), [{ atMs: 2_800, line: '$ rm -rf needle/' }])
})

test('REC-19 a screen that changes its size is searched at the size that it had', async (t) => {
  const bytes = await recordEvents(t, [
    [0, outputAt(0, `${'a'.repeat(30)}needle`)],
    [10, { kind: 'size', seq: 36, cols: 132, rows: 50 }],
    [20, outputAt(36, `${esc}[2J${esc}[40;100Hneedle`)],
  ])
  assert.deepEqual(
    (await found(bytes, 'needle')).map(({ line }) => line.trim().length),
    [36, 6],
  )
})
