import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutputPath, type OutputReader } from '../../src/terminals/output-path.ts'
import { MemoryRecorder, MemoryScreen, turn } from '../fixtures/memory-output.ts'
import { ManualTime } from './recording/record-world.ts'

const kib = 1024
const mib = 1024 * kib

/** A path with everything around it. */
type World = {
  readonly path: OutputPath
  readonly recorder: MemoryRecorder
  readonly screen: MemoryScreen
  readonly time: ManualTime
  /** Whether the program was let wait and go on, in order. */
  readonly holds: boolean[]
  readonly failures: unknown[]
  /** What a reader got: output and sizes, in order. */
  readonly told: string[]
}

function world(wantsPause: () => boolean = () => false): World {
  const recorder = new MemoryRecorder()
  const screen = new MemoryScreen()
  const time = new ManualTime()
  const holds: boolean[] = []
  const failures: unknown[] = []
  const told: string[] = []
  const path = new OutputPath({
    recorder,
    screen,
    size: { cols: 80, rows: 24 },
    timers: time,
    nowMs: () => time.monotonicMs(),
    hold: (isHeld) => void holds.push(isHeld),
    onRecorded: () => undefined,
    onRecorderFailed: (cause) => void failures.push(cause),
  })
  const reader: OutputReader = {
    onOutput: ({ seq, bytes }) => void told.push(`${seq}:${bytes.length > 20 ? bytes.length : Buffer.from(bytes)}`),
    onSize: ({ seq, cols, rows }) => void told.push(`${seq}:${cols}x${rows}`),
    wantsPause,
  }
  path.readers.add(reader)
  return { path, recorder, screen, time, holds, failures, told }
}

const bytes = (length: number): Uint8Array => Buffer.alloc(length, 'x')

test('FLW-10 nothing is sent before the recorder has it, and what it has is sent in order', async () => {
  const { path, recorder, told } = world()
  recorder.isSlow = true
  path.take(Buffer.from('one'))
  path.resize({ cols: 100, rows: 30 })
  path.take(Buffer.from('two'))
  await turn()
  assert.deepEqual([told, path.deliveredSeq], [[], 0])
  await recorder.release()
  assert.deepEqual([told, path.deliveredSeq], [['0:one', '3:100x30', '3:two'], 6])
})

test('FLW-10 events are recorded at the present offset, also behind output that was still being gathered', async () => {
  const { path, recorder } = world()
  path.take(bytes(5 * kib))
  path.note({ kind: 'end' })
  path.noteInput(Buffer.from('a'))
  await turn()
  assert.deepEqual(
    recorder.events.map(({ kind, seq }) => `${kind} ${seq}`),
    ['output 0', 'event 5120', 'input 5120'],
  )
})

test('FLW-11 a little output goes at once; more than 4 KiB within 4 ms is gathered for 3 ms or to 64 KiB', async () => {
  const { path, time, told } = world()
  for (const text of ['a', 'b']) path.take(Buffer.from(text))
  await turn()
  assert.deepEqual(told.splice(0), ['0:a', '1:b'])
  for (let piece = 0; piece < 3; piece += 1) path.take(bytes(4 * kib))
  await turn()
  assert.deepEqual(told.splice(0), [])
  time.pass(3)
  await turn()
  assert.deepEqual(told.splice(0), ['2:12288'])
  for (let piece = 0; piece < 16; piece += 1) path.take(bytes(4 * kib))
  await turn()
  assert.deepEqual(told.splice(0), ['12290:65536'])
  time.pass(5)
  path.take(Buffer.from('c'))
  await turn()
  assert.deepEqual(told, ['77826:c'])
})

test('FLW-11 taken output does not change when its buffer is used again', async () => {
  const { path, recorder } = world()
  const memory = Buffer.from('abc')
  recorder.isSlow = true
  path.take(memory)
  memory.fill('x')
  path.take(Buffer.alloc(5 * kib, 'y'))
  path.take(memory)
  memory.fill('z')
  path.flush()
  await recorder.release()
  const recorded = recorder.events.map((event) => ('bytes' in event ? Buffer.from(event.bytes).toString() : ''))
  assert.equal(recorded.join(''), `abc${'y'.repeat(5 * kib)}xxx`)
})

test('FLW-12 the program waits while more than 1 MiB is not recorded, and continues at 256 KiB', async () => {
  const { path, recorder, holds } = world()
  recorder.isSlow = true
  for (let sent = 0; sent < mib; sent += 64 * kib) path.take(bytes(64 * kib))
  assert.deepEqual(holds, [])
  path.take(bytes(64 * kib))
  assert.deepEqual(holds, [true])
  await recorder.release()
  assert.deepEqual(holds, [true, false])
})

test('FLW-12 the program waits while the screen is more than 64 MiB behind, and looks again until it has come nearer', async () => {
  const { path, screen, time, holds } = world()
  screen.isFrozen = true
  for (let sent = 0; sent <= 64; sent += 1) {
    path.take(bytes(mib))
    await turn()
  }
  assert.deepEqual(holds, [true])
  time.pass(20)
  assert.deepEqual(holds, [true])
  screen.catchUp()
  time.pass(20)
  assert.deepEqual(holds, [true, false])
})

test('FLW-12 the program waits for a reader that asks for it, and continues when that one is gone', async () => {
  let wantsPause = true
  const { path, holds } = world(() => wantsPause)
  path.take(Buffer.from('a'))
  await turn()
  assert.deepEqual(holds, [true])
  wantsPause = false
  path.weigh()
  assert.deepEqual(holds, [true, false])
  wantsPause = true
  path.weigh()
  path.readers.clear()
  path.weigh()
  assert.deepEqual(holds, [true, false, true, false])
})

test('FLW-13 a failed recorder is reported once, and no later output is sent', async () => {
  const { path, recorder, failures, told } = world()
  path.take(Buffer.from('a'))
  await turn()
  recorder.failure = new Error('the disk is full')
  path.take(Buffer.from('b'))
  path.take(Buffer.from('c'))
  path.note({ kind: 'lost' })
  await turn()
  recorder.failure = null
  path.take(Buffer.from('d'))
  await path.settle()
  assert.deepEqual([told, failures.map(String), path.deliveredSeq], [['0:a'], ['Error: the disk is full'], 1])
})

test('FLW-14 what the ring no longer holds is read from the record, also after a minute without output', async () => {
  const { path, time } = world()
  for (let sent = 0; sent < 3; sent += 1) path.take(bytes(mib))
  path.take(Buffer.from('end'))
  await path.settle()
  const fromRing = path.read(3 * mib, 10)
  assert.ok(!(fromRing instanceof Promise))
  const old = path.read(0, 10)
  assert.ok(old instanceof Promise)
  assert.equal((await old).length, 10)
  time.pass(60_000)
  const given = path.read(3 * mib, 10)
  assert.ok(given instanceof Promise)
  assert.equal(Buffer.from(await given).toString(), 'end')
})

test('FLW-14 the size at an offset is the one that held before it; a path that is closed leaves no timer behind', async () => {
  const { path, time } = world()
  path.take(Buffer.from('abc'))
  path.resize({ cols: 100, rows: 30 })
  path.take(Buffer.from('d'))
  await path.settle()
  const sizes = [0, 3, 4].map((seq) => path.sizes.before(seq))
  assert.deepEqual(
    sizes.map(({ cols }) => cols),
    [80, 80, 100],
  )
  path.take(bytes(8 * kib))
  path.close()
  await turn()
  assert.deepEqual([time.armed, path.deliveredSeq], [0, 4])
})
