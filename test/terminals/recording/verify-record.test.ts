/** Recording: what a record proves, what a crash leaves, and which changes are detected. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  entriesOf,
  keys,
  makeKeys,
  memoryRecord,
  outputAt,
  outputOf,
  recordEvents,
  sessionId,
  verifyBytes,
} from './record-world.ts'

const otherId = '7d0c6a5e-3f7e-4a57-9a50-0f6f0d4f2a12'

/** A finished record of three segments, the last of them with the end; and the offset at which each of the three ends. */
async function threeSegments(t: TestContext, ptySessionId = sessionId): Promise<{ bytes: Buffer; ends: number[] }> {
  const bytes = await recordEvents(
    t,
    [
      [0, outputAt(0, 'one')],
      [1, { kind: 'event', seq: 3, event: { kind: 'message', text: 'first' } }],
      [10_000, outputAt(3, 'two')],
      [20_000, { kind: 'size', seq: 6, cols: 100, rows: 30 }],
      [20_001, outputAt(6, 'three')],
    ],
    { ptySessionId },
  )
  const ends = (await entriesOf(bytes)).filter(({ kind }) => kind === 'seal').map(({ end }) => end)
  return { bytes, ends }
}

test('REC-10 whichever byte of a finished record is changed, and however, the change is a fault that is named', async (t) => {
  const { bytes, ends } = await threeSegments(t)
  assert.deepEqual(await verifyBytes(bytes), {
    ptySessionId: sessionId,
    segments: 3,
    bytes: bytes.length,
    signedBytes: bytes.length,
    isFinal: true,
    fault: null,
    mark: null,
  })
  for (let at = 0; at < bytes.length; at += 1) {
    for (const flip of [0x01, 0x04, 0x80, 0xff]) {
      const changed = Buffer.from(bytes)
      changed[at] = (bytes[at] ?? 0) ^ flip
      const { fault, segments, isFinal } = await verifyBytes(changed)
      assert.notEqual(fault, null, `byte ${at}, bits ${flip}`)
      const segment = ends.findIndex((end) => at < end)
      assert.deepEqual([segments, isFinal], [segment, false], `byte ${at}, bits ${flip}: ${fault}`)
    }
  }
})

test('REC-11 a fault says which segment does not hold, and why', async (t) => {
  const { bytes, ends } = await threeSegments(t)
  const [one = 0, two = 0, three = 0] = ends
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy
  }
  const without = (from: number, to: number): Buffer => Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  const other = (await threeSegments(t, otherId)).bytes
  const foreign = makeKeys()
  const faultOf = async (record: Buffer, change: Parameters<typeof verifyBytes>[1] = {}): Promise<string | null> =>
    (await verifyBytes(record, change)).fault
  assert.deepEqual(
    {
      output: await faultOf(changed(one + 18)),
      length: await faultOf(changed(one + 2)),
      signature: await faultOf(changed(two - 1)),
      'length of the last seal': await faultOf(changed(three - 115)),
      magic: await faultOf(changed(3)),
      'a segment taken out': await faultOf(without(one, two)),
      'the first segment taken out': await faultOf(without(0, one)),
      'a piece over a border taken out': await faultOf(without(one + 10, two + 10)),
      'a segment twice': await faultOf(Buffer.concat([bytes.subarray(0, two), bytes.subarray(one)])),
      'more after the end': await faultOf(Buffer.concat([bytes, Buffer.from('more')])),
      'another key': await faultOf(bytes, { key: foreign.verifier }),
      'a key that lies about its id': await faultOf(bytes, {
        key: { ...foreign.verifier, keyId: keys.verifier.keyId },
      }),
      'the record of another session': await faultOf(other),
      'a seal of another session': await faultOf(Buffer.concat([bytes.subarray(0, two), other.subarray(two)])),
    },
    {
      output: `segment 2 (bytes ${one}..${two}): hash does not match`,
      length: `segment 2 (bytes ${one}..${two}): hash does not match`,
      signature: 'signature of segment 2 is not ours',
      'length of the last seal': `segment 3 (bytes ${two}..${three}): hash does not match`,
      magic: 'the file does not begin as a record does',
      'a segment taken out': `segment 2 is missing: segment 3 stands in its place (bytes ${one}..${one + three - two})`,
      'the first segment taken out': 'the file does not begin as a record does',
      'a piece over a border taken out': `segment 2 is missing: segment 3 stands in its place (bytes ${one}..${one + three - two})`,
      'a segment twice': `segment 3 is missing: segment 2 stands in its place (bytes ${two}..${two + two - one})`,
      'more after the end': '4 bytes follow the end of the record',
      'another key': `the record is signed with the key ${keys.verifier.keyId}, which is not ours`,
      'a key that lies about its id': 'signature of segment 1 is not ours',
      'the record of another session': 'the record is that of another PTY session',
      'a seal of another session': `segment 3 (bytes ${two}..${three}): hash does not match`,
    },
  )
})

