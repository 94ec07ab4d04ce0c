import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { TokenTable } from '../../../src/core/memory/token-table.ts'

function digestOf(value: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(String(value)).digest())
}

test('TOK-1 the table agrees with a map after any sequence of additions and removals', () => {
  const step = fc.record({ isAddition: fc.boolean(), value: fc.integer({ min: 0, max: 400 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 800 }), (steps) => {
      const table = new TokenTable(4)
      const model = new Map<number, number>()
      for (const { isAddition, value } of steps) {
        if (isAddition && !model.has(value)) model.set(value, table.add(digestOf(value)))
        if (!isAddition && model.has(value)) {
          table.remove(model.get(value) as number)
          model.delete(value)
        }
      }
      for (let value = 0; value <= 400; value += 1) assert.equal(table.find(digestOf(value)), model.get(value) ?? -1)
      assert.equal(table.size, model.size)
    }),
    { numRuns: 60 },
  )
})

test('TOK-1 digests that collide in the bucket are distinguished, also after one of them was removed', () => {
  const table = new TokenTable(4)
  const digests = [1, 2, 3].map((last) => {
    const digest = new Uint8Array(32)
    digest[31] = last
    return digest
  })
  const [first, second, third] = digests.map((digest) => table.add(digest))
  table.remove(second as number)
  assert.deepEqual(
    digests.map((digest) => table.find(digest)),
    [first, -1, third],
  )
})
