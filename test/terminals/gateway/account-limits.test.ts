/** What one account may have at once, at the routes that mint tokens and at the socket. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { readConfig } from '../../../src/config.ts'
import { type Answer, call } from '../../fixtures/control-calls.ts'
import { atEnd } from '../../fixtures/sqlite-store.ts'
import { openTerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

const full = {
  terminals: 'The account has as many terminals as it may have; end one of them first.',
  tokens: 'The account has as many unused PTY tokens as it may have; use one, or wait until one expires.',
}

async function worldOf(t: TestContext, config: object): Promise<TerminalWorld> {
  const world = await terminalWorld({ config: { ...config } })
  atEnd(t, () => world.close())
  return world
}

function post(world: TerminalWorld, kind: 'start' | 'join', body: object): (token: string) => Promise<Answer> {
  return (token) => call(world, { method: 'POST', path: `/api/v1/pty_token/${kind}`, token, body })
}

const start = { purpose: 'health_check', server: { os_user: 'deploy', server_ip: '10.0.0.1' } }

function briefOf({ status, body, headers }: Answer): unknown {
  return [status, body, headers['content-type'], headers['retry-after']]
}

test('PTY-20 an account with as many terminals as it may have gets no token and no socket for another, and observes all the same', async (t) => {
  const world = await worldOf(t, { 'terminals.maxPerAccount': 1 })
  const [ada, olga] = [await world.signIn('ada'), await world.signIn('olga')]
  const waiting = await world.start(ada)
  const own = await world.enter(await world.start(ada))
  const refused = [429, { error: full.terminals }, 'application/json', undefined]
  assert.deepEqual(briefOf(await post(world, 'start', start)(ada)), refused)
  const other = await world.enter(await world.start(olga))
  const join = (role: string) => post(world, 'join', { pty_session_id: other.ptySessionId(), start_role: role })
  assert.equal((await join('observer')(ada)).status, 200)

  const late = openTerminalSocket(waiting)
  const { error } = await late.next('error')
  assert.deepEqual(error, { code: 'TERMINAL_LIMIT_REACHED', message: full.terminals, retry: 'later' })
  assert.deepEqual(await late.closed, { code: 4403, reason: full.terminals })
  const path = `/api/v1/pty_sessions/${own.ptySessionId()}/end`
  assert.equal((await call(world, { method: 'POST', path, token: ada })).status, 204)
  assert.equal((await own.closed).code, 4410)
  await world.enter(waiting)
})

test('PTY-20 an account may have 20 terminals and 50 unused tokens by default', () => {
  const { terminals, pty } = readConfig({ flags: {}, env: {}, file: {} })
  assert.deepEqual([terminals.maxPerAccount, pty.maxUnusedTokens], [20, 50])
})

test('PTY-20 an account with as many unused tokens as it may have gets another once one is used or expires', async (t) => {
  const world = await worldOf(t, { 'pty.maxUnusedTokens': 2, 'pty.tokenSeconds': 60 })
  const ada = await world.signIn('ada')
  const first = await world.start(ada)
  world.clock.advance(20_000)
  const shown = await world.enter(await world.startCheck(ada))
  await world.startCheck(ada)
  const refused = [429, { error: full.tokens }, 'application/json', '40']
  assert.deepEqual(briefOf(await post(world, 'start', start)(ada)), refused)
  const watching = { pty_session_id: shown.ptySessionId(), start_role: 'observer' }
  assert.deepEqual(briefOf(await post(world, 'join', watching)(ada)), refused)
  assert.equal((await post(world, 'join', watching)(await world.signIn('olga'))).status, 200)
  await world.enter(first)
  assert.equal((await post(world, 'join', watching)(ada)).status, 200)
  assert.equal((await post(world, 'start', start)(ada)).status, 429)
  world.clock.advance(60_000)
  assert.equal((await post(world, 'start', start)(ada)).status, 200)
})
