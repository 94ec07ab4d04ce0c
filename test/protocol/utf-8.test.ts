/** Protocol tests: UTF-8 by hand against the runtime's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeUtf8, encodeUtf8 } from '../../src/protocol/utf-8.ts'

const theirs = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeTheirs(bytes: Uint8Array): string | null {
  try {
    return theirs.decode(bytes)
  } catch (cause) {
    if (cause instanceof TypeError) return null
    throw cause
  }
}

test('FRM-10 texts become the bytes that TextEncoder makes, lone surrogates included', () => {
  const units = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7ff, max: 0xe000 }), fc.nat(0x80)))
  fc.assert(
    fc.property(units, (given) => {
      const text = String.fromCharCode(...given)
      assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text))
    }),
  )
})

test('FRM-10 bytes become the text of a strict TextDecoder, or none if it makes none', () => {
  const edges = [
    0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5,
  ]
  const bytes = fc.array(fc.constantFrom(...edges), { maxLength: 5 }).map((array) => Uint8Array.from(array))
  fc.assert(
    fc.property(bytes, (given) => assert.equal(decodeUtf8(given), decodeTheirs(given))),
    { numRuns: 20_000 },
  )
  const long = new TextEncoder().encode('aé東😀'.repeat(9000))
  assert.equal(decodeUtf8(long), theirs.decode(long))
})
