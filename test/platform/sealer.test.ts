/** Platform tests: sealing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSealer } from '../../src/platform/sealer.ts'

const sealer = createSealer(new Uint8Array(32).fill(7))
const other = createSealer(new Uint8Array(32).fill(8))
const plain = new TextEncoder().encode('a secret of this test')
const internal = { name: 'Refusal', code: 'INTERNAL' }

test('PLT-14 sealed bytes open with the same key and purpose, and with no other', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, purpose) => {
      assert.deepEqual(createSealer(new Uint8Array(32).fill(7)).open(purpose, sealer.seal(purpose, bytes)), bytes)
    }),
  )
  const sealed = sealer.seal('totp', plain)
  assert.throws(() => other.open('totp', sealed), internal)
  for (const purpose of ['', 'tot', 'totp ', 'TOTP']) assert.throws(() => sealer.open(purpose, sealed), internal)
})

test('PLT-15 sealed bytes with a changed byte, or that were cut, do not open', () => {
  const sealed = sealer.seal('totp', plain)
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = sealed.map((byte, at) => (at === index ? byte ^ 1 : byte))
    assert.throws(() => sealer.open('totp', changed), internal, `byte ${index}`)
    assert.throws(() => sealer.open('totp', sealed.subarray(0, index)), internal, `cut at ${index}`)
  }
  assert.throws(() => sealer.open('totp', new Uint8Array([...sealed, 0])), internal)
})

test('PLT-16 sealing one text twice gives different bytes, which own their memory and do not contain the text', () => {
  const all = Array.from({ length: 100 }, () => sealer.seal('totp', plain))
  assert.equal(new Set(all.map((sealed) => Buffer.from(sealed).toString('hex'))).size, 100)
  for (const sealed of all) {
    assert.equal(sealed.buffer.byteLength, 1 + 12 + plain.length + 16)
    assert.equal(Buffer.from(sealed).includes(plain), false)
  }
})

test('PLT-17 a text that was sealed with a token opens with that token alone, under any master key', () => {
  const sealed = sealer.sealWith('token-1', 'the answer: ä🔑')
  assert.equal(other.openWith('token-1', sealed), 'the answer: ä🔑')
  for (const token of ['token-2', 'token-', '']) assert.throws(() => sealer.openWith(token, sealed), internal)
  assert.throws(() => sealer.open('sealed with a token', sealed), internal)
  assert.throws(() => sealer.openWith('token-1', sealer.seal('sealed with a token', plain)), internal)
})
