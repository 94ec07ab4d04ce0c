/** Core tests: addresses, held against Node's own reading of them. */
import assert from 'node:assert/strict'
import { BlockList, isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressKey, canonicalIp, inCidr } from '../../src/core/addresses.ts'

const dotted = fc.ipV4()
const group = fc.oneof(fc.constant(0), fc.nat(0xffff), fc.nat(0xf))
const groups = fc.array(group, { minLength: 8, maxLength: 8 })
const written = groups.chain((all) =>
  fc.record({ all: fc.constant(all), padded: fc.boolean(), upper: fc.boolean() }).map(({ padded, upper }) => {
    const text = all.map((value) => value.toString(16).padStart(padded ? 4 : 1, '0')).join(':')
    return upper ? text.toUpperCase() : text
  }),
)
// Near misses: one character of an address is changed, added or taken away.
const nearMiss = fc
  .tuple(
    fc.oneof(dotted, fc.ipV6(), written),
    fc.nat(40),
    fc.constantFrom(...'0123456789abcdefg:.%/ ', '', '::', '%a'),
    fc.nat(1),
  )
  .map(([text, at, put, taken]) => text.slice(0, at) + put + text.slice(at + taken))

function isMapped(text: string): boolean {
  return new URL(`http://[${text}]`).hostname.startsWith('[::ffff:')
}

test('ADR-1 exactly the texts that Node takes for an address have a canonical form', () => {
  fc.assert(
    fc.property(fc.oneof(nearMiss, fc.string(), dotted, fc.ipV6()), (text) => {
      assert.equal(canonicalIp(text) !== null, isIP(text) !== 0, text)
    }),
    { numRuns: 3000 },
  )
  for (const text of [
    '',
    '::1::',
    '1:2:3:4:5:6:7:8:9',
    '01.2.3.4',
    '::01.2.3.4',
    '1.2.3',
    '[::1]',
    '1.2.3.4%a',
    'fe80::1%',
  ]) {
    assert.equal(canonicalIp(text), null, text)
  }
})

test('ADR-2 every way to write an IPv6 address has the form that the URL standard gives it', () => {
  fc.assert(
    fc.property(fc.oneof(written, fc.ipV6()), (text) => {
      fc.pre(!isMapped(text))
      const canonical = canonicalIp(text)
      assert.equal(`[${canonical}]`, new URL(`http://[${text}]`).hostname)
      assert.equal(canonicalIp(canonical ?? ''), canonical)
    }),
    { numRuns: 1000 },
  )
  const table = {
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    'fe80::1%eth0': 'fe80::1',
    '::': '::',
    '1:0:2:3:4:5:6:7': '1:0:2:3:4:5:6:7',
  }
  for (const [text, canonical] of Object.entries(table)) assert.equal(canonicalIp(text), canonical)
})

test('ADR-3 an IPv4-mapped address is its IPv4 address, dotted or hexadecimal', () => {
  fc.assert(
    fc.property(dotted, (ip) => {
      const hexadecimal = new URL(`http://[::ffff:${ip}]`).hostname.slice(1, -1)
      assert.deepEqual([ip, `::ffff:${ip}`, `0:0:0:0:0:FFFF:${ip}`, hexadecimal].map(canonicalIp), [ip, ip, ip, ip])
    }),
  )
  assert.equal(canonicalIp('::ffff:102:304'), '1.2.3.4')
  assert.equal(canonicalIp('::1.2.3.4'), '::102:304')
})

test('ADR-4 failures are counted per IPv4 address and per /64 of IPv6', () => {
  const keys = [
    '192.0.2.7',
    '::ffff:192.0.2.7',
    '2001:db8:1:2:3:4:5:6',
    '2001:db8:1:2::1',
    '2001:db8:1:3::1',
    'rubbish',
  ].map(addressKey)
  assert.deepEqual(keys, [
    '192.0.2.7',
    '192.0.2.7',
    '2001:db8:1:2::/64',
    '2001:db8:1:2::/64',
    '2001:db8:1:3::/64',
    'rubbish',
  ])
})

test('ADR-5 an address lies in the networks that Node says it lies in', () => {
  const close = (family: 4 | 6) => (family === 4 ? dotted : fc.ipV6())
  const pairs = fc.constantFrom<4 | 6>(4, 6).chain((family) =>
    fc.record({
      family: fc.constant(family),
      network: close(family),
      other: close(family),
      isSame: fc.boolean(),
      prefix: fc.nat(family === 4 ? 32 : 128),
    }),
  )
  fc.assert(
    fc.property(pairs, ({ family, network, other, isSame, prefix }) => {
      fc.pre(family === 4 || (!isMapped(network) && !isMapped(other)))
      const ip = isSame ? network : other
      const list = new BlockList()
      list.addSubnet(network, prefix, `ipv${family}`)
      assert.equal(inCidr(ip, `${network}/${prefix}`), list.check(ip, `ipv${family}`), `${ip} ${network}/${prefix}`)
    }),
    { numRuns: 2000 },
  )
})

test('ADR-5 the bits behind the prefix do not matter, those before it do, and no family lies in the other', () => {
  const table: [string, string, boolean][] = [
    ['10.1.2.3', '10.0.0.0/8', true],
    ['10.1.2.3', '10.9.9.9/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['192.0.2.129', '192.0.2.128/25', true],
    ['192.0.2.127', '192.0.2.128/25', false],
    ['::ffff:10.1.2.3', '10.0.0.0/8', true],
    ['10.1.2.3', '::ffff:10.0.0.0/104', true],
    ['10.1.2.3', '::/0', false],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['2001:db8::1', '::/0', true],
    ['2001:db8:0:8000::', '2001:db8::/49', false],
    ['2001:db8:0:7fff::', '2001:db8::/49', true],
  ]
  assert.deepEqual(
    table.map(([ip, cidr]) => inCidr(ip, cidr)),
    table.map(([, , isIn]) => isIn),
  )
})

test('ADR-6 nothing lies in a malformed network, and a bare address is a network of one', () => {
  const malformed = [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '/8',
    'x/8',
    '::/129',
    '::%a/0',
    '::ffff:0:0/95',
  ]
  assert.deepEqual(
    malformed.filter((cidr) => inCidr('10.0.0.0', cidr) || inCidr('::', cidr)),
    [],
  )
  assert.deepEqual(
    [inCidr('10.0.0.1', '10.0.0.1'), inCidr('10.0.0.2', '10.0.0.1'), inCidr('::1', '::1'), inCidr('rubbish', '::/0')],
    [true, false, true, false],
  )
})
