/** The gateway: rules of an account at the socket, while a terminal runs, and while no user is attached to it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { changeAccount } from '../../../src/core/administration/administer-accounts.ts'
import { keepAttributes } from '../../../src/http/dialects/sftpgo/attributes.ts'
import { call } from '../../fixtures/control-calls.ts'
import { type HandTransport, handTransport, type PlayedTerminal } from '../../fixtures/hand-transport.ts'
import { answered, passTime } from '../../fixtures/pass-time.ts'
import { byCommand } from '../../fixtures/sftpgo/self.ts'
import { closedInStore } from '../../fixtures/terminal-ends.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

/** Every rule, as sftpgo writes it; sockets come from 127.0.0.1, and the clock stands on a Sunday. */
const rules: Readonly<Record<string, object>> = {
  'allowed networks': { allowed_ip: ['192.0.2.0/24'] },
  'denied networks': { denied_ip: ['127.0.0.0/8'] },
  'denied doors': { denied_protocols: ['HTTP'] },
  anonymity: { is_anonymous: true },
  'denied password': { denied_login_methods: ['password'] },
  'access times': { access_time: [{ day_of_week: 1, from: '00:00', to: '23:59' }] },
  'second factor due': { two_factor_protocols: ['HTTP'] },
  'new password due': { require_password_change: true },
  'password too old': { password_expiration: 1 },
}

/** Rules that depend on how the user signed in, which is known only once the token is spent. */
const spending = new Set(['denied password', 'second factor due', 'new password due', 'password too old'])

let world: TerminalWorld
let hand: HandTransport

before(async () => {
  hand = handTransport()
  world = await terminalWorld({ transport: hand, change: { endsAtMs: Date.UTC(2026, 0, 9) } })
  // Passwords are two days old then.
  world.clock.set(world.clock.wallMs() + 2 * 86_400_000)
})

after(() => world.close())

async function rule(username: string, filters: object): Promise<void> {
  const account = (await world.ports.store.accountByName(username, 'user')) ?? assert.fail(username)
  const change = { attributes: keepAttributes('user', { filters }) }
  await changeAccount(world.ports, account, { change, how: byCommand })
}

type Begun = { readonly socket: TerminalSocket; readonly access: string; readonly terminal: PlayedTerminal }

async function begin(): Promise<Begun> {
  const index = hand.terminals.length
  const access = await world.signIn('ada')
  const socket = await world.enter(await world.start(access))
  return { socket, access, terminal: await hand.opened(index) }
}

async function observe({ socket }: Begun): Promise<TerminalSocket> {
  return world.enter(await world.join(await world.signIn('olga'), socket.ptySessionId(), 'observer'))
}

for (const [name, filters] of Object.entries(rules)) {
  test(`ACR-6 ${name}: a token that was minted before opens no socket`, async () => {
    const ticket = await world.start(await world.signIn('ada'))
    await rule('ada', filters)
    const { code } = await openTerminalSocket(ticket).closed
    await rule('ada', {})
    assert.equal(code, 4403)
    if (spending.has(name)) return
    const socket = await world.enter(ticket)
    socket.send({ type: 'bye' })
    await socket.closed
  })

  test(`ACR-6 ${name}: a terminal ends with 4403 when the rule is made for who types, and one that was left too`, async () => {
    const [typing, left] = [await begin(), await begin()]
    left.socket.send({ type: 'bye' })
    await left.socket.closed
    await rule('ada', filters)
    const { code } = await typing.socket.closed
    const ended = await Promise.all(
      [typing, left].map(async ({ socket, terminal }) => {
        const { endReason } = await closedInStore(world, socket.ptySessionId())
        return [endReason, terminal.isEnded()]
      }),
    )
    await rule('ada', {})
    assert.deepEqual([code, ended], [4403, Array.from({ length: 2 }, () => ['access-denied', true])])
  })

  test(`ACR-6 ${name}: an observer is closed with 4403 when the rule is set, and the terminal continues`, async () => {
    const ada = await begin()
    const olga = await observe(ada)
    await rule('olga', filters)
    const { code } = await olga.closed
    await rule('olga', {})
    await answered(ada.socket)
    assert.deepEqual([code, ada.terminal.isEnded()], [4403, false])
    await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token: ada.access })
    await ada.socket.closed
  })
}

test('ACR-7 a terminal ends when the time of access does, and who types and who watches are warned before', async () => {
  const ada = await begin()
  const olga = await observe(ada)
  const now = new Date(world.clock.wallMs())
  const [from, to] = [now, new Date(now.getTime() + 60_000)].map((time) => time.toISOString().slice(11, 16))
  await rule('ada', { access_time: [{ day_of_week: now.getUTCDay(), from, to }] })
  const { event } = await ada.socket.next('event', (frame) => frame.event.kind === 'warning')
  assert.equal(event.kind === 'warning' && event.sentence, 'Your time of access ends in 2 minutes.')
  await passTime(world, 60_000, [ada.socket, olga])
  assert.ok(!ada.terminal.isEnded())
  await passTime(world, 60_000, [ada.socket, olga])
  const { code } = await ada.socket.closed
  const { endReason } = await closedInStore(world, ada.socket.ptySessionId())
  await rule('ada', {})
  assert.deepEqual([code, endReason, (await olga.closed).code], [4403, 'access-denied', 4403])
})
