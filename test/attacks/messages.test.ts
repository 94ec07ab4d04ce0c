/** Attacks by HTTP messages that two servers could read as two: one request has one answer, and an ambiguous one is refused. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exchangeRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({ config: { throttle: false } })
})

after(() => sallyport.close())

/** A request that hides in the body, or behind the end, of another; it would answer 404. */
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'

/** Returns the status of every answer to the bytes; the connection must end by itself. */
async function statusesOf(bytes: string): Promise<number[]> {
  const text = await exchangeRaw(sallyport.url, bytes)
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

/** A sign-in that names neither address nor password: 401 once its body was read. */
function post(headers: string, body: string): string {
  return `POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n\r\n${body}`
}

const end = `0\r\n\r\n${smuggled}`
const framing: readonly (readonly [string, string])[] = [
  ['a length and chunks', post('Content-Length: 6\r\nTransfer-Encoding: chunked', end)],
  ['chunks and a length', post('Transfer-Encoding: chunked\r\nContent-Length: 4', end)],
  ['two lengths that are the same', post('Content-Length: 2\r\nContent-Length: 2', `{}${smuggled}`)],
  ['two lengths that differ', post('Content-Length: 2\r\nContent-Length: 3', `{}${smuggled}`)],
  ['a list of lengths', post('Content-Length: 2, 2', `{}${smuggled}`)],
  ['a length with a sign', post('Content-Length: +2', `{}${smuggled}`)],
  ['a negative length', post('Content-Length: -1', `{}${smuggled}`)],
  ['a hexadecimal length', post('Content-Length: 0x2', `{}${smuggled}`)],
  ['a length of two words', post('Content-Length: 2 2', `{}${smuggled}`)],
  ['a length that no number holds', post('Content-Length: 99999999999999999999999', `{}${smuggled}`)],
  ['an empty length', post('Content-Length:', smuggled)],
  ['an unknown coding', post('Transfer-Encoding: xchunked', end)],
  ['identity', post('Transfer-Encoding: identity', end)],
  ['chunks that are not the last coding', post('Transfer-Encoding: chunked, identity', end)],
  ['two lines of codings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', end)],
  ['a vertical tab before the coding', post('Transfer-Encoding: \x0bchunked', end)],
  ['a blank before the colon', post('Transfer-Encoding : chunked', end)],
  ['a folded coding', post('Transfer-Encoding:\r\n chunked', end)],
  ['a coding behind a bare line feed', post('X: x\nTransfer-Encoding: chunked', end)],
  ['a coding in HTTP/1.0', post('Transfer-Encoding: chunked', end).replace('HTTP/1.1', 'HTTP/1.0')],
  ['a coding in quotes', post('Transfer-Encoding: "chunked"', end)],
  ['a NUL behind the coding', post('Transfer-Encoding: chunked\0', end)],
]

const chunked = (body: string): string => post('Transfer-Encoding: chunked', body)
const chunks: readonly (readonly [string, string])[] = [
  ['a size that is no number', chunked(`zz\r\n{}\r\n${end}`)],
  ['a size with a prefix', chunked(`0x2\r\n{}\r\n${end}`)],
  ['a negative size', chunked(`-1\r\n{}\r\n${end}`)],
  ['a size that no number holds', chunked(`fffffffffffffffff1\r\n{}\r\n${end}`)],
  ['an empty size', chunked(`\r\n{}\r\n${end}`)],
  ['a blank behind the size', chunked(`2 \r\n{}\r\n${end}`)],
  ['bare line feeds', chunked(`2\n{}\n0\n\n${smuggled}`)],
  ['a chunk that is longer than it says', chunked(`2\r\n{}XX${end}`)],
  ['an extension with a line feed', chunked(`2;a\nb\r\n{}\r\n${end}`)],
  ['an extension of 20 KiB', chunked(`2;a=${'b'.repeat(20 * 1024)}\r\n{}\r\n${end}`)],
  ['a length among the trailers', chunked(`2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n${smuggled}`)],
]

const get = (target: string, headers = 'Host: 127.0.0.1\r\nConnection: close', version = 'HTTP/1.1'): string =>
  `GET ${target} ${version}\r\n${headers}\r\n\r\n`
