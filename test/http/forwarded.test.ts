/** Tests the client's address behind proxies, in every form in which proxies write it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { canonicalIp } from '../../src/core/addresses.ts'
import { clientAddress } from '../../src/http/steps/client-address.ts'
import { type Answer, call, goodPassword } from '../fixtures/control-calls.ts'
import { exchangeRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const proxies = ['127.0.0.1', '10.0.0.0/8', 'fd00::/8']

/** Returns the client's address that a server with these proxies reads from a header. */
function read(header: string, value: string): string {
  const raw = { socket: { remoteAddress: '127.0.0.1' } } as unknown as Parameters<typeof clientAddress>[0]['raw']
  try {
    return clientAddress({ raw, headers: { [header]: value } }, { trustedProxies: proxies, clientIpHeader: header })
  } catch (cause) {
    assert.equal((cause as { code?: string }).code, 'CLIENT_ADDRESS_UNREADABLE')
    return 'refused'
  }
}

const isProxy = (ip: string): boolean => /^(?:127\.0\.0\.1$|10\.|fd)/.test(ip)
const clients = fc
  .oneof(fc.ipV4(), fc.ipV6())
  .map((text) => canonicalIp(text) ?? '')
  .filter((ip) => !isProxy(ip))
const proxyHops = fc.constantFrom('10.1.2.3', 'fd00::7', '127.0.0.1')
const ports = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 0, max: 65_535 }).map((port) => `:${port}`),
)

