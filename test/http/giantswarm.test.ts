import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import { changeAccount, removeAccount } from '../../src/core/administration/administer-accounts.ts'
import { writeLastUses } from '../../src/core/upkeep.ts'
import { decodePassword, encodeOrganizations } from '../../src/http/dialects/giantswarm/wire.ts'
import { createEncodings } from '../../src/platform/encodings.ts'
import { addCast, auditTexts, onCommandLine, password } from '../fixtures/cast.ts'
import { compareGoldens, type GoldenValues } from '../fixtures/goldens.ts'
import { type HttpAnswer, type HttpClient, openClient } from '../fixtures/http-client.ts'
import { sendRaw } from '../fixtures/raw-socket.ts'
import { type RunningSallyport, type RunOptions, runSallyport } from '../fixtures/run-sallyport.ts'

const path = '/v4/auth-tokens/'
const signOut = `DELETE ${path}`

let sallyport: RunningSallyport
let client: HttpClient

before(async () => {
  sallyport = await runSallyport()
  client = openClient(sallyport.url)
  const { ada } = await addCast(sallyport, client)
  await sallyport.addAccount({ username: 'umlaut', password: 'pässword mit Umläuten', email: 'umlaut@example.org' })
  const expiresAt = Date.UTC(2036, 0, 1) / 1000
  await sallyport.addAccount({ username: 'guest', password, email: 'guest@example.org', expiresAt })
  await sallyport.addOrganization('north-shore', [ada])
  await sallyport.addOrganization('acme', [ada])
  await sallyport.addOrganization(`a${'b'.repeat(30)}`, [ada])
  await sallyport.addOrganization('elsewhere', [])
})

after(async () => {
  client.close()
  await sallyport.close()
})

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

type Attempt = { readonly on?: HttpClient; readonly name?: string; readonly headers?: Readonly<Record<string, string>> }

function postToken({ on = client, name = 'ada', headers = {} }: Attempt = {}, secret = password): Promise<HttpAnswer> {
  const body = { email: `${name}@example.org`, password_base64: base64(secret) }
  return on.send({ method: 'POST', path, headers, body })
}

function tokenOf(answer: HttpAnswer): string {
  assert.equal(answer.status, 200, answer.body)
  return (JSON.parse(answer.body) as { auth_token: string }).auth_token
}

async function signIn(attempt: Attempt = {}): Promise<string> {
  return tokenOf(await postToken(attempt))
}

function withToken(token: string, line: string, on: HttpClient = client): Promise<HttpAnswer> {
  const [method = '', path = ''] = line.split(' ')
  const headers = { authorization: `giantswarm ${token}`, 'content-type': 'application/json' }
  return on.send({ method, path, headers })
}

async function userStatus(token: string, on: HttpClient = client): Promise<number> {
  return (await withToken(token, 'GET /v4/user/', on)).status
}

async function prepare(setup: string): Promise<GoldenValues> {
  if (setup === 'pacerpro') {
    const answer = await client.send({ method: 'POST', path: '/session', body: { email: 'ada@example.org', password } })
    return { token: (JSON.parse(answer.body) as { jwtToken: string }).jwtToken }
  }
  const token = await signIn({ name: setup === 'guest' ? 'guest' : 'ada' })
  if (setup === 'ended') await withToken(token, signOut)
  else assert.ok(['live', 'guest'].includes(setup))
  return { token, capitals: token.toUpperCase() }
}

function goldens(title: string, file: string): void {
  test(title, (t) => compareGoldens(t, `giantswarm/${file}`, { url: sallyport.url, prepare }))
}

async function withServer(
  options: RunOptions,
  act: (server: RunningSallyport, on: HttpClient) => Promise<void>,
): Promise<void> {
  const server = await runSallyport(options)
  const on = openClient(server.url)
  try {
    await server.addAccount({ username: 'ada', password, email: 'ada@example.org' })
    await act(server, on)
  } finally {
    on.close()
    await server.close()
  }
}

goldens('GIA-1 the right address and password get a token, in every accepted form', 'sign-ins')
goldens('GIA-2 a sign-in that cannot be read is INVALID_INPUT and names the member at fault', 'unread-sign-ins')
goldens(
  'GIA-3 a failed sign-in is INVALID_CREDENTIALS, except with the right password of an expired account',
  'refused-sign-ins',
)
goldens('GIA-4 every request without a valid token is PERMISSION_DENIED', 'refused-tokens')
goldens('GIA-8 the answer has the request id of the audit trail', 'request-ids')
goldens('GIA-9 no tracking header makes a sign-in fail', 'tracking')
goldens('GIA-10 info, user and organizations have the members that clients need', 'info')
goldens('GIA-11 a request that is not served is refused as a GenericResponse', 'unserved')

