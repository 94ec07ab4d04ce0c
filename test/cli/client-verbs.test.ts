/** Cli tests: the verbs that call a server, as processes at a real server. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { readSavedSession, saveSession, updateSavedSession } from '../../src/cli/saved-session.ts'
import { namedServer, requireSafeGateway } from '../../src/cli/server-url.ts'
import { codeOf, enrol, goodPassword, verify } from '../fixtures/control-calls.ts'
import { type TerminalWorld, terminalWorld } from '../fixtures/terminal-world.ts'
import { type ClientHome, clientHome } from './client-home.ts'

const signInAgain = 'sign in again with sallyport login.'

suite('verbs that call a server', () => {
  let world: TerminalWorld
  before(async () => {
    // Commands use the clock of this machine.
    world = await terminalWorld({ now: Date.now() })
  })
  after(() => world.close())

  test('CLI-60 only the owner can read a saved session, and a new sign-in ends nothing', async (t) => {
    const home = clientHome(t)
    mkdirSync(dirname(home.sessionPath), { recursive: true, mode: 0o755 })
    const words = ['login', '--server', `${world.url}/`, '--username', 'ada', '--password-stdin']
    assert.deepEqual(await home.run(words, `${goodPassword}\n`), {
      code: 0,
      stdout: `Signed in at ${world.url} as ada.\n`,
      stderr: '',
    })
    const folder = dirname(home.sessionPath)
    assert.deepEqual([modeOf(folder), modeOf(home.sessionPath)], ['700', '600'])
    assert.deepEqual(readdirSync(folder), ['session.json'])
    const first = home.kept()
    // The default is the previous server.
    assert.equal((await home.run(['login', '--username', 'ada', '--password-stdin'], goodPassword)).code, 0)
    assert.equal(home.kept().server, world.url)
    assert.notEqual(home.kept().session.session_id, first.session.session_id)
    assert.equal(await verify(world, first.session.access_token ?? ''), 200)
  })

  test('CLI-61 a session with an expired token continues, and its successor is saved', async (t) => {
    const home = await homeOf(t, 'ada')
    const before = home.kept()
    keepStale(home)
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => home.run(['whoami', '--json'])))
    assert.deepEqual(
      outcomes.map(({ code, stdout, stderr }) => [code, stderr, JSON.parse(stdout).username]),
      Array.from({ length: 3 }, () => [0, '', 'ada']),
    )
    const next = home.kept()
    assert.equal(next.session.session_id, before.session.session_id)
    assert.notEqual(next.session.refresh_token, before.session.refresh_token)
    assert.deepEqual([modeOf(home.sessionPath), readdirSync(dirname(home.sessionPath))], ['600', ['session.json']])
    assert.equal((await home.run(['whoami'])).code, 0)
  })

  test('CLI-61 a refresh after a sign-out, or after a new sign-in, does not change the file', (t) => {
    const path = join(dirname(clientHome(t).sessionPath), 'any.json')
    const answer = (id: string, token: string) => ({
      session_id: id,
      access_token: token,
      token_type: 'Bearer' as const,
      expires_at: null,
      refresh_token: token,
      refresh_expires_at: null,
    })
    const old = { server: world.url, session: answer('one', 'a') }
    updateSavedSession(path, old, answer('one', 'b'))
    assert.equal(readSavedSession(path), null)
    const newSession = { server: world.url, session: answer('two', 'c') }
    saveSession(path, newSession)
    updateSavedSession(path, old, answer('one', 'b'))
    updateSavedSession(path, old, null)
    assert.deepEqual(readSavedSession(path), newSession)
    updateSavedSession(path, newSession, answer('two', 'd'))
    assert.deepEqual(readSavedSession(path), { server: world.url, session: answer('two', 'd') })
    updateSavedSession(path, newSession, null)
    assert.equal(existsSync(path), false)
  })

  test('CLI-62 without a terminal the password and the code are lines of standard input', async (t) => {
    await world.addAccount({ username: 'zoe', password: goodPassword })
    const secret = await enrol(world, await world.signIn('zoe'))
    const home = clientHome(t)
    const login = ['login', '--server', world.url, '--username', 'zoe']
    const stdin = [...login, '--password-stdin']
    world.clock.advance(60_000)
    const code = codeOf(secret, world.clock.wallMs())
    const said: (readonly [number | null, string])[] = []
    for (const [words, input] of [
      [login, `${goodPassword}\n`],
      [['login', '--server', world.url], ''],
      [stdin, ''],
      [stdin, `${goodPassword}\n${code}\nmore\n`],
      [stdin, `${goodPassword}\n`],
      [stdin, `${goodPassword}\n${code}\n`],
    ] as const) {
      const outcome = await home.run(words, input)
      said.push([outcome.code, outcome.stderr])
    }
    assert.deepEqual(said, [
      [2, 'sallyport: --password-stdin is needed if standard input is no terminal.\n'],
      [2, 'sallyport: --username is needed if standard input is no terminal.\n'],
      [1, 'sallyport: Standard input holds no password.\n'],
      [1, 'sallyport: Standard input holds more than a password and a code.\n'],
      [1, 'sallyport: The code of the second factor is needed; on standard input it is the second line.\n'],
      [0, ''],
    ])
    assert.equal(home.kept().server, world.url)
  })

  test('CLI-63 plain HTTP goes to this machine only', () => {
    const taken = [
      'http://127.0.0.1:1',
      'http://localhost',
      'http://[::1]:2/',
      'https://example.org/sally//',
      'http://127.1',
    ]
    assert.deepEqual(
      taken.map((text) => namedServer(text, {})),
      ['http://127.0.0.1:1', 'http://localhost', 'http://[::1]:2', 'https://example.org/sally', 'http://127.0.0.1'],
    )
    const refused = [
      'http://10.0.0.1',
      'http://127.evil.org',
      'http://localhost.evil.org',
      'ws://127.0.0.1',
      'https://ada@example.org',
      'https://example.org/?a',
      'https://example.org/#a',
      'example.org',
      '',
    ]
    for (const text of refused) assert.throws(() => namedServer(text, {}), { name: 'UsageError' }, text)
    assert.deepEqual(
      [namedServer(undefined, {}), namedServer(undefined, { SALLYPORT_SERVER: 'https://a.example' })],
      [null, 'https://a.example'],
    )
    assert.equal(namedServer('https://b.example', { SALLYPORT_SERVER: 'https://a.example' }), 'https://b.example')
    requireSafeGateway(world.url)
    assert.throws(() => requireSafeGateway('http://10.0.0.1:55008'), { name: 'CommandFailure' })
  })

  test('CLI-63 a session is sent to no other server than its own', async (t) => {
    const asked: (string | undefined)[] = []
    const other = createServer((request, response) => {
      asked.push(request.url)
      response.end()
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    t.after(() => other.close())
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    const home = await homeOf(t, 'ada')
    assert.deepEqual(await home.run(['whoami', '--server', url]), {
      code: 1,
      stdout: '',
      stderr: `sallyport: You are not signed in at ${url}; sign in with sallyport login --server ${url}.\n`,
    })
    assert.deepEqual(asked, [])
  })

  test('CLI-64 a sign-out ends the session at the server, and --everywhere ends the others', async (t) => {
    const [home, elsewhere] = await Promise.all([homeOf(t, 'olga'), homeOf(t, 'olga')])
    const tokens = [home, elsewhere].map((each) => each.kept().session.access_token ?? '')
    assert.deepEqual(await home.run(['logout']), { code: 0, stdout: 'Signed out.\n', stderr: '' })
    assert.deepEqual([existsSync(home.sessionPath), ...(await liveness(tokens))], [false, 401, 200])
    await home.login(world.url, 'olga')
    assert.deepEqual(await home.run(['logout', '--everywhere']), {
      code: 0,
      stdout: 'Signed out everywhere.\n',
      stderr: '',
    })
    assert.deepEqual([existsSync(home.sessionPath), ...(await liveness(tokens))], [false, 401, 401])
  })

  test('CLI-65 whoami and sessions show the answer of the server', async (t) => {
    const home = await homeOf(t, 'otto')
    const shown = await home.run(['whoami'])
    assert.deepEqual(
      shown.stdout.split('\n').map((line) => line.split(/\s{2,}/)),
      [
        ['server', world.url],
        ['username', 'otto'],
        ['role', 'user'],
        ['email', '-'],
        ['groups', 'ops'],
        ['organizations', '-'],
        ['second factor', 'no'],
        ['expires', '-'],
        [''],
      ],
    )
    const mine = home.kept().session.session_id
    await world.signIn('otto')
    const listed = JSON.parse((await home.run(['sessions', 'list', '--json'])).stdout) as {
      id: string
      user_agent: string
      current: boolean
    }[]
    assert.deepEqual(
      listed.map(({ id, current }) => [id === mine, current]),
      [
        [true, true],
        [false, false],
      ],
    )
    assert.match(listed[0]?.user_agent ?? '', /^sallyport\/\d/)
    const other = listed[1]?.id ?? ''
    assert.equal((await home.run(['sessions', 'end', other])).stdout, `Ended the session ${other}.\n`)
    const left = (await home.run(['sessions', 'list'])).stdout.trimEnd().split('\n')
    assert.deepEqual(
      left.map((line) => line.split(/\s{2,}/)[0]),
      ['ID', mine],
    )
    await home.run(['sessions', 'end', mine ?? ''])
    assert.equal(existsSync(home.sessionPath), false)
  })

  test('CLI-66 every verb without a session says so in a sentence', async (t) => {
    const home = clientHome(t)
    const verbs = [['whoami'], ['logout'], ['sessions', 'list'], ['pty', 'list'], ['pty', 'join', 'any']]
    const outcomes = await Promise.all(verbs.map((words) => home.run(words)))
    const stderr = 'sallyport: You are not signed in; sign in with sallyport login.\n'
    assert.deepEqual(
      outcomes,
      verbs.map(() => ({ code: 1, stdout: '', stderr })),
    )
  })

  test('CLI-66 an ended session has a sentence, and its file is removed', async (t) => {
    const home = await homeOf(t, 'eve')
    const { session } = home.kept()
    await world.app.inject({
      method: 'DELETE',
      url: '/api/v1/sessions',
      headers: { host: '127.0.0.1', authorization: `Bearer ${session.access_token}` },
    })
    const { code, stderr } = await home.run(['whoami'])
    assert.equal(code, 1)
    assert.ok(stderr.endsWith(`; ${signInAgain}\n`), stderr)
    assert.equal(existsSync(home.sessionPath), false)
  })

  test('CLI-66 a server that does not answer is named with its address, and the session stays saved', async (t) => {
    const home = await homeOf(t, 'eve')
    const gone = await unusedAddress()
    writeFileSync(home.sessionPath, JSON.stringify({ ...home.kept(), server: gone }))
    assert.deepEqual(await home.run(['logout']), {
      code: 1,
      stdout: '',
      stderr: `sallyport: The server ${gone} did not answer (ECONNREFUSED).\n`,
    })
    assert.equal(existsSync(home.sessionPath), true)
  })

  test("CLI-66 a refusal of the server is printed in the server's own sentence", async (t) => {
    const home = await homeOf(t, 'eve')
    const login = ['login', '--server', world.url, '--username', 'eve', '--password-stdin']
    const start = ['pty', 'start', 'web-1', '--as', 'deploy', '--change', 'CR1']
    const said = [
      await home.run(login, 'wrong password\n'),
      await home.run(['pty', 'end', '00000000-0000-4000-8000-000000000000']),
      await home.run(start),
    ]
    assert.deepEqual(
      said.map(({ code, stderr }) => [code, stderr]),
      [
        [1, 'sallyport: The name or the password is not right.\n'],
        [1, 'sallyport: There is no such PTY session.\n'],
        [1, 'sallyport: There is no server web-1 that you may use.\n'],
      ],
    )
  })

  test('CLI-66 a file without a session, or an unreadable one, has a sentence, and a sign-in replaces it', async (t) => {
    const home = await homeOf(t, 'ada')
    writeFileSync(home.sessionPath, '{"server": 1}')
    const { code, stderr } = await home.run(['whoami'])
    assert.deepEqual([code, stderr], [1, `sallyport: ${home.sessionPath} holds no session; ${signInAgain}\n`])
    await home.login(world.url, 'ada')
    assert.equal((await home.run(['whoami'])).code, 0)
  })

  async function homeOf(t: Pick<TestContext, 'after'>, username: string): Promise<ClientHome> {
    const home = clientHome(t)
    await home.login(world.url, username)
    return home
  }

  function liveness(tokens: readonly string[]): Promise<number[]> {
    return Promise.all(tokens.map((token) => verify(world, token)))
  }
})

/** Returns the address of a server that was just closed. */
async function unusedAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

/** Makes the saved token expire soon. */
function keepStale({ sessionPath, kept }: ClientHome): void {
  const { server, session } = kept()
  writeFileSync(sessionPath, JSON.stringify({ server, session: { ...session, expires_at: '2020-01-01T00:00:00Z' } }))
  chmodSync(sessionPath, 0o600)
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}
