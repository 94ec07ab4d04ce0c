/** Parts of the page that need no browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closeReason } from '../../src/client/close-reasons.ts'
import { closeWords } from '../../src/console/close-words.ts'
import { clockOf, momentOf } from '../../src/console/durations.ts'
import { withGatewayOf } from '../../src/console/gateway-address.ts'
import { joinFragment, joinIdOf } from '../../src/console/join-link.ts'
import { type Parser, WriteQueue } from '../../src/console/write-queue.ts'
import { kinds } from '../../src/core/errors.ts'
import { endReasons } from '../../src/core/terminals/ends.ts'

const id = '0b7c8f1e-7a52-4c55-9d42-5d2a3f1c9e77'

test('TPG-10 a size or a snapshot takes effect after all output before it was parsed, and before any output after it', () => {
  const step = fc.constantFrom('write' as const, 'run' as const, 'parse' as const)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const told: number[] = []
      const parsing: (() => void)[] = []
      const write: Parser['write'] = ([number = -1], parsed) => {
        parsing.push(() => {
          told.push(number)
          parsed()
        })
      }
      const acknowledged: number[] = []
      const queue = new WriteQueue({ write })
      const numbers = steps.filter((one) => one !== 'parse').map((_one, index) => index)
      let next = 0
      for (const one of steps) {
        const number = next
        if (one === 'parse') parsing.shift()?.()
        else if (one === 'run') queue.run(() => told.push(number))
        else queue.write(Uint8Array.of(number), () => acknowledged.push(number))
        if (one !== 'parse') next += 1
      }
      for (let parse = parsing.shift(); parse !== undefined; parse = parsing.shift()) parse()
      assert.deepEqual(told, numbers)
      const written = steps.filter((one) => one !== 'parse').flatMap((one, index) => (one === 'write' ? [index] : []))
      assert.deepEqual(acknowledged, written)
    }),
  )
})

test('TPG-10 output goes to the parser as it comes, if nothing waits before it', () => {
  const given: number[] = []
  const queue = new WriteQueue({ write: ([number = -1]) => void given.push(number) })
  queue.write(Uint8Array.of(1))
  queue.write(Uint8Array.of(2))
  queue.run(() => given.push(3))
  queue.write(Uint8Array.of(4))
  assert.deepEqual(given, [1, 2])
})

test('TPG-9 a link, its fragment and the bare id name a terminal, and nothing else does', () => {
  const whole = `https://sallyport.example.org/a/terminal${joinFragment(id)}`
  assert.deepEqual([whole, joinFragment(id), ` ${id.toUpperCase()}\n`, `${whole}&x=1`].map(joinIdOf), [id, id, id, id])
  const others = [
    '',
    '#join=',
    `#join=${id}0`,
    `#join=../${id}`,
    'javascript:alert(1)',
    `https://x/${id}`,
    `#watch=${id}`,
  ]
  assert.deepEqual(
    others.map(joinIdOf),
    others.map(() => null),
  )
})

test('TPG-14 every close code has words of its own beside its sentence', () => {
  const own = [1000, 1001, 1002, 1006, 1009, 4404, 4409, 4421, 4429]
  const codes = new Set([
    ...own,
    ...Object.values(endReasons).map(({ closeCode }) => closeCode),
    ...Object.values(kinds).map(({ closeCode }) => closeCode),
  ])
  const without = [...codes].filter((code) => !/^\d{4}, \D+$/.test(closeWords(closeReason(code, null))))
  assert.deepEqual(without, [])
  assert.equal(closeWords({ closeCode: 4410, code: 'shell-exit' }), '4410, ended, shell-exit')
  assert.equal(closeWords({ closeCode: 4999, code: null }), '4999')
})

test('TPG-21 a remaining time is a clock, from 24 hours on whole days, and never below zero', () => {
  const spans = [950 * 3_600_000, 172_799_000, 86_400_000, 86_399_000, 3_909_000, 309_000, 59_001, 1, 0, -5_000]
  assert.deepEqual(spans.map(clockOf), [
    '39 days',
    '1 day',
    '1 day',
    '23:59:59',
    '1:05:09',
    '5:09',
    '1:00',
    '0:01',
    '0:00',
    '0:00',
  ])
})

test('TPG-21 a moment has its zone, the day before the month, and the date if it is not today', () => {
  const zone = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
    .formatToParts(new Date(2026, 0, 2))
    .find(({ type }) => type === 'timeZoneName')?.value
  const time = new Date(2026, 0, 2, 9, 5)
  assert.deepEqual(
    [momentOf(time, new Date(2026, 0, 2, 23, 59)), momentOf(time, new Date(2026, 0, 3, 0, 0))],
    [`09:05 ${zone}`, `2 Jan 2026, 09:05 ${zone}`],
  )
})

test('TPG-15 a page of another loopback name keeps its own for the gateway on the same port, and no other page does', () => {
  const gatewayFor = (page: string, proxyUrl: string): string => withGatewayOf(page, { token: 't', proxyUrl }).proxyUrl
  assert.deepEqual(
    [
      gatewayFor('http://localhost:8080/terminal', 'http://127.0.0.1:8080'),
      gatewayFor('http://127.0.0.1:8080/terminal', 'http://[::1]:8080'),
      gatewayFor('http://localhost:8080/terminal', 'http://127.0.0.1:9090'),
      gatewayFor('http://localhost:8080/terminal', 'https://127.0.0.1:8080'),
      gatewayFor('http://localhost/terminal', 'http://gate.example.org'),
      gatewayFor('https://sallyport.example.org/terminal', 'https://gate.example.org'),
    ],
    [
      'http://localhost:8080',
      'http://127.0.0.1:8080',
      'http://127.0.0.1:9090',
      'https://127.0.0.1:8080',
      'http://gate.example.org',
      'https://gate.example.org',
    ],
  )
})
