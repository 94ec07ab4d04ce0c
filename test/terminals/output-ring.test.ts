import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OutputRing } from '../../src/terminals/output-ring.ts'

const mib = 1024 * 1024

/** Bytes that differ at neighbouring offsets. */
function bytesAt(seq: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => ((seq + index) * 7919) % 251)
}

/** Everything that the ring holds from an offset on, in pieces of at most `limit`. */
function readAll(ring: OutputRing, seq: number, limit: number): Buffer {
  const pieces: Uint8Array[] = []
  for (let at = seq; ; ) {
    const piece = ring.read(at, limit)
    if (piece === null) return Buffer.concat(pieces)
    assert.ok(piece.length > 0 && piece.length <= limit)
    pieces.push(piece)
    at += piece.length
  }
}

test('FLW-9 the ring returns its content from any place that it holds, for any pieces', () => {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200_000 })), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(lengths, fc.nat(), fc.integer({ min: 1, max: 100_000 }), (pieces, some, limit) => {
      const ring = new OutputRing()
      const total = pieces.reduce((sum, length) => {
        ring.push(sum, bytesAt(sum, length))
        return sum + length
      }, 0)
      const seq = total === 0 ? 0 : some % total
      const found = readAll(ring, seq, limit)
      if (total - seq > mib - 64 * 1024) return found.length === 0 || found.length === total - seq
      return found.equals(Buffer.from(bytesAt(seq, total - seq)))
    }),
    { numRuns: 100 },
  )
})

test('FLW-9 the ring holds the newest 1 MiB and no more, in few objects however small the pieces were', () => {
  const ring = new OutputRing()
  for (let seq = 0; seq < 3 * mib; seq += 16) ring.push(seq, bytesAt(seq, 16))
  assert.equal(ring.read(2 * mib - 1, 1), null)
  assert.deepEqual(readAll(ring, 2 * mib + 64 * 1024, mib).length, mib - 64 * 1024)
  assert.equal(ring.read(3 * mib, 1), null)
})

test('FLW-9 memory that was handed out is never overwritten', () => {
  const ring = new OutputRing()
  ring.push(0, bytesAt(0, 100))
  const handed = ring.read(0, 100)
  for (let seq = 100; seq < 3 * mib; seq += 50_000) ring.push(seq, bytesAt(seq, 50_000))
  assert.deepEqual(handed, bytesAt(0, 100))
})

test('FLW-9 a freed ring holds nothing, and accepts new output', () => {
  const ring = new OutputRing()
  ring.push(0, bytesAt(0, 10))
  ring.clear()
  assert.equal(ring.read(0, 10), null)
  ring.push(10, bytesAt(10, 5))
  assert.deepEqual([ring.read(9, 1), ring.read(12, 10)], [null, bytesAt(12, 3)])
})
