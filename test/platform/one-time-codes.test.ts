/** Platform tests: one-time codes and their QR code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOneTimeCodes } from '../../src/platform/one-time-codes.ts'
import { qrCodeDataUrl, qrCodeForTerminal, qrCodePng } from '../../src/platform/qr-code.ts'
import { systemRandom } from '../../src/platform/random.ts'

const codes = createOneTimeCodes(systemRandom())
const secret = new TextEncoder().encode('12345678901234567890')

test('PLT-18 the codes of RFC 6238 appendix B are accepted at their times', () => {
  // The appendix gives eight digits; six are the last of them.
  const vectors: [number, string][] = [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ]
  for (const [seconds, code] of vectors) {
    assert.equal(codes.matchingStep(secret, code.slice(2), seconds * 1000), Math.floor(seconds / 30))
  }
})

test('PLT-19 codes of the steps beside now are accepted with their step, codes two steps away are not', () => {
  const step = 37_037_036
  const firstMs = step * 30_000
  const [code, lastMs] = ['081804', firstMs + 29_999]
  const times = [firstMs - 30_001, firstMs - 30_000, firstMs, lastMs, lastMs + 30_000, lastMs + 30_001]
  assert.deepEqual(
    times.map((nowMs) => codes.matchingStep(secret, code, nowMs)),
    [null, step, step, step, step, null],
  )
})

test('PLT-20 only six ASCII digits are a code', () => {
  const nowMs = 59_000
  assert.equal(codes.matchingStep(secret, '287082', nowMs), 1)
  const wrong = [
    '',
    '28708',
    '2870820',
    '94287082',
    ' 287082',
    '287 082',
    '２８７０８２',
    '-87082',
    '2870\n82',
    '287082\n',
    '287083',
  ]
  assert.deepEqual(
    wrong.map((code) => codes.matchingStep(secret, code, nowMs)),
    wrong.map(() => null),
  )
})

test('PLT-21 a new secret has 20 bytes of its own, and its address has it with all its parameters', () => {
  const [one, other] = [codes.newSecret(), codes.newSecret()]
  assert.deepEqual([one.length, other.length], [20, 20])
  assert.notDeepEqual(one, other)
  const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  assert.equal(codes.toBase32(secret), base32)
  assert.equal(codes.toBase32(new TextEncoder().encode('x12345678901234567890').subarray(1)), base32)
  const uri = new URL(codes.uri(secret, 'Sallyport', 'ada: ops&x'))
  assert.equal(`${uri.protocol}//${uri.host}${uri.pathname}`, 'otpauth://totp/Sallyport:ada%3A%20ops%26x')
  assert.deepEqual(Object.fromEntries(uri.searchParams), {
    issuer: 'Sallyport',
    secret: base32,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})

test('PLT-22 the QR code of an address is a PNG image, and lines of equal width in a terminal', async () => {
  const uri = codes.uri(secret, 'Sallyport', 'ada')
  const [png, dataUrl, other, lines] = await Promise.all([
    qrCodePng(uri),
    qrCodeDataUrl(uri),
    qrCodePng(`${uri}x`),
    qrCodeForTerminal(uri),
  ])
  assert.equal(Buffer.from(png.subarray(0, 8)).toString('latin1'), '\u0089PNG\r\n\u001a\n')
  assert.equal(dataUrl, `data:image/png;base64,${Buffer.from(png).toString('base64')}`)
  assert.notDeepEqual(png, other)
  const rows = lines.match(/^.*\n/gm) ?? []
  assert.deepEqual([rows.join(''), new Set(rows.map((row) => row.length)).size], [lines, 1])
  const [before, after] = ['\u001b[38;5;16;48;5;231m', '\u001b[0m\n']
  const blocks = rows.map((row) =>
    row.startsWith(before) && row.endsWith(after) ? row.slice(before.length, -after.length) : row,
  )
  assert.deepEqual(
    blocks.filter((row) => !/^[█▀▄ ]+$/.test(row)),
    [],
  )
})

test('PLT-22 a QR code has exactly the requested size', async () => {
  const sizes: [number, number][] = []
  for (const pixels of [200, 333]) {
    const dataUrl = await qrCodeDataUrl(codes.uri(secret, 'Sallyport', 'a name that is rather long'), pixels)
    const png = Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64')
    sizes.push([png.readUInt32BE(16), png.readUInt32BE(20)])
  }
  assert.deepEqual(sizes, [
    [200, 200],
    [333, 333],
  ])
})

test('PLT-40 base32 is read in either case, padded or not, and any other text is refused', () => {
  const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const good = [base32, base32.toLowerCase(), 'GE======', 'GE', '']
  assert.deepEqual(
    good.map((text) => Buffer.from(codes.fromBase32(text) ?? [1]).toString()),
    ['12345678901234567890', '12345678901234567890', '1', '1', ''],
  )
  const wrong = ['GE1', 'G', 'GEZ', 'GEZDGN', 'G E', 'GE=A', '0189', 'GÉ']
  assert.deepEqual(
    wrong.map((text) => codes.fromBase32(text)),
    wrong.map(() => null),
  )
})
