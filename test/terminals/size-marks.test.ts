import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SizeMarks } from '../../src/terminals/size-marks.ts'

const markOf = (number: number) => ({ seq: number * 10, cols: 80 + number, rows: 24 })

test('FLW-31 of many size changes the newest are kept, each under its number; a client that needs an older one gets the oldest kept', () => {
  const marks = new SizeMarks({ cols: 80, rows: 24 })
  for (let number = 1; number <= 10_000; number += 1) marks.add(markOf(number))
  assert.deepEqual(marks.newest, markOf(10_000))
  assert.deepEqual([marks.at(10_000), marks.at(10_001)], [markOf(10_000), undefined])
  const oldest = marks.at(0)
  const number = marks.after(0) - 1
  assert.deepEqual(oldest, markOf(number))
  assert.ok(number > 10_000 - 4_096 && number <= 10_000 - 2_048, String(number))
  assert.deepEqual(marks.at(marks.after(0)), markOf(number + 1))
  assert.equal(marks.firstFrom(99_995), 10_000)
  assert.deepEqual(marks.before(99_995), markOf(9_999))
  assert.deepEqual(marks.before(0), oldest)
})