test('REC-12 wherever a crash cuts a record off, it is valid up to its last whole segment, and the rest is kept and marked', async (t) => {
  const { bytes, ends } = await threeSegments(t)
  const whole = (await outputOf(bytes)).toString()
  for (let length = 0; length < bytes.length; length += 1) {
    const { fault, segments, signedBytes, isFinal, mark } = await verifyBytes(bytes.subarray(0, length))
    const sealedBytes = ends.filter((end) => end <= length).at(-1) ?? 0
    const unsigned = length - sealedBytes
    assert.deepEqual(
      [fault, segments, signedBytes, isFinal],
      [null, ends.filter((end) => end <= length).length, sealedBytes, false],
      `cut at ${length}`,
    )
    assert.equal(
      mark,
      unsigned === 0
        ? 'the recorder stopped without an end'
        : `${unsigned} bytes after the last seal are not signed (the recorder stopped without an end)`,
    )
    const left = (await outputOf(bytes.subarray(0, length))).toString()
    assert.ok(whole.startsWith(left) && (length < (ends[1] ?? 0) || left.startsWith('onetwo')), `cut at ${length}`)
  }
})

test('REC-10 a change is named in a segment of any length, though it hides the start of the seal', async (t) => {
  const readAtOnce = 1024 * 1024
  for (const beforeEdge of [1, 50, 100, 101]) {
    // Header and size of the keyframe, and the header of the seal, stand before the seal's payload.
    const screen = Buffer.alloc(readAtOnce - beforeEdge - 17 - 4 - 17, 'k')
    const bytes = await recordEvents(t, [[0, { kind: 'keyframe', seq: 0, cols: 80, rows: 24, bytes: screen }]])
    const [, sealed] = await entriesOf(bytes)
    bytes[(sealed?.end ?? 0) + 1] = 0x3f
    const { fault } = await verifyBytes(bytes)
    assert.equal(fault, `segment 2 (bytes ${sealed?.end}..${bytes.length}): hash does not match`)
  }
})

test('REC-12 a tail that shows the record of another session is no fault', async (t) => {
  const other = (await threeSegments(t, otherId)).bytes
  const { recorder, bytes } = await memoryRecord(t)
  await recorder.append([outputAt(0, other)])
  const { fault, mark } = await verifyBytes(bytes())
  assert.deepEqual([fault, mark?.slice(0, 5)], [null, `${bytes().length} `.slice(0, 5)])
  await recorder.close()
  assert.equal((await verifyBytes(bytes())).fault, null)
})

test('REC-12 bytes that a loss of power left empty after the last seal are marked, not mistaken for a change', async (t) => {
  const { bytes, ends } = await threeSegments(t)
  const torn = Buffer.concat([bytes.subarray(0, ends[1]), Buffer.alloc(5_000)])
  const { fault, mark } = await verifyBytes(torn)
  assert.deepEqual([fault, mark?.slice(0, 10)], [null, '5000 bytes'])
})

test('REC-12 a record that grows while it is verified is valid up to the end of the read', async (t) => {
  const { recorder, time, bytes } = await memoryRecord(t)
  await recorder.append([outputAt(0, 'a')])
  time.pass(10_000)
  await recorder.append([])
  const { length } = bytes()
  await recorder.append([outputAt(1, 'b')])
  await recorder.close()
  const report = await verifyBytes(bytes(), { length })
  assert.deepEqual([report.fault, report.signedBytes, report.isFinal], [null, length, false])
})
