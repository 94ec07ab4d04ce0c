/** Recording: the export as asciicast v3, and reading a record that still grows. */
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { exportAsciicast } from '../../../src/terminals/recording/asciicast.ts'
import { readEntries } from '../../../src/terminals/recording/read-record.ts'
import { encodeEntry, recordMagic } from '../../../src/terminals/recording/record-format.ts'
import {
  entriesOf,
  fileOf,
  headWith,
  memoryRecord,
  outputAt,
  recordEvents,
  recordOutput,
  recordWorld,
  startedAtMs,
} from './record-world.ts'

async function exported(bytes: Buffer, length: number = bytes.length): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of exportAsciicast(fileOf(bytes), { length })) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

type CastEvent = readonly [interval: number, code: string, data: string]

/** Reads an export as its format describes it, and fails on any deviation. */
function parseCast(text: string): { header: Record<string, unknown>; events: CastEvent[] } {
  assert.ok(text.endsWith('\n'))
  const [first = '', ...rest] = text.slice(0, -1).split('\n')
  const header = JSON.parse(first) as Record<string, unknown>
  const { version, term, timestamp } = header
  const { cols, rows } = term as { cols: unknown; rows: unknown }
  assert.equal(version, 3)
  assert.ok(Number.isInteger(cols) && Number.isInteger(rows) && Number.isInteger(timestamp))
  const events = rest.map((line) => {
    const event = JSON.parse(line) as [unknown, unknown, unknown]
    const [interval, code, data] = event
    assert.equal(event.length, 3)
    assert.ok(typeof interval === 'number' && interval >= 0)
    assert.ok(typeof code === 'string' && /^[oirmx]$/.test(code))
    assert.ok(typeof data === 'string')
    if (code === 'r') assert.match(data, /^\d+x\d+$/)
    if (code === 'x') assert.match(data, /^-?\d+$/)
    return [interval, code, data] as const
  })
  return { header, events }
}

test('REC-13 an export is asciicast v3: a header, then events, each with the seconds since the last one', async (t) => {
  const bytes = await recordEvents(t, [
    [248, outputAt(0, '\u001b[1;31mHello\n')],
    [1_249, { kind: 'input', seq: 13, bytes: Buffer.from('ls\r') }],
    [1_249, { kind: 'keyframe', seq: 13, cols: 80, rows: 24, bytes: Buffer.from('screen') }],
    [3_250, { kind: 'size', seq: 13, cols: 132, rows: 50 }],
    [
      3_251,
      {
        kind: 'event',
        seq: 13,
        event: { kind: 'joined', username: 'ops', role: 'observer' },
      },
    ],
    [
      3_300,
      { kind: 'event', seq: 13, event: { kind: 'warning', what: 'idle', sentence: 'Nobody types.', secondsLeft: 30 } },
    ],
    [15_000, outputAt(13, 'bye')],
    [
      15_001,
      {
        kind: 'event',
        seq: 16,
        event: { kind: 'end', reason: 'shell-exit', sentence: 'The shell has ended.', by: null, exit_code: 3 },
      },
    ],
  ])
  assert.deepEqual(parseCast(await exported(bytes)), {
    header: {
      version: 3,
      term: { cols: 80, rows: 24 },
      timestamp: startedAtMs / 1000,
      title: 'deploy@web-1, change CHG-1, started by ada',
    },
    events: [
      [0.248, 'o', '\u001b[1;31mHello\n'],
      [1.001, 'i', 'ls\r'],
      [2.001, 'r', '132x50'],
      [0.001, 'm', 'joined ops observer'],
      [0.049, 'm', 'warning idle: Nobody types.'],
      [11.7, 'o', 'bye'],
      [0.001, 'm', 'end shell-exit: The shell has ended.'],
      [0, 'x', '3'],
    ],
  })
})

test('REC-13 nothing in an export acts on a terminal that it is printed to', async (t) => {
  const bytes = await recordOutput(t, [[0, '\u001b]52;c;eA==\u0007 \u007f \u009b31m \u2028 é \ud83d\ude00']])
  const text = await exported(bytes)
  const acting = [...text].filter((character) => /[\p{Cc}\p{Zl}\p{Zp}]/u.test(character) && character !== '\n')
  assert.deepEqual(acting, [])
  assert.equal(parseCast(text).events[0]?.[2], '\u001b]52;c;eA==\u0007 \u007f \u009b31m \u2028 é \ud83d\ude00')
})

test('REC-14 a character that two pieces of output share is one character, wherever it is cut', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.array(fc.nat(40)), async (text, cuts) => {
      const whole = Buffer.from(text)
      const places = [...new Set([0, ...cuts.filter((cut) => cut < whole.length), whole.length])].sort((a, b) => a - b)
      const pieces = places.slice(1).map((end, index) => [index, whole.subarray(places[index], end)] as const)
      const { events } = parseCast(await exported(await recordOutput(t, pieces)))
      assert.equal(events.map(([, , data]) => data).join(''), text)
      assert.deepEqual([...new Set(events.map(([, code]) => code))], text === '' ? [] : ['o'])
    }),
    { numRuns: 60 },
  )
})

