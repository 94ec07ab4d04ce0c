/** Platform tests: clocks, randomness, digests and encodings. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../src/platform/clock.ts'
import { createDigests } from '../../src/platform/digests.ts'
import { createEncodings } from '../../src/platform/encodings.ts'
import { systemRandom } from '../../src/platform/random.ts'

const masterKey = new Uint8Array(32).fill(7)
const digests = createDigests(masterKey)
const encodings = createEncodings()
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('PLT-1 the monotonic clock never goes back, and the wall clock gives the time of the system', () => {
  const clock = systemClock()
  const readings = Array.from({ length: 1000 }, () => clock.monotonicMs())
  assert.deepEqual(
    readings,
    [...readings].sort((one, other) => one - other),
  )
  const before = Date.now()
  const wall = clock.wallMs()
  assert.ok(before <= wall && wall <= Date.now())
})

test('PLT-2 random values have their length, never repeat, and share no memory', () => {
  const random = systemRandom()
  assert.deepEqual(
    [0, 16, 70_000].map((length) => random.bytes(length).buffer.byteLength),
    [0, 16, 70_000],
  )
  assert.equal(new Set(Array.from({ length: 1000 }, () => hex(random.bytes(16)))).size, 1000)
  const ids = Array.from({ length: 1000 }, () => random.uuid())
  assert.equal(new Set(ids).size, 1000)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('PLT-3 SHA-256 of a text is that of its UTF-8 bytes', () => {
  assert.equal(hex(digests.sha256('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  assert.deepEqual(digests.sha256('pässwörd 🔑'), digests.sha256(new TextEncoder().encode('pässwörd 🔑')))
  assert.equal(digests.sha256('abc').buffer.byteLength, 32)
})

test('PLT-4 digests are equal byte by byte, and unequal without an error when their lengths differ', () => {
  const [one, same, other] = [digests.sha256('a'), digests.sha256('a'), digests.sha256('b')]
  assert.deepEqual(
    [
      digests.equal(one, same),
      digests.equal(one, other),
      digests.equal(one, one.subarray(1)),
      digests.equal(one, new Uint8Array()),
    ],
    [true, false, false, false],
  )
})

test('PLT-5 a keyed digest changes with its purpose, its value and the master key, also if only the border of the two moves', () => {
  const pairs = [
    ['a', 'bc'],
    ['ab', 'c'],
    ['abc', ''],
    ['', 'abc'],
    ['a"', ',"bc'],
    ['a\u0000b', 'c'],
    ['a', '\u0000bc'],
  ] as const
  const other = createDigests(new Uint8Array(32).fill(8))
  const all = [digests, other].flatMap(({ keyed }) => pairs.map(([purpose, value]) => hex(keyed(purpose, value))))
  assert.equal(new Set(all).size, 14)
  assert.deepEqual(digests.keyed('a', 'bc'), createDigests(masterKey).keyed('a', 'bc'))
  assert.equal(digests.keyed('a', 'bc').buffer.byteLength, 16)
})

test('PLT-6 base64 is decoded only from the one standard encoding of its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(encodings.fromBase64(Buffer.from(bytes).toString('base64')), bytes)
    }),
  )
  assert.deepEqual(encodings.fromBase64('cMOkc3N3b3Jk'), new TextEncoder().encode('pässword'))
  const refused = ['YQ', 'YQ=', 'YR==', 'YQ== ', ' YQ==', 'Y Q==', 'YQ==YQ==', '-_-_', 'é', '=', 'YQ==\n', '%']
  assert.deepEqual(
    refused.map(encodings.fromBase64),
    refused.map(() => null),
  )
})

test('PLT-7 base64url has no padding, and percent-encoding leaves only unreserved characters', () => {
  assert.equal(encodings.toBase64url(new Uint8Array([255, 254, 253, 252])), '__79_A')
  assert.equal(encodings.toBase64url(new Uint8Array([1, 255, 254, 253, 252]).subarray(1)), '__79_A')
  assert.equal(
    encodings.percentEncode("aZ09-._~ !'()*/%ä🔑\r\n"),
    'aZ09-._~%20%21%27%28%29%2A%2F%25%C3%A4%F0%9F%94%91%0D%0A',
  )
  assert.equal(encodings.percentEncode('\ud800'), '%EF%BF%BD')
})
