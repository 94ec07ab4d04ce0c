/** Tests of koyeb: shapes of refusals, and the bytes that the original's clients send and expect. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text as readAll } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import fastify from 'fastify'
import { httpStatusOf, Refusal, type RefusalCode, refusalCodes } from '../../src/core/errors.ts'
import { answerRefusal } from '../../src/http/dialects/koyeb/errors.ts'
import { call, type KoyebWorld, koyebWorld, login, password, tokenOf } from '../fixtures/koyeb/world.ts'

let world: KoyebWorld

before(async () => {
  world = await koyebWorld()
})

after(() => world.close())

/** Writes lines over an own socket and returns everything that was received. */
async function write(lines: readonly string[], body = ''): Promise<{ readonly head: string; readonly body: string }> {
  const { hostname, port } = new URL(world.url)
  const socket = connect(Number(port), hostname)
  socket.write(`${[...lines, `Host: ${hostname}:${port}`, 'Connection: close', '', ''].join('\r\n')}${body}`)
  const [head = '', ...rest] = (await readAll(socket)).split('\r\n\r\n')
  return { head, body: rest.join('\r\n\r\n') }
}

function statusLine({ head }: { readonly head: string }): string {
  return head.split('\r\n')[0] ?? ''
}

test('KOY-17 every refusal has the shape of its status, and says that status as a number', async () => {
  const app = fastify()
  app.setErrorHandler((thrown, request, reply) => answerRefusal(thrown as Refusal, request, reply))
  app.get('/:code', (request) => {
    throw new Refusal((request.params as { code: RefusalCode }).code, {
      fields: [{ field: 'a.b', description: 'is odd' }],
    })
  })
  const errors = new Map([
    [401, 'authentication_error'],
    [403, 'authorization_error'],
    [404, 'not_found'],
    [500, 'api_error'],
    [503, 'api_error'],
  ])
  for (const code of Object.keys(refusalCodes) as RefusalCode[]) {
    const answer = await app.inject({ method: 'GET', url: `/${code}` })
    const status = httpStatusOf(code)
    const { message, ...body } = answer.json<{ message: string; code: unknown }>()
    const fields = [{ field: 'a.b', description: 'is odd' }]
    const wanted =
      status === 400
        ? { status, code: 'invalid_argument', fields }
        : errors.has(status)
          ? { status, code: errors.get(status) }
          : { code: Number(body.code), details: [] }
    const seen = [answer.statusCode, answer.headers['content-type'], typeof message, message !== '', body]
    assert.deepEqual(seen, [status, 'application/json', 'string', true, wanted], code)
  }
  await app.close()
})

test('KOY-17 a body over 64 KiB is Status code 3', async () => {
  const { status, headers, json } = await call(world, 'POST /v1/account/login', { body: `"${'x'.repeat(1_048_576)}"` })
  const wanted = { code: 3, message: 'The body is larger than 64 KiB.', details: [] }
  assert.deepEqual([status, headers.get('content-type'), json], [413, 'application/json', wanted])
})

test('KOY-20 every success is 200 with application/json, and no cache may store an answer with a token', async () => {
  const body = { email: 'ada@example.org', password }
  const signedIn = await call(world, 'POST /v1/account/login', { body })
  const token = tokenOf(signedIn).id
  const answers = [
    signedIn,
    await call(world, 'PUT /v1/account/refresh', { token }),
    await call(world, 'POST /v1/account/session', { token }),
    await call(world, `POST /v1/organizations/${world.harbour.id}/switch`, { token }),
    await call(world, 'GET /v1/account/profile', { token }),
    await call(world, 'GET /v1/account/organization', { token }),
    await call(world, 'GET /v1/account/organizations', { token }),
    await call(world, 'DELETE /v1/account/logout', { token }),
  ]
  const facts = answers.map(({ status, headers }) => [
    status,
    headers.get('content-type'),
    headers.get('cache-control'),
  ])
  const withToken = [200, 'application/json', 'no-store']
  const without = [200, 'application/json', null]
  assert.deepEqual(facts, [withToken, withToken, withToken, withToken, without, without, without, without])
})