test('REC-14 bytes that are no UTF-8 become U+FFFD, and each run of them is marked once', async (t) => {
  const bytes = await recordOutput(t, [
    [0, 'fine'],
    [1, Buffer.from([0x61, 0xff])],
    [2, Buffer.from([0xfe, 0x62])],
    [3, 'fine \ufffd'],
    [4, Buffer.from([0xe2, 0x82])],
    [5, 'x'],
    [6, Buffer.from([0xf0, 0x9f])],
  ])
  const mark = 'bytes that are not UTF-8'
  assert.deepEqual(parseCast(await exported(bytes)).events, [
    [0, 'o', 'fine'],
    [0.001, 'm', mark],
    [0, 'o', 'a\ufffd'],
    [0.001, 'o', '\ufffdb'],
    [0.001, 'o', 'fine \ufffd'],
    [0.002, 'm', mark],
    [0, 'o', '\ufffdx'],
    [0.001, 'o', '\ufffd'],
  ])
})

test('REC-15 what a record exports so far is what its whole export begins with, wherever it was cut', async (t) => {
  const bytes = await recordOutput(t, [
    [5, 'a'.repeat(70_000)],
    [9_999, Buffer.from('é').subarray(0, 1)],
    [10_001, Buffer.from('é').subarray(1)],
    [10_100, Buffer.from([0xff, 0xc3])],
  ])
  const whole = await exported(bytes)
  assert.equal(await exported(bytes), whole)
  assert.ok(whole.includes('"é"'))
  const ends = (await entriesOf(bytes)).map(({ end }) => end)
  for (const end of ends) {
    for (const length of [end - 1, end, end + 1])
      assert.ok(whole.startsWith(await exported(bytes, length)), `${length}`)
  }
  assert.equal(await exported(bytes, 25), '')
})

test('REC-15 what a crash left behind the last whole entry does not keep the rest from being exported', async (t) => {
  const bytes = await recordOutput(t, [[0, 'kept']])
  const torn = Buffer.concat([bytes, Buffer.alloc(100)])
  assert.equal(await exported(torn), await exported(bytes))
})

test('REC-16 a record is read entry by entry while it grows, never a part of one, and reading continues at the place of the last entry', async (t) => {
  const { recorder, bytes } = await memoryRecord(t)
  const seen: string[] = []
  let from = 0
  const readOn = async (to: number): Promise<void> => {
    for await (const { kind, payload, end } of readEntries(fileOf(bytes()), { from, to })) {
      if (kind === 'output') seen.push(payload.toString())
      from = end
    }
  }
  const { length } = await recorder.append([outputAt(0, 'one')])
  await readOn(length - 1)
  assert.deepEqual(seen, [])
  await readOn(length)
  await recorder.append([outputAt(3, 'two')])
  await readOn(length + 3)
  assert.deepEqual(seen, ['one'])
  await readOn(Number.MAX_SAFE_INTEGER)
  await recorder.close()
  await readOn(bytes().length)
  assert.deepEqual([seen, from], [['one', 'two'], bytes().length])
})

test('REC-16 entries of any length are read whole, from a real file, and stay valid while reading continues', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  const screen = Buffer.alloc(3_000_000, 'k')
  const { length } = await recorder.append([
    outputAt(0, Buffer.alloc(600_000, 'a')),
    { kind: 'keyframe', seq: 600_000, cols: 80, rows: 24, bytes: screen },
    outputAt(600_000, 'end'),
  ])
  const file = await open(recorder.path, 'r')
  try {
    const entries = []
    for await (const entry of readEntries(file, { from: 0, to: length })) entries.push(entry)
    const sizes = entries.map(({ kind, payload }) => (kind === 'head' ? kind : `${kind} ${payload.length}`))
    assert.deepEqual(
      sizes.filter((size) => !size.startsWith('seal')),
      ['head', 'output 262144', 'output 262144', 'output 75712', 'keyframe 3000004', 'output 3'],
    )
    const keyframe = entries.find(({ kind }) => kind === 'keyframe')
    assert.equal(keyframe?.payload.subarray(4).equals(screen), true)
  } finally {
    await file.close()
    await recorder.close()
  }
})

test('REC-16 bytes that are no entry are damage at their place, and all before them is read', async () => {
  const entry = encodeEntry({ kind: 'output', seq: 0, atMs: 0, payload: Buffer.from('a') })
  for (const wrong of [
    Buffer.alloc(20),
    Buffer.alloc(20, 0xff),
    Buffer.concat([entry.subarray(0, 4), Buffer.alloc(16, 9)]),
  ]) {
    const bytes = Buffer.concat([recordMagic, entry, wrong])
    const seen: number[] = []
    await assert.rejects(
      async () => {
        for await (const { end } of readEntries(fileOf(bytes), { from: 0, to: bytes.length })) seen.push(end)
      },
      { name: 'RecordDamage', offset: recordMagic.length + entry.length },
    )
    assert.deepEqual(seen, [recordMagic.length + entry.length])
  }
})
