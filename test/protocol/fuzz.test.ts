/** Protocol tests: random bytes, and frames with some of their bytes changed, through every decoder. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeClientFrame } from '../../src/protocol/decode-client-frame.ts'
import { decodeServerFrame } from '../../src/protocol/decode-server-frame.ts'
import { encodeClientFrame, encodeServerFrame } from '../../src/protocol/encode-frame.ts'
import { decodeOriginalFrame } from '../../src/protocol/original-frames.ts'
import { clientFrameTypes, serverFrameTypes } from '../../src/protocol/terminal-frames.ts'
import { clientFrames, serverFrames } from './frame-arbitraries.ts'

/** SALLYPORT_FUZZ_CASES=1000000 for the long form. */
const cases = Number(process.env.SALLYPORT_FUZZ_CASES ?? 100_000)

const types = [...Object.values(clientFrameTypes), ...Object.values(serverFrameTypes), 0x00, 0x10, 0x12, 0x18]

const randomBytes = fc
  .tuple(fc.oneof(fc.constantFrom(...types), fc.nat(255)), fc.uint8Array({ maxLength: 40 }))
  .map(([type, rest]) => Uint8Array.of(type, ...rest))

/** JSON punctuation, digits, escapes, and bytes that begin or break a UTF-8 sequence. */
const telling = fc.constantFrom(
  ...Buffer.from('{}[]",:0123456789-+.eE\\u\u0000 tfn'),
  0x80,
  0xbf,
  0xc0,
  0xed,
  0xf4,
  0xff,
)

const change = fc.record({
  at: fc.nat(400),
  drop: fc.nat(3),
  put: fc.array(fc.oneof(telling, fc.nat(255)), { maxLength: 3 }),
})

const writtenBytes = fc.oneof(clientFrames.map(encodeClientFrame), serverFrames.map(encodeServerFrame))

const changedBytes = fc.tuple(writtenBytes, fc.array(change, { maxLength: 4 })).map(([bytes, changes]) =>
  changes.reduce((before, { at, drop, put }) => {
    const place = before.length === 0 ? 0 : at % before.length
    return Uint8Array.from([...before.subarray(0, place), ...put, ...before.subarray(place + drop)])
  }, bytes),
)

function readByClientTable(bytes: Uint8Array): string {
  const frame = decodeClientFrame(bytes)
  if (frame.type !== 'bad' && frame.type !== 'unknown') {
    assert.deepEqual(decodeClientFrame(encodeClientFrame(frame)), frame)
  }
  return frame.type
}

function readByServerTable(bytes: Uint8Array): string {
  const frame = decodeServerFrame(bytes)
  if (frame.type !== 'bad' && frame.type !== 'unknown') {
    assert.deepEqual(decodeServerFrame(encodeServerFrame(frame)), frame)
  }
  return frame.type
}

function readByOriginalTable(bytes: Uint8Array): string {
  const frame = decodeOriginalFrame(bytes)
  if (frame.type === 'input') assert.deepEqual(frame.bytes, new Uint8Array(bytes.subarray(1)))
  if (frame.type === 'resize') assert.deepEqual(decodeClientFrame(encodeClientFrame(frame)), frame)
  return frame.type
}

test('FRM-16 no bytes make a decoder throw, and what one reads is written and read again as the same frame', () => {
  const seen = new Set<string>()
  let tried = 0
  const any = fc.oneof({ arbitrary: randomBytes, weight: 1 }, { arbitrary: changedBytes, weight: 2 })
  fc.assert(
    fc.property(any, (bytes) => {
      tried += 1
      seen.add(`client ${readByClientTable(bytes)}`)
      seen.add(`server ${readByServerTable(bytes)}`)
      seen.add(`original ${readByOriginalTable(bytes)}`)
    }),
    { numRuns: cases },
  )
  const known = [
    ...[...Object.keys(clientFrameTypes), 'bad', 'unknown'].map((type) => `client ${type}`),
    ...[...Object.keys(serverFrameTypes), 'bad', 'unknown'].map((type) => `server ${type}`),
    ...['input', 'resize', 'bye', 'control', 'bad', 'unknown'].map((type) => `original ${type}`),
  ]
  assert.deepEqual([tried, ...[...seen].sort()], [cases, ...known.sort()])
})
