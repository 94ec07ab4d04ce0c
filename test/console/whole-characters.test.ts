import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WholeCharacters } from '../../src/console/whole-characters.ts'

test('TPG-20 a character that is cut between two pieces of output is shown once it is whole, and no byte is lost', () => {
  const whole = new WholeCharacters()
  const shown = [[0x61, 0xe2, 0x80], [0x94], [0xf0, 0x9f], [0x98], [0x80, 0x62]].map((piece) =>
    Buffer.from(whole.take(Uint8Array.from(piece))).toString(),
  )
  assert.deepEqual(shown, ['a', '—', '', '', '😀b'])
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat(6)), (drawn, cuts) => {
      const text = drawn.replaceAll('\ufffd', '')
      const bytes = Buffer.from(text)
      const taker = new WholeCharacters()
      const pieces: string[] = []
      let at = 0
      for (const length of [...cuts, bytes.length]) {
        pieces.push(Buffer.from(taker.take(bytes.subarray(at, at + length))).toString())
        at += length
      }
      assert.equal(pieces.join(''), text)
      assert.ok(pieces.every((piece) => !piece.includes('\ufffd')))
    }),
  )
})

test('TPG-20 bytes that are not UTF-8 wait only for a moment', () => {
  const whole = new WholeCharacters()
  assert.deepEqual([...whole.take(Uint8Array.from([0xff, 0x80, 0x80, 0x80, 0x80]))], [0xff, 0x80, 0x80, 0x80, 0x80])
  assert.deepEqual([...whole.take(Uint8Array.from([0xe2]))], [])
  assert.deepEqual([...whole.take(Uint8Array.from([0x41]))], [0xe2, 0x41])
})
