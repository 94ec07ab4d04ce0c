/** Recording: what a folder of records holds, and what may go. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordPath } from '../../../src/terminals/recording/record-path.ts'
import { listRecords, removeExpired } from '../../../src/terminals/recording/retention.ts'
import { headWith, recordOutput, recordWorld, sessionId, startedAtMs, temporaryFolder } from './record-world.ts'

const ids = ['1', '2', '3', '4'].map((digit) => sessionId.slice(0, -1) + digit)

test('REC-20 a record is removed once it need not be kept, never earlier, and never while it is written', async (t) => {
  const world = recordWorld(t)
  const keep = [startedAtMs + 999, startedAtMs + 1_000, startedAtMs + 1_001, startedAtMs]
  for (const [index, ptySessionId] of ids.entries()) {
    const recorder = await world.recorders.open(headWith({ ptySessionId, keepUntilMs: keep[index] ?? 0 }))
    await recorder.close()
  }
  const other = join(world.folder, 'notes.txt')
  writeFileSync(other, 'mine')
  const damaged = recordPath(world.folder, sessionId.replace('7', '8'))
  writeFileSync(damaged, 'not a record')
  const removed = await removeExpired(world.folder, { nowMs: startedAtMs + 1_000, isLive: (id) => id === ids[3] })
  assert.deepEqual(
    [removed.map(({ ptySessionId }) => ptySessionId).sort(), ids.map((id) => existsSync(recordPath(world.folder, id)))],
    [ids.slice(0, 2), [false, false, true, true]],
  )
  assert.deepEqual([existsSync(other), existsSync(damaged)], [true, true])
})

test("REC-20 a record that was renamed to another session's name does not make that go earlier", async (t) => {
  const folder = join(temporaryFolder(t), 'recordings')
  mkdirSync(folder)
  writeFileSync(recordPath(folder, ids[1] ?? ''), await recordOutput(t, [[0, 'a']]))
  assert.deepEqual(await removeExpired(folder, { nowMs: Number.MAX_SAFE_INTEGER, isLive: () => false }), [])
})

test('REC-21 a folder of records is listed by their heads, and those without an end are marked', async (t) => {
  const world = recordWorld(t)
  const [first = '', second = '', broken = ''] = ids
  const late = await world.recorders.open(headWith({ ptySessionId: first, startedAtMs: startedAtMs + 5 }))
  const early = await world.recorders.open(headWith({ ptySessionId: second }))
  await late.close()
  writeFileSync(recordPath(world.folder, broken), 'x')
  const listed = await listRecords(world.folder)
  await early.close()
  assert.deepEqual(
    listed.map(({ ptySessionId, head, isEnded }) => [ptySessionId, head?.server ?? null, isEnded]),
    [
      [broken, null, false],
      [second, 'web-1', false],
      [first, 'web-1', true],
    ],
  )
  assert.deepEqual(await listRecords(join(world.folder, 'none')), [])
})
