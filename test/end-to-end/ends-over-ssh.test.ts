/** End to end: the effect of a revocation on a server with a real sshd. Processes there write into a pipe every 100 ms. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { setCatalogue } from '../../src/core/terminals/set-catalogue.ts'
import { call, signInAs } from '../fixtures/control-calls.ts'
import { patterns } from '../fixtures/health-check.ts'
import { type Ticker, Tickers } from '../fixtures/live-resources/ticker.ts'
import { byCommand, enter } from '../fixtures/live-resources/world.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import type { RunningSallyport } from '../fixtures/run-sallyport.ts'
import { type SshdWorld, sshdWorld } from '../fixtures/sshd-world.ts'
import { closedInStore } from '../fixtures/terminal-ends.ts'
import type { TerminalSocket } from '../fixtures/terminal-socket.ts'

const { skip } = requireTools('ssh', 'sshd')

const acts: Readonly<Record<string, (sallyport: RunningSallyport, token: string) => Promise<void>>> = {
  'a sign-out': async (sallyport, token) => {
    const { status } = await call(sallyport, { method: 'DELETE', path: '/api/v1/sessions/current', token })
    assert.equal(status, 204)
  },
  'an account that is disabled': async ({ ports }) => {
    const account = (await ports.store.accountByName('ada', 'user')) ?? assert.fail()
    await changeAccount(ports, account, { change: { status: 'disabled' }, how: { by: null, request: byCommand } })
  },
}

/** A terminal of `ada`, with its program. */
type Opened = { readonly token: string; readonly socket: TerminalSocket; readonly ticker: Ticker }

type Kind = 'shell' | 'command'

async function open(t: TestContext, { sallyport, startBody }: SshdWorld, kind: Kind): Promise<Opened> {
  const tickers = new Tickers()
  t.after(() => tickers.close())
  const { program, folder } = tickers
  const document = { commands: [{ words: [program, { path: { under: folder } }] }] }
  await setCatalogue({ ...sallyport.ports, patterns }, { group: 'ops', document }, byCommand)
  const { access_token: token } = await signInAs(sallyport, 'ada')
  const body = kind === 'shell' ? startBody : { ...startBody, purpose: 'health_check', change_id: undefined }
  const answer = await call(sallyport, { method: 'POST', path: '/api/v1/pty_token/start', token, body })
  assert.equal(answer.status, 200)
  const socket = await enter(answer.body)
  const ticker = tickers.next()
  if (kind === 'command') await socket.see('> ')
  // The shell holds the pipe too, not only its job.
  const line = `${program} ${ticker.path}`
  socket.type(kind === 'shell' ? `exec 9>>${ticker.path}; ${line}\r` : `${line}\r`)
  assert.ok(await ticker.tick())
  return { token, socket, ticker }
}

for (const kind of ['shell', 'command'] as const) {
  for (const where of ['attached', 'left'] as const) {
    for (const [name, act] of Object.entries(acts)) {
      test(`SSH-31 ${name} ends a ${kind} on the server whose implementor is ${where === 'left' ? 'gone' : 'there'}`, {
        skip,
      }, async (t) => {
        const world = await sshdWorld(t)
        const { token, socket, ticker } = await open(t, world, kind)
        if (where === 'left') {
          socket.send({ type: 'bye' })
          await socket.closed
          assert.ok(await ticker.goesOn())
        }
        await act(world.sallyport, token)
        const answeredAt = performance.now()
        const goneAt = (await ticker.gone()) ?? assert.fail('it goes on')
        const took = Math.round(goneAt - answeredAt)
        t.diagnostic(`its processes were gone ${took} ms after the answer`)
        if (process.env.SALLYPORT_TIMING === '1') assert.ok(took < 1_000)
        const { endReason } = await closedInStore(world.sallyport, socket.ptySessionId())
        assert.equal(endReason, 'revoked')
        if (where === 'attached') assert.equal((await socket.closed).code, 4423)
      })
    }
  }
}