test('GIA-2 a password must be UTF-8', () => {
  assert.equal(decodePassword(createEncodings(), 'cMOkc3N3b3Jk'), 'pässword')
})

test('GIA-4 of two Authorization lines the first counts', async () => {
  const token = await signIn()
  const ask = (...values: string[]): Promise<{ statusLine: string }> =>
    sendRaw(sallyport.url, ['GET /v4/user/ HTTP/1.1', ...values.map((value) => `Authorization: giantswarm ${value}`)])
  const answers = [await ask(token, 'x'), await ask('x', token)]
  assert.deepEqual(
    answers.map(({ statusLine }) => statusLine),
    ['HTTP/1.1 200 OK', 'HTTP/1.1 401 Unauthorized'],
  )
})

test('GIA-5 a sign-out ends only its own token, and a second one is refused', async () => {
  const [one, other] = [await signIn(), await signIn()]
  const answers = [await withToken(one, signOut), await withToken(one, signOut)]
  assert.deepEqual(
    answers.map(({ status, body }) => [status, (JSON.parse(body) as { code: string }).code]),
    [
      [200, 'RESOURCE_DELETED'],
      [401, 'PERMISSION_DENIED'],
    ],
  )
  assert.equal(
    answers[0]?.body,
    '{"code":"RESOURCE_DELETED","message":"The authentication token has been successfully deleted."}',
  )
  assert.deepEqual([await userStatus(one), await userStatus(other)], [401, 200])
})

test('GIA-5 of fifty parallel sign-outs with one token exactly one succeeds', async () => {
  const token = await signIn()
  const answers = await Promise.all(Array.from({ length: 50 }, () => withToken(token, signOut)))
  assert.deepEqual(
    [200, 401].map((status) => answers.filter((answer) => answer.status === status).length),
    [1, 49],
  )
})

test('GIA-6 a token is accepted ten years later, unless its account has too many live sessions', async () => {
  await withServer({ config: { giantswarm: { keepNewest: 2 } } }, async (server, on) => {
    const tokens = [await signIn({ on }), await signIn({ on }), await signIn({ on })]
    server.clock.advance(10 * 365 * 24 * 3_600_000)
    assert.deepEqual(await Promise.all(tokens.map((token) => userStatus(token, on))), [401, 200, 200])
  })
})

test('GIA-6 a token ends with the configured idle limit', async () => {
  await withServer({ config: { giantswarm: { idleSeconds: 3_600 } } }, async (server, on) => {
    const token = await signIn({ on })
    server.clock.advance(3_599_000)
    const used = await userStatus(token, on)
    await writeLastUses(server.ports)
    server.clock.advance(3_599_000)
    const usedAgain = await userStatus(token, on)
    server.clock.advance(3_600_000)
    assert.deepEqual([used, usedAgain, await userStatus(token, on)], [200, 200, 401])
  })
})

test('GIA-6 a token ends when its account gets a new password, is disabled or expires', async () => {
  await withServer({}, async (server, on) => {
    const { ports, clock } = server
    const how = { by: null, request: onCommandLine }
    const account = async (): Promise<Account> => {
      const found = await ports.store.accountByName('ada', 'user')
      assert.ok(found)
      return found
    }
    const statuses: number[] = []
    const endedBy = async (act: () => Promise<unknown>): Promise<void> => {
      const token = await signIn({ on })
      await act()
      statuses.push(await userStatus(token, on))
    }
    await endedBy(async () => changeAccount(ports, await account(), { change: { password }, how }))
    await endedBy(async () => changeAccount(ports, await account(), { change: { status: 'disabled' }, how }))
    await changeAccount(ports, await account(), { change: { status: 'enabled' }, how })
    const soon = Math.floor(clock.wallMs() / 1000) + 60
    await changeAccount(ports, await account(), { change: { expiresAt: soon }, how })
    await endedBy(async () => clock.advance(60_000))
    await changeAccount(ports, await account(), { change: { expiresAt: null }, how })
    await endedBy(async () => removeAccount(ports, await account(), how))
    assert.deepEqual(statuses, [401, 401, 401, 401])
  })
})

test('GIA-7 wrong passwords are throttled, and Retry-After is at most 300 seconds', async () => {
  await withServer({}, async (server, on) => {
    const waits: (string | undefined)[] = []
    for (let failure = 0; failure < 16; failure += 1) {
      const answer = await postToken({ on }, 'not the password')
      if (answer.status === 401) continue
      assert.deepEqual(
        [answer.status, answer.body],
        [429, '{"code":"TOO_MANY_REQUESTS","message":"Too many failed sign-ins; wait before the next one."}'],
      )
      waits.push(answer.headers['retry-after'])
      server.clock.advance(3_600_000)
      assert.equal((await postToken({ on }, 'not the password')).status, 401)
    }
    assert.deepEqual(waits, ['30', '60', '120', '240', '300', '300'])
  })
})

