/** The parts that transports share: input that waits, and the bound on spawns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputQueue } from '../../src/terminals/transports/input-queue.ts'
import { SpawnBound } from '../../src/terminals/transports/spawn-bound.ts'
import { handTimers } from '../fixtures/hand-transport.ts'

test('TRN-9 input for a program that does not read is tried again after 5 ms, then less and less often, and finally every 50 ms', () => {
  const timers = handTimers()
  let nowMs = 0
  const triesAtMs: number[] = []
  const queue = new InputQueue({
    timers,
    writeSome: () => {
      triesAtMs.push(nowMs)
      return 0
    },
  })
  assert.equal(queue.write(new Uint8Array(1024 * 1024)), 1024 * 1024)
  assert.equal(queue.write(new Uint8Array(1)), 1024 * 1024 + 1)
  for (nowMs = 1; nowMs <= 225; nowMs += 1) timers.advance(1)
  assert.deepEqual(triesAtMs, [0, 5, 15, 35, 75, 125, 175, 225])
})

test("TRN-4 input is written in order, however little is taken at a time, and none of what waits is the caller's to change", async () => {
  const timers = handTimers()
  const taken: number[] = []
  const queue = new InputQueue({
    timers,
    writeSome: (bytes) => {
      if (taken.length % 3 === 2) {
        taken.push(-1)
        return 0
      }
      taken.push(bytes[0] ?? 0)
      return 1
    },
  })
  const bytes = Uint8Array.of(1, 2, 3)
  queue.write(bytes)
  bytes.fill(9)
  queue.write(Uint8Array.of(4))
  const drained = queue.drained()
  for (let turn = 0; turn < 4; turn += 1) timers.advance(50)
  await drained
  assert.deepEqual(
    taken.filter((byte) => byte !== -1),
    [1, 2, 3, 4],
  )
  assert.equal(timers.count(), 0)
})

test('TRN-4 input for a terminal that is gone waits no more', async () => {
  const queue = new InputQueue({ timers: handTimers(), writeSome: () => null })
  assert.equal(queue.write(Uint8Array.of(1)), 0)
  await queue.drained()
})

test('TRN-17 at most eight terminals are being opened at once; the ninth takes the place of the first that is done', async () => {
  const bound = new SpawnBound(handTimers())
  const doors = Array.from({ length: 10 }, () => Promise.withResolvers<void>())
  const begun: number[] = []
  const runs = doors.map(({ promise }, index) =>
    bound.run(() => {
      begun.push(index)
      return promise
    }),
  )
  const begunAtOnce = [...begun]
  doors[3]?.reject(new Error('no such program'))
  await assert.rejects(async () => await runs[3], { message: 'no such program' })
  const begunThen = [...begun]
  for (const { resolve } of doors) resolve()
  await Promise.allSettled(runs)
  assert.deepEqual([begunAtOnce, begunThen, begun.at(-1)], [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7, 8], 9])
})

test('TRN-17 an attempt that waits ten seconds to open a terminal is refused, and takes no place', async () => {
  const timers = handTimers()
  const bound = new SpawnBound(timers)
  const doors = Array.from({ length: 8 }, () => Promise.withResolvers<void>())
  const runs = doors.map(({ promise }) => bound.run(() => promise))
  const refused = bound.run(() => Promise.resolve('opened'))
  timers.advance(9_999)
  const late = bound.run(() => Promise.resolve('opened'))
  timers.advance(1)
  await assert.rejects(refused, { code: 'NO_GATEWAY' })
  for (const { resolve } of doors) resolve()
  await Promise.all(runs)
  assert.equal(await late, 'opened')
})
