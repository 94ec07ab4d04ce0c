import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createScreens } from '../../../src/terminals/screen/create-screens.ts'
import { GrowingRecord } from './growing-record.ts'

/** Niceness of each thread of this process, by number. */
function niceness(): ReadonlyMap<number, number> {
  const threads = readdirSync('/proc/self/task').map(Number)
  return new Map(
    threads.map((id) => {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return [id, Number(fields[16])]
    }),
  )
}

const skip = process.platform === 'linux' ? false : 'only Linux has priorities of threads'

test('SCR-22 the thread of the screens steps back behind the others, whose priority stays', { skip }, async (t) => {
  const before = niceness()
  const own = before.get(process.pid) ?? 0
  const ignore = (): void => undefined
  const screens = createScreens({ log: { info: ignore, warn: ignore, error: ignore } })
  t.after(() => screens.close())
  await screens.follow({ path: new GrowingRecord(t).path, cols: 20, rows: 4 }).snapshot()
  const after = niceness()
  const changed = [...before].filter(([id, nice]) => after.get(id) !== nice)
  const behind = [...after].filter(([, nice]) => nice > own)
  assert.deepEqual([changed.length, behind.length], [0, 1])
})