const lines: readonly (readonly [string, string])[] = [
  ['bare line feeds', get('/healthz').replaceAll('\r\n', '\n')],
  ['bare carriage returns', get('/healthz').replaceAll('\r\n', '\r')],
  ['a blank before a colon', get('/healthz', 'Host : 127.0.0.1')],
  ['a folded header', get('/healthz', 'Host: 127.0.0.1\r\nX-A: b\r\n c')],
  ['a blank before the first header', get('/healthz', ' X: y\r\nHost: 127.0.0.1')],
  ['a header without a name', get('/healthz', 'Host: 127.0.0.1\r\n: x')],
  ['a header without a colon', get('/healthz', 'Host: 127.0.0.1\r\nX-A')],
  ['NUL in a value', get('/healthz', 'Host: 127.0.0.1\r\nX: a\0b')],
  ['NUL in a name', get('/healthz', 'Host: 127.0.0.1\r\nX\0: a')],
  ['NUL in the target', get('/heal\0thz')],
  ['a blank in the target', get('/heal thz')],
  ['no Host', get('/healthz', 'Connection: close')],
  ['two Hosts', get('/healthz', 'Host: 127.0.0.1\r\nHost: evil.example')],
  ['two Hosts of other cases', get('/healthz', 'HOST: 127.0.0.1\r\nhost: 127.0.0.1')],
  ['HTTP/0.9', 'GET /healthz\r\n\r\n'],
  ['HTTP/1.2', get('/healthz', 'Host: 127.0.0.1', 'HTTP/1.2')],
  ['HTTP/2.0', get('/healthz', 'Host: 127.0.0.1', 'HTTP/2.0')],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['lower case http', get('/healthz', 'Host: 127.0.0.1', 'http/1.1')],
  ['an unknown method', 'BREW /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ['a method in lower case', 'get /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ['the hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
]

for (const [title, table] of [
  ['ATK-11 framing that could end a request at two places', framing],
  ['ATK-11 chunks that are not as they say', chunks],
  ['ATK-12 lines that are no HTTP/1.1 or 1.0', lines],
] as const) {
  test(`${title} get one 400 without a body, and the connection ends`, async () => {
    for (const [name, bytes] of table) {
      const answer = await exchangeRaw(sallyport.url, bytes)
      assert.match(
        answer,
        /^HTTP\/1\.1 400 Bad Request\r\n(?:[^\r\n]+\r\n)*connection: close\r\n(?:[^\r\n]+\r\n)*\r\n$/i,
        name,
      )
    }
  })
}

test('ATK-11 what is framed once is one request, and the next one on its connection is another', async () => {
  const cases = [
    await statusesOf(chunked(`2\r\n{}\r\n${end}`)),
    await statusesOf(chunked(`2;name=value\r\n{}\r\n${end}`)),
    await statusesOf(post('Transfer-Encoding:\tchunked', `2\r\n{}\r\n${end}`)),
    await statusesOf(post('Content-Length: 2', `{}${smuggled}`)),
    await statusesOf(`\r\n\r\n${post('Content-Length: 2', `{}${smuggled}`)}`),
    await statusesOf(post(`Content-Length: ${smuggled.length}\r\nConnection: close`, smuggled)),
    await statusesOf(
      `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ),
    await statusesOf(get('/healthz', '', 'HTTP/1.0')),
  ]
  assert.deepEqual(cases, [[401, 404], [401, 404], [401, 404], [401, 404], [401, 404], [401], [200], [200]])
})

test('ATK-12 what a client expects is granted or refused before the one answer', async () => {
  const cases = [
    await statusesOf(post('Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close', '{}')),
    await statusesOf(post('Expect: 200-ok\r\nContent-Length: 2\r\nConnection: close', '{}')),
    await statusesOf(`OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`),
    await statusesOf(`TRACE /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`),
    await statusesOf('CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
    await statusesOf(get('/healthz', 'Host: 127.0.0.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c')),
  ]
  assert.deepEqual(cases, [[100, 401], [417], [404], [405], [], [200]])
})

test('ATK-12 a target in absolute form is served as its path, for its own host whatever Host says', async () => {
  const ask = async (target: string, host = '127.0.0.1'): Promise<string> => {
    const answer = await exchangeRaw(sallyport.url, get(target, `Host: ${host}\r\nConnection: close`))
    return `${answer.slice(9, 12)} ${/content-type: (\S+)/.exec(answer)?.[1]}`
  }
  const answers = [
    await ask('http://127.0.0.1/api/v2/token'),
    await ask('HTTP://localhost:1/v4/nothing/'),
    await ask('http://127.0.0.1'),
    await ask('http://127.0.0.1?a=b'),
    await ask('http://evil.example/v4/info/'),
    await ask('https://evil.example/api/v1/verify'),
    await ask('http://ada:secret@evil.example/api/v1/verify'),
    await ask('http://127.0.0.1/v4/info/', 'evil.example'),
    await ask('http:///v4/info/'),
  ]
  assert.deepEqual(answers, [
    '401 application/json',
    '404 application/json',
    '200 text/plain;',
    '200 text/plain;',
    '421 application/json',
    '421 application/problem+json',
    '421 application/problem+json',
    '401 application/json',
    '400 undefined',
  ])
})
