import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createScreens, type ScreensParts } from '../../../src/terminals/screen/create-screens.ts'
import type { Screen, Screens, Snapshot } from '../../../src/terminals/screen/screen.ts'
import { terminalFed } from '../../fixtures/compare-terminals.ts'
import { GrowingRecord } from './growing-record.ts'

const size = { cols: 20, rows: 4 } as const
const dyingWorker = new URL('../../fixtures/dying-screen-worker.ts', import.meta.url)
const deadlySeq = 666_666_666

function screensOf(
  t: TestContext,
  startWorker?: ScreensParts['startWorker'],
): { readonly screens: Screens; readonly logged: string[] } {
  const logged: string[] = []
  const note = (_facts: unknown, sentence: string): void => {
    logged.push(sentence)
  }
  const log = { info: note, warn: note, error: note }
  const screens = createScreens(startWorker === undefined ? { log } : { log, startWorker })
  t.after(() => screens.close())
  return { screens, logged }
}

function textOf({ cols, rows, bytes }: Snapshot): string {
  const { active } = terminalFed({ cols, rows }, bytes).buffer
  const lines = Array.from(
    { length: rows },
    (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
  )
  return lines.join('\n').trimEnd()
}

async function textAt(screen: Screen, seq = 0): Promise<string> {
  return textOf(await screen.snapshot(seq))
}

test('SCR-13 a screen follows its record as far as the file was announced, and no further', async (t) => {
  const { screens } = screensOf(t)
  const record = new GrowingRecord(t)
  const screen = screens.follow({ path: record.path, ...size })
  assert.equal(await textAt(screen), '')
  record.event()
  const told = record.output('one\r\n', 'two\r\n')
  const later = record.output('three')
  screen.advance(told)
  assert.equal(await textAt(screen, told.seq), 'one\ntwo')
  assert.equal(screen.parsedSeq(), told.seq)
  screen.advance(later)
  assert.equal(await textAt(screen, later.seq), 'one\ntwo\nthree')
})

test('SCR-13 sizes of the record apply at their offset', async (t) => {
  const { screens } = screensOf(t)
  const record = new GrowingRecord(t)
  const screen = screens.follow({ path: record.path, ...size })
  record.output('first\r\n')
  record.size(30, 8)
  const position = record.output('a line of thirty columns, or so')
  screen.advance(position)
  const snapshot = await screen.snapshot(position.seq)
  assert.deepEqual({ cols: snapshot.cols, rows: snapshot.rows }, { cols: 30, rows: 8 })
  assert.equal(textOf(snapshot), 'first\na line of thirty columns, or s\no')
})

test('SCR-13 a snapshot that is to be of a place not yet come to waits for it', async (t) => {
  const { screens } = screensOf(t)
  const record = new GrowingRecord(t)
  const screen = screens.follow({ path: record.path, ...size })
  const waiting = textAt(screen, 10)
  const isFirst = Promise.race([waiting, textAt(screen)])
  assert.equal(await isFirst, '')
  screen.advance(record.output('0123456789'))
  assert.equal(await waiting, '0123456789')
})

test('SCR-14 a session with much output does not hold up others, and can be asked meanwhile', async (t) => {
  const { screens } = screensOf(t)
  const [busy, quiet] = [new GrowingRecord(t), new GrowingRecord(t)]
  const piece = Buffer.from('some text of a line that is long enough\r\n'.repeat(50_000))
  const busyScreen = screens.follow({ path: busy.path, ...size })
  const quietScreen = screens.follow({ path: quiet.path, ...size })
  const end = busy.output(...Array.from({ length: 8 }, () => piece))
  busyScreen.advance(end)
  quietScreen.advance(quiet.output('quiet'))
  const order: string[] = []
  const [, , whole] = await Promise.all([
    textAt(quietScreen, 5).then((text) => order.push(text)),
    busyScreen.snapshot().then(({ seq }) => order.push(seq < end.seq ? 'busy, in the middle' : 'busy, whole')),
    busyScreen.snapshot(end.seq).then(({ seq }) => {
      order.push('busy, whole')
      return seq
    }),
  ])
  assert.deepEqual(order, ['busy, in the middle', 'quiet', 'busy, whole'])
  assert.equal(whole, end.seq)
})

test('SCR-15 when the thread dies, waiting callers get an error, and the next thread follows every record from its start', async (t) => {
  const workers: Worker[] = []
  const { screens, logged } = screensOf(t, (workerData) => {
    workers.push(new Worker(dyingWorker, { workerData }))
    return workers.at(-1) as Worker
  })
  const records = [new GrowingRecord(t), new GrowingRecord(t)]
  const followed = records.map((record, index) => {
    const screen = screens.follow({ path: record.path, ...size })
    screen.advance(record.output(`session ${index}`))
    return screen
  })
  assert.deepEqual(await Promise.all(followed.map((screen) => textAt(screen, 9))), ['session 0', 'session 1'])
  const waiting = followed[0]?.snapshot(1_000)
  await Promise.all([assert.rejects(async () => waiting, /thread of the screens has died/), workers[0]?.terminate()])
  for (const [index, record] of records.entries()) followed[index]?.advance(record.output(', goes on'))
  assert.deepEqual(await Promise.all(followed.map((screen) => textAt(screen, 18))), [
    'session 0, goes on',
    'session 1, goes on',
  ])
  assert.equal(workers.length, 2)
  assert.deepEqual(logged, ['the thread of the screens is gone; a new one takes over'])
})

test('SCR-15 a session in whose turn the thread dies twice is followed no further, the others are, and its program waits for no screen', async (t) => {
  const { screens, logged } = screensOf(t, (workerData) => new Worker(dyingWorker, { workerData }))
  const [deadly, harmless] = [new GrowingRecord(t), new GrowingRecord(t)]
  const deadlyScreen = screens.follow({ path: deadly.path, ...size })
  const harmlessScreen = screens.follow({ path: harmless.path, ...size })
  deadlyScreen.advance(deadly.output('deadly'))
  harmlessScreen.advance(harmless.output('harmless'))
  for (let death = 0; death < 2; death += 1) {
    await assert.rejects(deadlyScreen.snapshot(deadlySeq), /thread of the screens has died/)
    assert.equal(await textAt(harmlessScreen, 8), 'harmless')
  }
  await assert.rejects(deadlyScreen.snapshot(), /There is no screen: its turn ended the thread/)
  const told = deadly.output(' still')
  deadlyScreen.advance(told)
  assert.equal(deadlyScreen.parsedSeq(), told.seq)
  assert.equal(logged.filter((sentence) => sentence === 'a screen is followed no further').length, 1)
})

test('SCR-15 a thread that does not start is not started for ever', async (t) => {
  let starts = 0
  const { screens } = screensOf(t, () => {
    starts += 1
    return new Worker('process.exit(3)', { eval: true })
  })
  const screen = screens.follow({ path: '/nowhere', ...size })
  await assert.rejects(screen.snapshot(), /died/)
  await assert.rejects(screen.snapshot(), /died|does not start/)
  await assert.rejects(screen.snapshot(), /There is no screen: the thread of the screens does not start/)
  assert.equal(starts, 2)
})

test('SCR-16 a record that is damaged, or not there, ends its own screen alone, and its program waits for no screen', async (t) => {
  const { screens, logged } = screensOf(t)
  const [damaged, whole] = [new GrowingRecord(t), new GrowingRecord(t)]
  const screen = screens.follow({ path: damaged.path, ...size })
  const other = screens.follow({ path: whole.path, ...size })
  const missing = screens.follow({ path: `${whole.path}-is-not-there`, ...size })
  damaged.output('good')
  const end = damaged.damage()
  screen.advance(end)
  missing.advance(end)
  other.advance(whole.output('other'))
  await assert.rejects(screen.snapshot(5), /No entry of a record begins at byte/)
  await assert.rejects(missing.snapshot(5), /ENOENT/)
  await assert.rejects(screen.snapshot(), /There is no screen/)
  assert.equal(screen.parsedSeq(), end.seq)
  assert.equal(await textAt(other, 5), 'other')
  assert.deepEqual(logged, ['a screen is followed no further', 'a screen is followed no further'])
})

const mebibyte = Buffer.alloc(1024 * 1024, 'keyframes are taken on the way ')

/** Twelve MiB, a MiB in each given number of milliseconds of the record. */
function twelveMebibytes(record: GrowingRecord, msEach: number): void {
  for (let index = 0; index < 12; index += 1) {
    record.pass(msEach)
    record.output(mebibyte)
  }
}

test('SCR-17 keyframes come at most once in four MiB and five seconds of the record, hold the screen alone, and are not repeated by the next thread', async (t) => {
  let worker: Worker | undefined
  const { screens } = screensOf(t, (workerData) => {
    worker = new Worker(dyingWorker, { workerData })
    return worker
  })
  const keyframes: Snapshot[] = []
  const record = new GrowingRecord(t)
  const onKeyframe = (keyframe: Snapshot): void => {
    keyframes.push(keyframe)
  }
  const screen = screens.follow({ path: record.path, ...size, onKeyframe })
  twelveMebibytes(record, 2_000)
  screen.advance(record.position)
  await screen.snapshot(record.position.seq)
  const before = keyframes.map(({ seq }) => seq)
  await Promise.all([assert.rejects(screen.snapshot(deadlySeq), /died/), worker?.terminate()])
  await screen.snapshot(record.position.seq)
  assert.deepEqual(
    keyframes.map(({ seq }) => seq),
    before,
  )
  const gaps = before.map((seq, index) => seq - (before[index - 1] ?? 0))
  assert.equal(gaps.length, 3)
  assert.ok(
    gaps.every((gap) => gap >= 4 * mebibyte.length && gap < 4.5 * mebibyte.length),
    String(gaps),
  )
  assert.deepEqual(
    keyframes.map(({ cols, rows, bytes }) => terminalFed({ cols, rows }, bytes).buffer.active.length),
    [4, 4, 4],
  )
})

test('SCR-17 output that comes faster has a keyframe in five seconds only', async (t) => {
  const { screens } = screensOf(t)
  const keyframes: number[] = []
  const record = new GrowingRecord(t)
  const onKeyframe = ({ seq }: Snapshot): void => {
    keyframes.push(seq)
  }
  const screen = screens.follow({ path: record.path, ...size, onKeyframe })
  twelveMebibytes(record, 700)
  screen.advance(record.position)
  await screen.snapshot(record.position.seq)
  assert.equal(keyframes.length, 1)
  assert.ok((keyframes[0] ?? 0) > 7 * mebibyte.length)
})

test('SCR-18 a closed screen rejects callers, and closed screens follow nothing', async (t) => {
  const { screens } = screensOf(t)
  const record = new GrowingRecord(t)
  const [closed, other] = [0, 1].map(() => screens.follow({ path: record.path, ...size })) as [Screen, Screen]
  const [waiting, waitingToo] = [closed.snapshot(100), other.snapshot(100)]
  closed.close()
  closed.close()
  await assert.rejects(waiting, /closed/)
  await assert.rejects(closed.snapshot(), /closed/)
  await Promise.all([assert.rejects(waitingToo, /closed/), screens.close()])
  assert.throws(() => screens.follow({ path: record.path, ...size }), /closed/)
})
