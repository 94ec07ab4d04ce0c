import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GroundState } from '../../../src/terminals/screen/ground-state.ts'
import { newTerminal } from '../../../src/terminals/screen/new-terminal.ts'
import { internalsOf, parseNow, parserGround } from '../../../src/terminals/screen/xterm-internals.ts'
import { corpusBytes } from '../../fixtures/terminal-output.ts'

type Resettable = {
  readonly _parser: { readonly reset: () => void }
  readonly _utf8Decoder: { readonly clear: () => void }
}

const terminal = newTerminal(10, 4)

/** Asks xterm.js after each byte, from the beginning each time: it does not take single bytes well. */
function groundOfXterm(bytes: Uint8Array): readonly boolean[] {
  const { _inputHandler: handler } = internalsOf(terminal)
  return Array.from({ length: bytes.length }, (_, index) => {
    const { _parser, _utf8Decoder } = handler as unknown as Resettable
    _parser.reset()
    _utf8Decoder.clear()
    parseNow(terminal, bytes.subarray(0, index + 1))
    return handler._parser.currentState === parserGround && handler._utf8Decoder.interim[0] === 0
  })
}

function groundOfOurs(bytes: Uint8Array): readonly boolean[] {
  const ground = new GroundState()
  return Array.from(bytes, (_, index) => {
    const last = ground.scan(bytes.subarray(index, index + 1))
    assert.equal(last === 1, ground.isGround)
    return ground.isGround
  })
}

/** Bytes, and characters of several bytes that come whole more often than chance would bring them. */
const interesting = fc.constantFrom<readonly number[]>(
  ...Array.from(Buffer.from('\x1b\x1b\x1b[[]]PPX^_\\(#;:0129<?!$ mhqa\x07\x18\x1a\n\x7f'), (byte) => [byte]),
  ...Array.from('\u0090\u0098\u009b\u009c\u009d\u009e\u009f\u0084—é日😀\ufeff', (text) => [...Buffer.from(text)]),
  ...[0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xa0, 0x80, 0xf0, 0xf4, 0xf8, 0xff].map((byte) => [byte]),
)

const someBytes = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: interesting },
      { weight: 1, arbitrary: fc.nat(255).map((byte): readonly number[] => [byte]) },
    ),
    { size: 'max', maxLength: 40 },
  )
  .map((some) => some.flat())

test('SCR-6 at every byte of random output a place is reported exactly if xterm.js is between sequences and characters', () => {
  fc.assert(
    fc.property(someBytes, (numbers) => {
      const bytes = Uint8Array.from(numbers)
      assert.deepEqual(groundOfOurs(bytes), groundOfXterm(bytes))
    }),
    { numRuns: 2_000, seed: 11 },
  )
})

test('SCR-6 at every byte of every feature a place is reported exactly if xterm.js is between sequences and characters', () => {
  for (const [name, bytes] of corpusBytes()) assert.deepEqual(groundOfOurs(bytes), groundOfXterm(bytes), name)
})

test('SCR-6 output in pieces of any length has the last place that it has as a whole', () => {
  fc.assert(
    fc.property(someBytes, fc.integer({ min: 1, max: 7 }), (numbers, length) => {
      const bytes = Uint8Array.from(numbers)
      const ground = new GroundState()
      let last = 0
      for (let at = 0; at < bytes.length; at += length) {
        const found = ground.scan(bytes.subarray(at, at + length))
        if (found > 0) last = at + found
      }
      assert.equal(last, new GroundState().scan(bytes))
    }),
    { numRuns: 1_000, seed: 12 },
  )
})

test('SCR-6 a string is distinguished from a sequence: only a string has no effect before its end', () => {
  const rows = [
    ['\x1b]0;title', true],
    ['\x1bPq', true],
    ['\x1b_apc', true],
    ['\x1b^pm', true],
    ['\x1bXsos', true],
    ['\x1b[1;2', false],
    ['\x1b', false],
    ['\x1b]0;t\x07', false],
    ['\x1b]0;t\x1b', false],
  ] as const
  for (const [text, expected] of rows) {
    const ground = new GroundState()
    ground.scan(Buffer.from(text))
    assert.equal(ground.isInString, expected, JSON.stringify(text))
  }
})

test('SCR-6 long text is skipped by the block up to the start of a sequence or a character', () => {
  const marks = ['\x1b[3', '\x1b]0;title', '\u009b1', 'é', '\x18', '\x7f']
  fc.assert(
    fc.property(fc.nat(14_000), fc.nat(6_000), fc.constantFrom(...marks), (before, after, mark) => {
      const bytes = Buffer.concat([Buffer.alloc(before, 'text\r\n'), Buffer.from(mark), Buffer.alloc(after, 'more')])
      const slow = new GroundState()
      let last = 0
      for (const [at, byte] of bytes.entries()) if (slow.scan(Uint8Array.of(byte)) === 1) last = at + 1
      const fast = new GroundState()
      assert.equal(fast.scan(bytes), last)
      assert.equal(fast.isGround, slow.isGround)
    }),
    { numRuns: 150, seed: 5 },
  )
})
