import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutputPath } from '../../src/terminals/output-path.ts'
import { Reader, type ReaderStart } from '../../src/terminals/reader.ts'
import { KeepingSink, MemoryRecorder, MemoryScreen, turn } from '../fixtures/memory-output.ts'
import { ManualTime } from './recording/record-world.ts'

const kib = 1024
const mib = 1024 * kib

/** A reader of a path, with everything around it. */
type World = {
  readonly path: OutputPath
  readonly reader: Reader
  readonly sink: KeepingSink
  readonly screen: MemoryScreen
  readonly time: ManualTime
  readonly holds: boolean[]
  /** What befell it: `stuck`, or what failed. */
  readonly fates: string[]
  /** Writes a number of bytes, and waits until they are on their way. */
  readonly put: (length: number) => Promise<void>
  /** The frames since the last call. */
  readonly story: () => string[]
}

async function world(
  start: Partial<ReaderStart> & {
    readonly before?: number
    readonly acknowledges?: boolean
    readonly isFrozen?: boolean
  } = {},
): Promise<World> {
  const { before = 0, acknowledges, isFrozen = false, ...how } = start
  const recorder = new MemoryRecorder()
  const screen = new MemoryScreen()
  screen.isFrozen = isFrozen
  const time = new ManualTime()
  const sink = new KeepingSink(acknowledges)
  const holds: boolean[] = []
  const fates: string[] = []
  const nowMs = (): number => time.monotonicMs()
  const path = new OutputPath({
    recorder,
    screen,
    size: { cols: 80, rows: 24 },
    timers: time,
    nowMs,
    hold: (isHeld) => void holds.push(isHeld),
    onRecorded: () => undefined,
    onRecorderFailed: (cause) => void fates.push(String(cause)),
  })
  const put = async (length: number): Promise<void> => {
    for (let left = length; left > 0; left -= 64 * kib) {
      path.take(Buffer.alloc(Math.min(left, 64 * kib), 'x'))
      await path.settle()
    }
    await turn()
  }
  await put(before)
  const reader = new Reader(
    {
      path,
      sink,
      timers: time,
      nowMs,
      onStuck: () => void fates.push('stuck'),
      onFailed: (cause) => void fates.push(String(cause)),
    },
    { from: 0, isImplementor: false, isHeld: false, ...how },
  )
  await turn()
  const story = (): string[] => {
    const told = sink.story()
    sink.frames.length = 0
    return told
  }
  return { path, reader, sink, screen, time, holds, fates, put, story }
}

const piece = (index: number): string => `output ${index * 64 * kib}+${64 * kib}`

/** A number of pieces of 64 KiB, from the beginning on. */
const pieces = (count: number): string[] => Array.from({ length: count }, (_, index) => piece(index))

/** The offset after a piece in the story. */
function endOf(told = ''): number {
  const [, seq, length] = /^output (\d+)\+(\d+)$/.exec(told) ?? []
  return Number(seq) + Number(length)
}

test('FLW-15 a client that starts at the newest offset gets each piece as it comes, any other gets the screen first', async () => {
  const { put, story } = await world()
  await put(3)
  await put(2)
  assert.deepEqual(story(), ['output 0+3', 'output 3+2'])
  const late = await world({ before: 10, from: null })
  await late.put(1)
  assert.deepEqual(late.story(), ['snapshot 10', 'live 10', 'output 10+1'])
  const back = await world({ before: 10, from: 4 })
  assert.deepEqual(back.story(), ['output 4+6'])
})

test('FLW-16 an implementor is sent 512 KiB and the piece under way beyond what it has shown; the program waits until 128 KiB are left', async () => {
  const { put, story, reader, holds } = await world({ isImplementor: true })
  await put(mib)
  assert.deepEqual([story(), holds], [pieces(9), [true]])
  for (const shown of [64 * kib, 7 * 64 * kib]) {
    reader.shown(shown)
    const unshown = endOf(story().at(-1)) - shown
    assert.ok(unshown > 512 * kib && unshown <= 576 * kib, String(unshown))
    assert.deepEqual(holds, [true])
  }
  reader.shown(14 * 64 * kib)
  assert.deepEqual(holds, [true, false])
})

test('FLW-17 after 2 s the program continues; a reader that is 1 MiB behind gets an event, and nothing until it has 128 KiB left to show', async () => {
  const { put, story, reader, time, holds } = await world({ isImplementor: true })
  await put(mib)
  story()
  time.pass(1_999)
  reader.tick()
  assert.deepEqual(holds, [true])
  time.pass(1)
  reader.tick()
  await put(2 * mib)
  assert.deepEqual([story().at(-1), holds], [`behind ${17 * 64 * kib}`, [true, false]])
  reader.shown(15 * 64 * kib - 1)
  await put(1)
  assert.deepEqual(story(), [])
  reader.shown(15 * 64 * kib)
  await turn()
  const at = 3 * mib + 1
  assert.deepEqual(story(), [`snapshot ${at}`, `live ${at}`])
  await put(5)
  assert.deepEqual(story(), [`output ${at}+5`])
})

test('FLW-17 a watcher never makes the program wait', async () => {
  const { put, story, holds } = await world()
  await put(4 * mib)
  assert.deepEqual([story().at(-1), holds], [`behind ${17 * 64 * kib}`, []])
})

test('FLW-18 a client that must show output first is disconnected after 30 s; one that shows a part of it is not, until it stops too', async () => {
  const { put, reader, time, fates } = await world()
  await put(2 * mib)
  time.pass(29_999)
  reader.tick()
  reader.shown(64 * kib)
  time.pass(29_999)
  reader.tick()
  assert.deepEqual(fates, [])
  time.pass(1)
  reader.tick()
  assert.deepEqual(fates, ['stuck'])
})

