/** sftpgo: what becomes of tokens once they are out. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import {
  type AdministratorChange,
  changeAccount,
  removeAccount,
} from '../../src/core/administration/administer-accounts.ts'
import { openClient } from '../fixtures/http-client.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import {
  adminToken,
  ask,
  basic,
  bearer,
  claimsOf,
  enrol,
  password,
  type SftpgoWorld,
  sftpgoWorld,
  short,
  signIn,
  userToken,
} from '../fixtures/sftpgo/world.ts'
import { temporaryFolder } from '../house/temporary-folder.ts'

const alive = '200 []\n'
const expired = '401 {"error":"token is expired","message":"Unauthorized"}\n'
const unauthorized = '401 {"error":"token is unauthorized","message":"Unauthorized"}\n'
const ended = '401 {"message":"Your token is no longer valid"}\n'
const otherAudience = '401 {"message":"Your token audience is not valid"}\n'
const otherAddress = '401 {"message":"Your token is not valid"}\n'
const signedOut = '200 {"message":"Your token has been invalidated"}\n'

const command = {
  by: null,
  request: { by: 'command', ip: null, requestId: null, activity: null, commandLine: null },
} as const

let world: SftpgoWorld

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
})

after(() => world.close())

async function listWith(token: string, server: RunningSallyport = world, from = '127.0.0.1'): Promise<string> {
  return short(await ask(server, '/user/dirs', { headers: bearer(token), from }))
}

test('SFT-15 a token is accepted to the last millisecond before its exp, and from then on has expired for good', async () => {
  const token = await userToken(world)
  const end = Number(claimsOf(token).exp) * 1000
  const left = end - world.clock.wallMs()
  world.clock.advance(left - 1)
  const before = await listWith(token)
  world.clock.advance(1)
  const at = await listWith(token)
  world.clock.advance(86_400_000)
  await world.ports.store.execute('collectExpired', { nowMs: world.clock.wallMs(), throttleMs: 0, limit: 1_000 })
  assert.deepEqual([before, at, await listWith(token)], [alive, expired, expired])
})

test('SFT-15 a signature of our own key makes no token', async () => {
  const token = await userToken(world)
  const forged = await world.ports.signer.sign('sftpgo', 'JWT', { ...claimsOf(token), jti: 'c'.repeat(20) })
  const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${token.split('.')[1]}.`
  assert.deepEqual(
    [await listWith(forged), await listWith(unsigned), await listWith(token)],
    [unauthorized, unauthorized, alive],
  )
})

test('SFT-15 a token longer than any of ours is rubbish', async () => {
  assert.equal(await listWith('x'.repeat(30_000)), unauthorized)
})

test('SFT-16 whatever an administrator takes away ends the tokens of the account', async () => {
  const changes: readonly AdministratorChange[] = [
    { status: 'disabled' },
    { role: 'admin' },
    { password: 'another lamp above the harbour' },
  ]
  const answers: string[] = []
  for (const [index, change] of changes.entries()) {
    const account = await world.addAccount({ username: `changed${index}`, password })
    const token = await signIn(world, '/user', { headers: basic(account.username) })
    answers.push(await listWith(token))
    await changeAccount(world.ports, account, { change, how: command })
    answers.push(await listWith(token))
  }
  assert.deepEqual(answers, [alive, ended, alive, ended, alive, ended])
})

test('SFT-16 an account that is removed or runs out takes its tokens with it', async () => {
  const removed = await world.addAccount({ username: 'removed', password })
  const soon = Math.floor(world.clock.wallMs() / 1000) + 60
  const late = await world.addAccount({ username: 'soon', password, expiresAt: soon })
  const token = async ({ username }: Account): Promise<string> => signIn(world, '/user', { headers: basic(username) })
  const [first, second] = [await token(removed), await token(late)]
  const before = [await listWith(first), await listWith(second)]
  await removeAccount(world.ports, removed, command)
  world.clock.advance(60_000)
  assert.deepEqual([before, await listWith(first), await listWith(second)], [[alive, alive], ended, ended])
})

test('SFT-16 enrolling a second factor ends the tokens that did without it', async () => {
  await world.addAccount({ username: 'careful', password })
  const token = await signIn(world, '/user', { headers: basic('careful') })
  await enrol(world, 'careful')
  assert.equal(await listWith(token), ended)
})

test('SFT-17 tokens of control, koyeb and terminals are told from rubbish', async () => {
  const post = async (url: string, payload: object): Promise<Record<string, unknown>> => {
    const got = await world.app.inject({ method: 'POST', url, payload })
    return got.json() as Record<string, unknown>
  }
  const control = await post('/api/v1/sessions', { username: 'ada', password })
  const koyeb = await post('/v1/account/login', { email: 'ada&co@example.org', password })
  const pty = await world.ports.signer.sign('pty', 'proxy/ws+jwt', {
    exp: Math.floor(world.clock.wallMs() / 1000) + 60,
  })
  const tokens = [control.access_token as string, (koyeb.token as { id: string }).id, pty]
  const answers: string[] = []
  for (const token of tokens) {
    answers.push(await listWith(token), short(await ask(world, '/version', { headers: bearer(token) })))
  }
  assert.deepEqual([answers.length, new Set(answers)], [6, new Set([otherAudience])])
})

test('SFT-17 a user token is taken at control, from its own address alone; an admin token is not', async () => {
  const verify = async (token: string, remoteAddress = '127.0.0.1'): Promise<number> =>
    (await world.app.inject({ url: '/api/v1/verify', headers: bearer(token), remoteAddress })).statusCode
  const [user, admin] = [await userToken(world), await adminToken(world)]
  assert.deepEqual([await verify(user), await verify(user, '10.0.0.9'), await verify(admin)], [200, 401, 401])
})

test('SFT-18 an address is one however it is written, and the one that a trusted proxy names', async () => {
  const server = await sftpgoWorld({ config: { trustedProxies: '10.0.0.1' } })
  try {
    const mapped = await userToken(server, '::ffff:10.4.4.4')
    const headers = { ...basic('ada'), 'x-forwarded-for': '192.0.2.7' }
    const behind = await signIn(server, '/user', { headers, from: '10.0.0.1' })
    const pretended = await ask(server, '/user/dirs', {
      headers: { ...bearer(behind), 'x-forwarded-for': '192.0.2.7' },
      from: '10.0.0.2',
    })
    const forwarded = await ask(server, '/user/dirs', {
      headers: { ...bearer(behind), 'x-forwarded-for': '192.0.2.7' },
      from: '10.0.0.1',
    })
    assert.deepEqual(
      [
        await listWith(mapped, server, '10.4.4.4'),
        await listWith(behind, server, '192.0.2.7'),
        short(forwarded),
        short(pretended),
      ],
      [alive, alive, alive, otherAddress],
    )
  } finally {
    await server.close()
  }
})

test('SFT-18 the option unbinds tokens, which still name the address', async () => {
  const server = await sftpgoWorld({ config: { sftpgo: { bindAddress: false } } })
  try {
    const token = await userToken(server, '10.4.4.4')
    assert.deepEqual([claimsOf(token).aud, await listWith(token, server, '10.5.5.5')], [['APIUser', '10.4.4.4'], alive])
  } finally {
    await server.close()
  }
})

test('SFT-20 a logout ends the presented token and leaves the others of the account', async () => {
  const [one, other] = [await userToken(world), await userToken(world)]
  const logout = async (): Promise<string> => short(await ask(world, '/user/logout', { headers: bearer(one) }))
  assert.deepEqual(
    [await logout(), await logout(), await listWith(one), await listWith(other)],
    [signedOut, ended, ended, alive],
  )
})

test('SFT-21 fifty parallel logouts are one 200 and one audit event', async () => {
  const token = await adminToken(world)
  const seqOf = async (): Promise<number> => (await world.ports.store.auditHeads())[0]?.seq ?? 0
  const before = await seqOf()
  const client = openClient(world.url, 50)
  try {
    const question = { path: '/api/v2/logout', headers: bearer(token) }
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.send(question)))
    const counted = Object.groupBy(
      answers.map(({ status, body }) => `${status} ${body}`),
      (answer) => answer,
    )
    const counts = Object.entries(counted)
      .map(([answer, all]) => [answer, all?.length])
      .sort()
    assert.deepEqual(
      [counts, (await seqOf()) - before],
      [
        [
          [signedOut, 1],
          [ended, 49],
        ],
        1,
      ],
    )
  } finally {
    client.close()
  }
})

test('SFT-22 after a restart a live token is accepted and an ended one is still told so', async (t) => {
  const dataDir = temporaryFolder(t)
  const { live, over } = await withServer(await sftpgoWorld({ dataDir }), async (server) => {
    const tokens = { live: await userToken(server), over: await userToken(server) }
    await ask(server, '/user/logout', { headers: bearer(tokens.over) })
    return tokens
  })
  const answers = await withServer(await runSallyport({ dataDir }), async (server) => [
    await listWith(live, server),
    await listWith(over, server),
  ])
  assert.deepEqual(answers, [alive, ended])
})

async function withServer<Server extends RunningSallyport, Result>(
  server: Server,
  use: (server: Server) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(server)
  } finally {
    await server.close()
  }
}

test('SFT-24 a client that probes, signs in, lists, signs out and looks again gets what it expects', async () => {
  const client = openClient(world.url, 1)
  try {
    const send = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> => {
      const { status, body } = await client.send({ path, headers })
      return `${status} ${body}`
    }
    const probes = [await send('/healthz'), (await send('/api/v2/user/token')).slice(0, 3)]
    const { body } = await client.send({ path: '/api/v2/user/token', headers: basic('ada') })
    const { access_token: token, expires_at: end } = JSON.parse(body) as { access_token: string; expires_at: string }
    const calls = [
      await send('/api/v2/user/dirs?path=%2F', bearer(token)),
      await send('/api/v2/user/logout', bearer(token)),
      await send('/api/v2/user/dirs?path=%2F', bearer(token)),
    ]
    assert.deepEqual(
      [probes, calls, Date.parse(end) > world.clock.wallMs()],
      [['200 ok', '401'], [alive, signedOut, ended], true],
    )
  } finally {
    client.close()
  }
})
