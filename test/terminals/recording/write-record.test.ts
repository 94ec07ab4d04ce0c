/** Recording: what a recorder promises to the PTY session that waits for it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { recordPath } from '../../../src/terminals/recording/record-path.ts'
import type { RecordEvent } from '../../../src/terminals/recording/recorder.ts'
import { createRecorders } from '../../../src/terminals/recording/write-record.ts'
import { systemTimers } from '../../../src/terminals/timers.ts'
import {
  assertFailed,
  entriesOf,
  headWith,
  keys,
  outputAt,
  outputOf,
  recordedBytes,
  recordWorld,
  SlowDisk,
  sessionId,
  temporaryFolder,
  verifyBytes,
} from './record-world.ts'

const mib = 1024 * 1024

test('REC-1 appended entries are in the file when the append has resolved', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  assert.equal((await entriesOf(recordedBytes(world))).length, 1)
  const position = await recorder.append([outputAt(0, 'hello')])
  assert.deepEqual(await outputOf(recordedBytes(world)), Buffer.from('hello'))
  assert.deepEqual(position, { length: recordedBytes(world).length, seq: 5 })
  await recorder.close()
})

test('REC-2 a record returns every byte of the output, in any pieces, and everything else at its place', async (t) => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(pieces, async (chunks) => {
      const world = recordWorld(t)
      const recorder = await world.recorders.open(headWith())
      let seq = 0
      const appended: Promise<unknown>[] = []
      for (const chunk of chunks) {
        const marks: RecordEvent[] = [{ kind: 'size', seq, cols: 100, rows: 30 }]
        appended.push(recorder.append([...marks, outputAt(seq, chunk)]))
        seq += chunk.length
      }
      await Promise.all(appended)
      await recorder.close()
      const bytes = recordedBytes(world)
      assert.deepEqual(await outputOf(bytes), Buffer.concat(chunks))
      const sizes = (await entriesOf(bytes)).filter(({ kind }) => kind === 'size')
      let at = 0
      const places = chunks.map((chunk) => {
        at += chunk.length
        return at - chunk.length
      })
      assert.deepEqual(
        sizes.map((size) => size.seq),
        places,
      )
    }),
    { numRuns: 30 },
  )
})

test('REC-2 entries carry their values, and milliseconds of the monotonic clock', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  world.time.pass(1_500)
  await recorder.append([
    { kind: 'size', seq: 0, cols: 132, rows: 50 },
    outputAt(0, 'a'),
    { kind: 'input', seq: 1, bytes: Buffer.from('b') },
    { kind: 'event', seq: 1, event: { kind: 'joined' } },
    { kind: 'keyframe', seq: 1, cols: 132, rows: 50, bytes: Buffer.from('c') },
  ])
  await recorder.close()
  const entries = (await entriesOf(recordedBytes(world))).slice(1, -1)
  assert.deepEqual(
    entries.map(({ kind, seq, atMs, payload }) => [kind, seq, atMs, payload.toString('latin1')]),
    [
      ['size', 0, 1_500, '\u0000\u0084\u00002'],
      ['output', 0, 1_500, 'a'],
      ['input', 1, 1_500, 'b'],
      ['event', 1, 1_500, '{"kind":"joined"}'],
      ['keyframe', 1, 1_500, '\u0000\u0084\u00002c'],
    ],
  )
})

test('REC-2 output that leaves a gap is refused and not written, and the record continues', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  await assert.rejects(recorder.append([outputAt(0, 'ab'), outputAt(3, 'd')]), /^Error: Output 3 came, but 2/)
  await recorder.append([outputAt(0, 'ab')])
  await recorder.close()
  const { fault, isFinal } = await verifyBytes(recordedBytes(world))
  assert.deepEqual([fault, isFinal, (await outputOf(recordedBytes(world))).toString()], [null, true, 'ab'])
})

test('REC-3 at most one write is under way, and all that waits for it shares the next one', async (t) => {
  const disk = new SlowDisk()
  const { recorders } = recordWorld(t, disk)
  const recorder = await recorders.open(headWith())
  disk.begun.length = 0
  disk.isSlow = { write: true, sync: false }
  const appended = ['a', 'b', 'c', 'd'].map((text, index) => recorder.append([outputAt(index, text)]))
  const before = [...disk.begun]
  disk.underWay[0]?.finish()
  const [first] = await Promise.all([appended[0], turn()])
  const amid = [...disk.begun]
  disk.underWay[0]?.finish()
  const others = await Promise.all(appended.slice(1))
  assert.deepEqual([before, amid, disk.underWay.length], [['write'], ['write', 'write'], 0])
  assert.deepEqual([first?.seq, others.map(({ seq }) => seq)], [1, [4, 4, 4]])
  disk.isSlow = { write: false, sync: false }
  await recorder.close()
})

test('REC-4 a disk that takes nothing for 15 s fails what waits and all that comes, and closing does not wait for it', async (t) => {
  const disk = new SlowDisk()
  const { recorders, time } = recordWorld(t, disk)
  const recorder = await recorders.open(headWith())
  disk.isSlow = { write: true, sync: false }
  const appended = [recorder.append([outputAt(0, 'a')]), recorder.append([outputAt(1, 'b')])]
  const failed = Promise.allSettled(appended)
  time.pass(14_999)
  await turn()
  assert.equal(await Promise.race([failed, Promise.resolve('waiting')]), 'waiting')
  time.pass(1)
  assert.deepEqual(
    (await failed).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  await assertFailed(recorder, /has not taken the record for 15 s/)
  await recorder.close()
  assert.equal(disk.isClosed, false)
  disk.underWay[0]?.finish()
  await turn()
  assert.equal(disk.isClosed, true)
  await recorder.close()
})

test('REC-4 a full disk fails the append and all later ones, and the entries before it are whole', async (t) => {
  const disk = new SlowDisk()
  const { recorders, folder, errors } = recordWorld(t, disk)
  const recorder = await recorders.open(headWith())
  const { length } = await recorder.append([outputAt(0, 'kept')])
  disk.size = length + 20
  await assert.rejects(recorder.append([outputAt(4, 'lost')]), { code: 'ENOSPC' })
  disk.size = mib
  await assertFailed(recorder, /no space left/)
  await recorder.close()
  assert.deepEqual([disk.isClosed, errors], [true, []])
  const bytes = disk.files.get(recordPath(folder, sessionId)) ?? Buffer.alloc(0)
  assert.deepEqual([bytes.length, (await outputOf(bytes)).toString()], [length + 20, 'kept'])
})

test('REC-4 a file system that is full fails the append, and a record that cannot be begun leaves no file', async (t) => {
  const folder = temporaryFolder(t)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder])
  if (mounted.status !== 0) return t.skip('this user may not mount a small file system')
  try {
    const { time } = recordWorld(t)
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const recorders = createRecorders({ folder, sign: keys.signer, clock: time, timers: systemTimers, log })
    const recorder = await recorders.open(headWith())
    await assert.rejects(recorder.append([outputAt(0, Buffer.alloc(mib))]), { code: 'ENOSPC' })
    await assertFailed(recorder, /ENOSPC/)
    await recorder.close()
    const other = '7d0c6a5e-3f7e-4a57-9a50-0f6f0d4f2a12'
    await assert.rejects(recorders.open(headWith({ ptySessionId: other })), { code: 'ENOSPC' })
    assert.throws(() => statSync(recordPath(folder, other)), { code: 'ENOENT' })
    assert.deepEqual((await entriesOf(readFileSync(recordPath(folder, sessionId))))[0]?.kind, 'head')
  } finally {
    spawnSync('umount', [folder])
  }
})

test('REC-4 a disk that cannot sync sealed bytes fails later appends', async (t) => {
  const disk = new SlowDisk()
  const { recorders, time, errors } = recordWorld(t, disk)
  const recorder = await recorders.open(headWith())
  disk.isSlow = { write: false, sync: true }
  time.pass(10_000)
  await turn()
  await recorder.append([outputAt(0, 'a')])
  disk.underWay[0]?.finish(new Error('EIO'))
  await turn()
  await assertFailed(recorder, /EIO/)
  await recorder.close()
  assert.deepEqual([disk.isClosed, errors], [true, []])
})

test('REC-5 a segment is sealed before it would be longer than 1 MiB', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  for (let seq = 0; seq < 4 * mib; seq += 64 * 1024) await recorder.append([outputAt(seq, Buffer.alloc(64 * 1024, 1))])
  await recorder.close()
  const seals = (await entriesOf(recordedBytes(world))).filter(({ kind }) => kind === 'seal').map(({ end }) => end)
  const lengths = seals.map((end, index) => end - (seals[index - 1] ?? 0))
  assert.equal(lengths.length, 5)
  assert.deepEqual(
    lengths.filter((length) => length > mib),
    [],
  )
})

test('REC-26 the start of each segment is reported before anything of it is written', async (t) => {
  const disk = new SlowDisk()
  const sizes: number[] = []
  const { time } = recordWorld(t)
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const written = (): Buffer => [...disk.files.values()][0] ?? Buffer.alloc(0)
  const onSegment = (): void => void sizes.push(written().length)
  const parts = { folder: temporaryFolder(t), sign: keys.signer, clock: time, timers: time, log, files: disk }
  const recorder = await createRecorders({ ...parts, onSegment }).open(headWith())
  for (let seq = 0; seq < 3 * mib; seq += 64 * 1024) await recorder.append([outputAt(seq, Buffer.alloc(64 * 1024, 1))])
  time.pass(10_000)
  await turn()
  await recorder.append([outputAt(3 * mib, 'a')])
  await recorder.close()
  const seals = (await entriesOf(written())).filter(({ kind }) => kind === 'seal').map(({ end }) => end)
  assert.equal(sizes.length, seals.length)
  assert.equal(sizes[0], 0)
  for (const [index, size] of sizes.entries()) assert.ok(size <= (seals[index - 1] ?? 0), `segment ${index} at ${size}`)
})

test('REC-5 a segment is sealed once its first entry is 10 s old, and an idle record gets no more seals', async (t) => {
  const disk = new SlowDisk()
  const world = recordWorld(t, disk)
  const recorder = await world.recorders.open(headWith())
  const bytes = (): Buffer => disk.files.get(recorder.path) ?? Buffer.alloc(0)
  const seals = async (): Promise<number> => {
    await turn()
    return (await entriesOf(bytes())).filter(({ kind }) => kind === 'seal').length
  }
  world.time.pass(9_999)
  assert.equal(await seals(), 0)
  world.time.pass(1)
  assert.equal(await seals(), 1)
  world.time.pass(60_000)
  assert.deepEqual([await seals(), world.time.armed], [1, 0])
  await recorder.append([outputAt(0, 'a')])
  world.time.pass(5_000)
  await recorder.append([outputAt(1, 'b')])
  world.time.pass(5_000)
  assert.equal(await seals(), 2)
  const { fault, segments, signedBytes } = await verifyBytes(bytes())
  assert.deepEqual([fault, segments, signedBytes], [null, 2, bytes().length])
  await recorder.close()
})

test('REC-6 sealed bytes are made safe beside the appends, which do not wait for it', async (t) => {
  const disk = new SlowDisk()
  const { recorders, time } = recordWorld(t, disk)
  const recorder = await recorders.open(headWith())
  disk.isSlow = { write: false, sync: true }
  time.pass(10_000)
  await turn()
  await recorder.append([outputAt(0, 'a')])
  time.pass(10_000)
  await recorder.append([outputAt(1, 'b')])
  assert.deepEqual(disk.begun, ['write', 'write', 'sync', 'write', 'write', 'write'])
  disk.underWay[0]?.finish()
  await turn()
  assert.equal(disk.begun.at(-1), 'sync')
  const closed = recorder.close()
  disk.underWay[0]?.finish()
  await turn()
  assert.deepEqual([disk.isClosed, disk.underWay.length], [false, 1])
  disk.underWay[0]?.finish()
  await closed
  assert.equal(disk.isClosed, true)
})

test('REC-7 only the owner can read folder and record, with any umask, and no record is overwritten', async (t) => {
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  for (const [index, mask] of [0, 0o777].entries()) {
    const world = recordWorld(t)
    process.umask(mask)
    const recorder = await world.recorders.open(headWith({ changeId: `CHG-${index}` }))
    process.umask(0o022)
    assert.deepEqual([statSync(world.folder).mode & 0o777, statSync(recorder.path).mode & 0o777], [0o700, 0o600])
    await assert.rejects(world.recorders.open(headWith()), { code: 'EEXIST' })
    await recorder.close()
    assert.equal((await verifyBytes(recordedBytes(world))).fault, null)
  }
})

test('REC-7 a record is named by a UUID and by nothing that leads out of its folder', async (t) => {
  const { recorders } = recordWorld(t)
  for (const ptySessionId of ['../evil', '', `${sessionId}/..`, sessionId.toUpperCase()]) {
    await assert.rejects(recorders.open(headWith({ ptySessionId })), /named by a UUID/)
  }
})

test('REC-8 output is read back from any byte on while the record grows', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  const whole = Buffer.from(Array.from({ length: 3 * mib }, (_, index) => (index * 31) % 251))
  let seq = 0
  for (const length of [1, 70_000, 3, 900_000, 65_536, 1_000_000, 500_000]) {
    await recorder.append([
      outputAt(seq, whole.subarray(seq, seq + length)),
      { kind: 'event', seq, event: { kind: 'x' } },
    ])
    seq += length
  }
  const samples = [0, 1, 69_999, 70_001, 70_004, 300_000, 970_003, 1_500_000, seq - 1]
  for (const from of samples) {
    assert.deepEqual(
      Buffer.from(await recorder.readOutput(from, 100_000)),
      whole.subarray(from, Math.min(seq, from + 100_000)),
    )
  }
  assert.deepEqual([(await recorder.readOutput(seq, 10)).length, (await recorder.readOutput(0, 0)).length], [0, 0])
  await recorder.close()
})

test('REC-9 input is recorded only if the head says so', async (t) => {
  const typed = 'hunter2-typed-password'
  const found = []
  for (const inputIsRecorded of [false, true]) {
    const world = recordWorld(t)
    const recorder = await world.recorders.open(headWith({ inputIsRecorded }))
    await recorder.append([{ kind: 'input', seq: 0, bytes: Buffer.from(typed) }, outputAt(0, '$ ')])
    await recorder.close()
    found.push(recordedBytes(world).includes(typed))
    assert.equal((await verifyBytes(recordedBytes(world))).fault, null)
  }
  assert.deepEqual(found, [false, true])
})

test('REC-2 a keyframe that no entry can hold is left out, and an event that none can hold is refused', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  await recorder.append([{ kind: 'keyframe', seq: 0, cols: 80, rows: 24, bytes: Buffer.alloc(4 * mib) }])
  await assert.rejects(recorder.append([{ kind: 'event', seq: 0, event: { text: 'x'.repeat(4 * mib) } }]), /too long/)
  await recorder.append([outputAt(0, Buffer.alloc(5 * mib, 7))])
  await recorder.close()
  const bytes = recordedBytes(world)
  const kinds = new Set((await entriesOf(bytes)).map(({ kind }) => kind))
  assert.deepEqual([[...kinds], (await outputOf(bytes)).length], [['head', 'output', 'seal'], 5 * mib])
})

test('REC-1 nothing is appended to a record that is closed, and closing again changes nothing', async (t) => {
  const world = recordWorld(t)
  const recorder = await world.recorders.open(headWith())
  const last = recorder.append([outputAt(0, 'last')])
  await Promise.all([recorder.close(), recorder.close()])
  assert.equal((await last).seq, 4)
  const { length } = recordedBytes(world)
  await assert.rejects(recorder.append([]), /closed/)
  await recorder.close()
  assert.deepEqual([recordedBytes(world).length, world.time.armed], [length, 0])
})

test('REC-7 a folder that was there with wider modes is narrowed', async (t) => {
  const folder = join(temporaryFolder(t), 'wide')
  mkdirSync(folder, { mode: 0o755 })
  writeFileSync(join(folder, 'note'), '')
  const { time } = recordWorld(t)
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const recorders = createRecorders({ folder, sign: keys.signer, clock: time, timers: time, log })
  const recorder = await recorders.open(headWith())
  await recorder.close()
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  rmSync(folder, { recursive: true })
})