test('FLW-18 a client that has shown everything is not disconnected, however long nothing comes', async () => {
  const { put, reader, time, fates } = await world()
  await put(100)
  reader.shown(100)
  time.pass(3_600_000)
  reader.tick()
  assert.deepEqual([fates, reader.isStuck()], [[], false])
})

test('FLW-19 a screen that is itself behind is sent again until it is near, but not before the last one has left this process', async () => {
  const { put, story, screen, sink, time, reader, fates } = await world()
  screen.isFrozen = true
  await put(3 * mib)
  reader.shown(17 * 64 * kib)
  await turn()
  assert.deepEqual(story().slice(-2), ['snapshot 0', 'behind 0'])
  sink.buffered = 200 * kib
  for (let look = 0; look < 4 * 29; look += 1) time.pass(250)
  reader.tick()
  assert.deepEqual([story(), screen.snapshots, fates], [[], 1, []])
  time.pass(1_250)
  reader.tick()
  assert.deepEqual(fates, ['stuck'])
  sink.buffered = 0
  screen.catchUp()
  time.pass(250)
  await turn()
  assert.deepEqual(story(), [`snapshot ${3 * mib}`, `live ${3 * mib}`])
})

test('FLW-20 a client that acknowledges output which it has not read gets at most 2 MiB more than has left this process', async () => {
  const { put, story, sink, reader, path } = await world()
  sink.buffered = 2 * mib + 1
  for (let round = 0; round < 100; round += 1) {
    await put(64 * kib)
    reader.shown(path.deliveredSeq)
  }
  assert.deepEqual(story(), [`behind 0`])
  const { put: putOther, story: storyOther, sink: other } = await world()
  await putOther(64 * kib)
  other.buffered = mib
  await putOther(64 * kib)
  assert.deepEqual(storyOther(), pieces(2))
})

test('FLW-21 the screen is sent again at most once a second, and not before earlier output has left this process', async () => {
  const { put, story, sink, reader, time } = await world()
  await put(10)
  story()
  for (let asked = 0; asked < 5; asked += 1) reader.resync()
  await turn()
  assert.deepEqual(story(), ['snapshot 10', 'live 10'])
  reader.resync()
  time.pass(999)
  reader.tick()
  await turn()
  assert.deepEqual(story(), [])
  time.pass(1)
  sink.buffered = 200 * kib
  reader.tick()
  await turn()
  assert.deepEqual(story(), [])
  sink.buffered = 0
  reader.tick()
  await turn()
  assert.deepEqual(story(), ['snapshot 10', 'live 10'])
})

test('FLW-22 output from more than 2 s ago that is not shown is a lag, the last piece of a burst and the screen included', async () => {
  const { put, reader, time } = await world()
  await put(10)
  time.pass(100)
  await put(10)
  reader.shown(10)
  time.pass(2_000)
  assert.equal(reader.isLagging(2_000), true)
  reader.shown(20)
  assert.equal(reader.isLagging(2_000), false)
  const late = await world({ before: 10, from: null })
  assert.equal(late.reader.isLagging(2_000), false)
  late.time.pass(2_001)
  assert.equal(late.reader.isLagging(2_000), true)
  late.reader.shown(10)
  assert.equal(late.reader.isLagging(2_000), false)
  late.reader.resync()
  await turn()
  late.time.pass(2_001)
  assert.equal(late.reader.isLagging(2_000), false)
})

test('FLW-22 a client that lacks output for more than 2 s lags, though it has shown all it was sent', async () => {
  const { reader, screen, time } = await world({ from: null, before: 2 * mib, isFrozen: true })
  reader.shown(0)
  assert.equal(reader.isLagging(2_000), false)
  time.pass(2_001)
  assert.equal(reader.isLagging(2_000), true)
  await turn()
  screen.catchUp()
  time.pass(250)
  await turn()
  reader.shown(2 * mib)
  assert.equal(reader.isLagging(2_000), false)
})

test('FLW-23 for a client that does not acknowledge, output counts as shown when it has left this process', async () => {
  const { put, story, sink, reader } = await world({ acknowledges: false })
  sink.buffered = 2 * mib
  await put(2 * mib)
  assert.deepEqual(story().at(-1), `behind ${17 * 64 * kib}`)
  sink.buffered = 128 * kib
  reader.drained()
  await turn()
  assert.deepEqual(story(), [`snapshot ${2 * mib}`, `live ${2 * mib}`])
})

test('FLW-24 a size comes at its own place: between two pieces, in the midst of catching up, and after a screen of that place', async () => {
  const { path, put, story } = await world()
  await put(3)
  path.resize({ cols: 100, rows: 30 })
  await put(2)
  assert.deepEqual(story(), ['output 0+3', 'size 3 100x30', 'output 3+2'])
  const late = await world({ before: 5, isImplementor: true })
  late.path.resize({ cols: 90, rows: 20 })
  await late.put(mib)
  late.story()
  const back = new Reader(
    {
      path: late.path,
      sink: late.sink,
      timers: late.time,
      nowMs: () => 0,
      onStuck: () => undefined,
      onFailed: () => assert.fail(),
    },
    { from: 2, isImplementor: false, isHeld: false },
  )
  await turn()
  assert.deepEqual(late.story().slice(0, 3), ['output 2+3', 'size 5 90x20', `output 5+${64 * kib}`])
  back.close()
})

test('FLW-15 a closed reader gets nothing, and nothing waits for it', async () => {
  const { put, story, reader, holds, path } = await world({ isImplementor: true })
  await put(mib)
  story()
  reader.close()
  assert.deepEqual([holds, path.readers.size], [[true, false], 0])
  reader.shown(mib)
  reader.tick()
  await put(10)
  assert.deepEqual(story(), [])
})
