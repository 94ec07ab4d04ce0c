import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairQueue, ownPlace } from '../../../src/core/accounts/fair-queue.ts'

const from = (address: string, isKnown = false) => ({ from: address, isKnown })

/** Takes all that waits. */
function drain(queue: FairQueue<string>): string[] {
  const order: string[] = []
  for (let work = queue.take(); work !== undefined; work = queue.take()) order.push(work)
  return order
}

test('THR-11 addresses are served in turn, however much one of them has put into the queue', () => {
  const queue = new FairQueue<string>(100)
  for (const work of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.add(from(work.charAt(0)), work)
  assert.deepEqual(drain(queue), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

test('THR-11 known addresses and others are served in turn, the known ones first', () => {
  const queue = new FairQueue<string>(100)
  for (const work of ['a1', 'b1', 'a2']) queue.add(from(work.charAt(0)), work)
  for (const work of ['o1', 'o2']) queue.add(from('o', true), work)
  queue.add(ownPlace, 'own')
  assert.deepEqual(drain(queue), ['o1', 'a1', 'own', 'b1', 'o2', 'a2'])
})

test('THR-11 when 250 addresses have filled the queue, an owner at a known address finds room and is next', () => {
  const queue = new FairQueue<string>(100)
  const turnedAway = Array.from({ length: 250 }, (_none, index) => queue.add(from(`10.0.0.${index}`), `${index}`))
  assert.deepEqual([queue.size, turnedAway.filter((gone) => gone !== undefined).length], [75, 175])
  assert.equal(queue.add(from('192.0.2.1', true), 'owner'), undefined)
  assert.equal(queue.take(), 'owner')
})

test('THR-11 in a full queue the newest of the address that has the most is dropped, and none is dropped for an equal', () => {
  const queue = new FairQueue<string>(4)
  for (const work of ['a1', 'a2', 'a3']) assert.equal(queue.add(from('a'), work), undefined)
  assert.equal(queue.add(from('a'), 'a4'), 'a4')
  assert.equal(queue.add(from('b'), 'b1'), 'a3')
  assert.equal(queue.add(from('b'), 'b2'), 'b2')
  assert.equal(queue.add(from('c'), 'c1'), 'a2')
  assert.equal(queue.add(from('d'), 'd1'), 'd1')
  assert.deepEqual(drain(queue), ['a1', 'b1', 'c1'])
})

type Event = { readonly address: string; readonly isKnown: boolean; readonly takes: number }

const events = fc.array(
  fc.record({
    address: fc.constantFrom('a', 'b', 'c', 'd'),
    isKnown: fc.boolean(),
    takes: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 80 },
)

test('THR-11 in any order of work nothing is lost or served twice, and others never fill more than three quarters', () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 12 }), (asked: readonly Event[], room) => {
      const queue = new FairQueue<string>(room)
      const ended: string[] = []
      let others = 0
      for (const [index, { address, isKnown, takes }] of asked.entries()) {
        const work = `${isKnown ? 'known' : 'other'} ${index}`
        const gone = queue.add(from(address, isKnown), work)
        for (const one of [gone, ...Array.from({ length: takes }, () => queue.take())]) {
          if (one === undefined) continue
          ended.push(one)
          if (one.startsWith('other')) others -= 1
        }
        if (!isKnown) others += 1
        assert.ok(queue.size <= room && others <= room - Math.floor(room / 4))
      }
      const all = [...ended, ...drain(queue)]
      assert.deepEqual([all.length, new Set(all).size], [asked.length, asked.length])
    }),
  )
})