/** Forms of an address in a list of X-Forwarded-For. */
const listed = (ip: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> =>
  fc.tuple(ip, ports, fc.boolean(), fc.constantFrom('', ' ')).map(([address, port, isQuoted, blank]) => {
    const isBare = address.includes(':') && port === ''
    const node = address.includes(':') && !isBare ? `[${address}]${port}` : `${address}${port}`
    return [address, `${blank}${isQuoted ? `"${node}"` : node}${blank}`]
  })

/** Forms of an address in an element of Forwarded, with other parameters in any order. */
const forwarded = (ip: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> =>
  fc
    .tuple(
      ip,
      fc.oneof(ports, fc.constant(':_hidden-1.x')),
      fc.constantFrom('for', 'For', 'FOR'),
      fc.subarray(['proto=https', 'by="[fd00::1]:80"', 'host="a;b,c\\"d"', 'ext=1']),
      fc.nat(4),
    )
    .map(([address, port, name, others, place]) => {
      const node = address.includes(':') ? `"[${address}]${port}"` : port === '' ? address : `"${address}${port}"`
      return [address, others.toSpliced(Math.min(place, others.length), 0, `${name}=${node}`).join(';')]
    })

/** What an untrusted client may have written before. */
const foreign = fc.constantFrom('198.51.100.1', '2001:db8::bad', '_secret', 'unknown', 'rubbish', '1.2.3.4.5')

for (const [header, form, alien] of [
  ['x-forwarded-for', listed, (text: string) => text],
  ['x-real-ip', listed, (text: string) => text],
  ['forwarded', forwarded, (text: string) => `for="${text}"`],
] as const) {
  test(`HTP-15 ${header} gives the last address that is no trusted proxy’s, with ports, brackets and quotes`, () => {
    fc.assert(
      fc.property(
        form(clients),
        fc.array(form(proxyHops), { maxLength: 3 }),
        fc.array(foreign, { maxLength: 3 }),
        ([client, text], hops, before) => {
          const value = [...before.map(alien), text, ...hops.map(([, hop]) => hop)].join(',')
          assert.equal(read(header, value), client, value)
        },
      ),
    )
  })

  test(`HTP-16 an unreadable address in ${header} is refused, and no proxy’s address replaces it`, () => {
    const broken = fc.oneof(
      fc.constantFrom(
        '',
        ' ',
        'unknown',
        '_hidden',
        '[::1',
        '::1]',
        '[1.2.3.4]',
        '1.2.3',
        '1.2.3.4:',
        '[2001:db8::1]x',
      ),
      fc.constantFrom('1.2.3.4:123456', '1.2.3.4:port', '[]', '1.2.3.4/8', 'host.example', '"1.2.3.4', '01.2.3.4'),
    )
    fc.assert(
      fc.property(broken, fc.array(form(proxyHops), { maxLength: 3 }), fc.array(form(clients)), (bad, hops, before) => {
        // An empty element is ignored (RFC 9110 section 5.6.1.2): alone it leaves a header without an address.
        const isNoHop = bad.trim() === '' && header !== 'forwarded'
        if (isNoHop && hops.length + before.length > 0) return
        const hop = header === 'forwarded' ? `for=${bad}` : bad
        const value = [...before.map(([, text]) => text), hop, ...hops.map(([, text]) => text)].join(',')
        assert.equal(read(header, value), 'refused', value)
      }),
    )
  })
}

test('HTP-16 an element of Forwarded that is malformed, names no client or names two is refused', () => {
  const malformed = [
    'proto=https',
    'for=1.2.3.4;for=1.2.3.5',
    '1.2.3.4',
    'for="1.2.3.4"x',
    'for="x, for="[2001:db8::1]:80"',
    'for = 1.2.3.4',
    'for=1.2.3.4, for="',
  ]
  assert.deepEqual(
    malformed.map((value) => read('forwarded', value)),
    malformed.map(() => 'refused'),
  )
})

test('HTP-15 only the configured header is read, and only from a trusted proxy', () => {
  const rubbish = { forwarded: 'for=rubbish', 'x-forwarded-for': 'rubbish', 'x-real-ip': 'rubbish' }
  const ask = (peer: string, headers: Readonly<Record<string, string>>, trustedProxies = proxies): string =>
    clientAddress(
      { raw: { socket: { remoteAddress: peer } } as never, headers: { ...rubbish, ...headers } },
      { trustedProxies, clientIpHeader: 'x-client' },
    )
  assert.deepEqual(
    [
      ask('127.0.0.1', { 'x-client': '203.0.113.9' }),
      ask('127.0.0.1', {}),
      ask('198.51.100.1', { 'x-client': 'rubbish' }),
      ask('127.0.0.1', { 'x-client': 'rubbish' }, []),
    ],
    ['203.0.113.9', '127.0.0.1', '198.51.100.1', '127.0.0.1'],
  )
})

let sallyport: RunningSallyport
const lines: Readonly<Record<string, unknown>>[] = []

before(async () => {
  const write = (facts: Readonly<Record<string, unknown>>): void => void lines.push(facts)
  sallyport = await runSallyport({
    config: { trustedProxies: ['127.0.0.1'], clientIpHeader: 'Forwarded' },
    log: { info: write, warn: write, error: write },
  })
  await sallyport.addAccount({ username: 'ada', password: goodPassword })
})

after(() => sallyport.close())

test('HTP-16 an unreadable address is 400 in the shape of every dialect and at the gateway, and is counted in bulk', async () => {
  const headers = { forwarded: 'for=unknown' }
  const paths = [
    '/api/v1/verify',
    '/api/v1/pty_token/start',
    '/api/v2/version',
    '/session',
    '/v4/user/',
    '/v1/apps',
    '/x',
  ]
  const answers = await Promise.all(paths.map((path) => call(sallyport, { path, headers })))
  const shapes = answers.map(({ status, body }: Answer) => `${status} ${Object.keys(body).join(' ')}`)
  assert.deepEqual(shapes, [
    '400 type title status',
    '400 error',
    '400 error message',
    '400 error message status type',
    '400 code message',
    '400 status code message fields',
    '400 type title status',
  ])
  const upgrade = [
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${btoa('a'.repeat(16))}`,
  ]
  const offer = 'Sec-WebSocket-Protocol: X-Proxy-Session-Token, resume.secret, pty.v1'
  const request = ['GET /v1/ws HTTP/1.1', 'Host: localhost', 'Forwarded: for=unknown', ...upgrade, offer, '', '']
  assert.match(await exchangeRaw(sallyport.url, request.join('\r\n')), /^HTTP\/1\.1 400 .*cannot be read/s)
  assert.deepEqual(
    lines.filter(({ code }) => code === 'CLIENT_ADDRESS_UNREADABLE').map(({ err }) => err),
    [undefined],
  )
  const counted = sallyport.ports.refusals.take(0).events.map(({ code, ip, detail }) => [code, ip, detail])
  assert.deepEqual(counted, [['CLIENT_ADDRESS_UNREADABLE', '127.0.0.1', { times: paths.length + 1 }]])
})