test('GIA-7 a full hash queue is answered 429, never 503', async () => {
  await withServer({ config: { hashThreads: 1, hashQueue: 1, throttle: false } }, async (_server, on) => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => postToken({ on })))
    const refused = answers.filter(({ status }) => status !== 200)
    assert.ok(refused.length > 0)
    assert.deepEqual(
      new Set(refused.map(({ status, headers, body }) => `${status} ${headers['retry-after']} ${body}`)),
      new Set(['429 2 {"code":"TOO_MANY_REQUESTS","message":"Too many sign-ins at once; try again shortly."}']),
    )
  })
})

test('GIA-9 a password in a command line is in no audit event, and the rest of the line is', async () => {
  const lines = [
    '/usr/bin/gsctl login ada@example.org -ps3cret',
    'gsctl -e https://example.org login ada@example.org -p s3cret',
    'gsctl login ada@example.org -p=s3cret',
    'gsctl login ada@example.org --password s3cret',
    'gsctl login ada@example.org --password="s3cret and more"',
    'gsctl list clusters --auth-token s3cret',
  ]
  const before = (await auditTexts(sallyport)).length
  for (const [index, line] of lines.entries()) {
    const activity: Record<string, string> = index === 0 ? {} : { 'x-giant-swarm-activity': 'login' }
    await postToken({ headers: { 'x-giant-swarm-cmdline': line, ...activity } }, index === 1 ? 'wrong' : password)
  }
  const texts = (await auditTexts(sallyport)).slice(before)
  assert.deepEqual(
    [
      texts.length,
      texts.filter((text) => text.includes('s3cret')),
      texts.filter((text) => text.includes('gsctl')).length,
    ],
    [lines.length, [], lines.length],
  )
})

test('GIA-10 names of 3 and of more than 30 characters are left out', () => {
  const names = ['abc', 'abcd', 'a-b-c', 'b'.repeat(30), 'c'.repeat(31)]
  const memberships = names.map((name) => ({
    accountId: 1,
    organization: { id: name, name, createdAtMs: 0 },
    joinedAtMs: 0,
  }))
  assert.deepEqual(encodeOrganizations(memberships), [{ id: 'a_b_c' }, { id: 'abcd' }, { id: 'b'.repeat(30) }])
})

test('GIA-11 a body over 64 KiB is INVALID_INPUT', async () => {
  const answer = await client.send({ method: 'POST', path, body: `"${'a'.repeat(1_048_576)}"` })
  assert.deepEqual(
    [answer.status, answer.body],
    [413, '{"code":"INVALID_INPUT","message":"The body is larger than 64 KiB."}'],
  )
})

test('GIA-12 every answer has the exact media type, and a sign-out may name one without a body', async () => {
  const token = await signIn()
  const ask = async (line: string, value: string): Promise<readonly [string, string | undefined]> => {
    const lines = [`${line} HTTP/1.1`, 'Content-Type: application/json', `Authorization: giantswarm ${value}`]
    const { statusLine, headers } = await sendRaw(sallyport.url, lines)
    return [statusLine, headers.find((header) => /^content-type:/i.test(header))]
  }
  const answers = [
    await ask('GET /v4/info/', token),
    await ask(signOut, token),
    await ask(signOut, token),
    await ask(`PUT ${path}`, token),
    await ask('GET /v4/', token),
  ]
  const statuses = ['200 OK', '200 OK', '401 Unauthorized', '405 Method Not Allowed', '404 Not Found']
  assert.deepEqual(
    answers,
    statuses.map((status) => [`HTTP/1.1 ${status}`, 'content-type: application/json']),
  )
})

test('GIA-13 a second login of gsctl ends the old token under the request id of the new one', async () => {
  const old = await signIn()
  const headers = { 'x-request-id': 'abcDEFghiJKLmn', 'x-giant-swarm-activity': 'login' }
  const ended = await client.send({
    method: 'DELETE',
    path,
    headers: { ...headers, authorization: `giantswarm ${old}` },
  })
  const begun = await postToken({ headers })
  const token = tokenOf(begun)
  const info = await withToken(token, 'GET /v4/info/')
  assert.deepEqual(
    [ended, begun].map((answer) => [answer.status, answer.headers['x-request-id']]),
    [
      [200, 'abcDEFghiJKLmn'],
      [200, 'abcDEFghiJKLmn'],
    ],
  )
  assert.deepEqual([info.status, await userStatus(old), await userStatus(token)], [200, 401, 200])
})

test('GIA-13 gsctl ping, the root, is answered 200 without a token', async () => {
  assert.equal((await client.send({ path: '/', headers: { 'user-agent': 'gsctl/1.1.6' } })).status, 200)
})