test('KOY-22 a dashboard starts without a session, signs in, loads its pages, switches, leaves and signs out', async () => {
  const headers = { 'content-type': 'application/json', 'seon-fp': 'W;6.8.0;Zm9v' }
  const steps: unknown[] = []
  const step = async (line: string, request: Parameters<typeof call>[2]): Promise<Awaited<ReturnType<typeof call>>> => {
    const answer = await call(world, line, request)
    steps.push([line.split('/').at(-1), answer.status])
    return answer
  }
  await step('GET /v1/account/profile', {})
  await step('GET /v1/account/organization', {})
  const credentials = { email: 'ada@example.org', password }
  const { id: token } = tokenOf(await step('POST /v1/account/login', { headers, body: credentials }))
  for (const path of ['profile', 'organization', 'organizations?limit=100'])
    await step(`GET /v1/account/${path}`, { token })
  const line = `POST /v1/organizations/${world.lighthouse.id}/switch`
  const { id: switched } = tokenOf(await call(world, line, { token, headers: { 'seon-fp': 'W;6.8.0;Zm9v' } }))
  const organization = await step('GET /v1/account/organization', { token: switched })
  await step('PUT /v1/account/refresh', { token: switched })
  await step('DELETE /v1/account/logout', { token: switched })
  await step('GET /v1/account/profile', { token: switched })
  await step('GET /v1/account/profile', { token })
  assert.deepEqual(steps, [
    ['profile', 401],
    ['organization', 401],
    ['login', 200],
    ['profile', 200],
    ['organization', 200],
    ['organizations?limit=100', 200],
    ['organization', 200],
    ['refresh', 200],
    ['logout', 200],
    ['profile', 401],
    ['profile', 200],
  ])
  assert.equal((organization.json as { organization: { id: string } }).organization.id, world.lighthouse.id)
})

test('KOY-23 a body without a media type, as the Python client writes it, signs in', async () => {
  const body = '{"email": "ada@example.org", "password": "a lamp above the harbour"}'
  const answer = await write(
    [
      'POST /v1/account/login HTTP/1.1',
      'Accept-Encoding: identity',
      `Content-Length: ${body.length}`,
      'seon-fp: FP1',
      'Accept: */*',
      'User-Agent: OpenAPI-Generator/1.5.1/python',
    ],
    body,
  )
  assert.equal(statusLine(answer), 'HTTP/1.1 200 OK')
  assert.match(answer.head.toLowerCase(), /\r\ncontent-type: application\/json\r\n/)
  assert.match(answer.body, /^\{"token":\{"id":"/)
})

test('KOY-23 a chunked body of the Go client with a charset and a line feed signs in', async () => {
  const body = '{"email":"ada@example.org","password":"a lamp above the harbour"}\n'
  const answer = await write(
    [
      'POST /v1/account/login HTTP/1.1',
      'Accept: */*',
      'Content-Type: application/json; charset=utf-8',
      'Transfer-Encoding: chunked',
      'User-Agent: koyeb-cli/5.0.0',
    ],
    `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  )
  assert.equal(statusLine(answer), 'HTTP/1.1 200 OK')
})

test('KOY-23 PUT, POST and DELETE with Content-Length 0, with and without a media type, are accepted', async () => {
  const { id } = await login(world, 'ada@example.org')
  const lines = [
    'PUT /v1/account/refresh HTTP/1.1',
    'POST /v1/account/session HTTP/1.1',
    `POST /v1/organizations/${world.harbour.id}/switch HTTP/1.1`,
  ]
  const statuses: string[] = []
  for (const line of lines) {
    for (const type of [[], ['Content-Type: application/json']]) {
      statuses.push(statusLine(await write([line, `Authorization: ${id}`, 'Content-Length: 0', ...type])))
    }
  }
  const out = ['DELETE /v1/account/logout HTTP/1.1', `Authorization: Bearer ${id}`, 'Content-Type: application/json']
  statuses.push(statusLine(await write([...out, 'Content-Length: 0'])))
  assert.deepEqual(
    statuses,
    Array.from({ length: 7 }, () => 'HTTP/1.1 200 OK'),
  )
})

test('KOY-23 a PUT without a length, and a DELETE with a media type and no body, are accepted', async () => {
  const { id } = await login(world, 'ada@example.org')
  const refreshed = await write(['PUT /v1/account/refresh HTTP/1.1', `Authorization: Bearer ${id}`])
  const left = await write([
    'DELETE /v1/account/logout HTTP/1.1',
    `Authorization: Bearer ${id}`,
    'Content-Type: application/json',
  ])
  assert.deepEqual([statusLine(refreshed), statusLine(left), left.body], ['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', '{}'])
})

test('KOY-23 of two Authorization lines the first counts', async () => {
  const { id } = await login(world, 'ada@example.org')
  const line = 'GET /v1/account/profile HTTP/1.1'
  const right = await write([line, `Authorization: Bearer ${id}`, 'Authorization: Bearer rubbish'])
  const wrong = await write([line, 'Authorization: Bearer rubbish', `Authorization: Bearer ${id}`])
  assert.deepEqual([statusLine(right), statusLine(wrong)], ['HTTP/1.1 200 OK', 'HTTP/1.1 401 Unauthorized'])
})

test('KOY-24 streams are 404 in the shape Error, with and without a token', async () => {
  const { id: token } = await login(world, 'ada@example.org')
  const answers = []
  for (const path of ['/v1/streams/instances/exec?id=1', '/v1/streams/logs/tail', '/v1/instances?limit=1']) {
    answers.push(await call(world, `GET ${path}`), await call(world, `GET ${path}`, { token }))
  }
  const wanted = { status: 404, code: 'not_found', message: 'There is nothing at this address.' }
  assert.deepEqual(
    answers.map(({ json }) => json),
    answers.map(() => wanted),
  )
})
