/** Cli tests: the sentences of `pty start` for an address that cannot be reached. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type EndReason, endReasons } from '../../src/core/terminals/ends.ts'
import { failedTerminal } from '../../src/terminals/transports/failed-terminal.ts'
import type { TransportFailure, TransportFailureKind } from '../../src/terminals/transports/transport.ts'
import { terminalWorld } from '../fixtures/terminal-world.ts'
import { clientHome } from './client-home.ts'
import { sallyport } from './sallyport-process.ts'

const words = ['pty', 'start', 'web-1', '--as', 'deploy', '--change', 'CR1']

/** Every failure of a transport, and whether its sentence names the address. */
const failures: Readonly<Record<TransportFailureKind, boolean>> = {
  'host-key-mismatch': true,
  'connection-refused': true,
  unreachable: true,
  'connection-lost': true,
  'ca-not-trusted': false,
  'principal-refused': false,
  'login-refused': false,
  'not-possible-here': false,
}

test('CLI-80 a server that cannot be reached is named with its address and port', async (t) => {
  let failure: TransportFailure = { kind: 'unreachable', detail: '' }
  const transport = { open: () => Promise.resolve(failedTerminal(failure)), close: () => Promise.resolve() }
  const world = await terminalWorld({ now: Date.now(), transport })
  t.after(() => world.close())
  const ada = clientHome(t)
  await ada.login(world.url, 'ada')
  for (const [kind, isNamed] of Object.entries(failures)) {
    failure = { kind: kind as TransportFailureKind, detail: '' }
    const { code, stderr } = await sallyport(words, { data: '/nowhere', env: ada.env })
    const { sentence } = endReasons[kind as EndReason]
    const expected = isNamed ? `${sentence} It is at 10.0.0.1, port 22.` : sentence
    assert.deepEqual([code, stderr], [255, `sallyport: ${expected}\n`], kind)
  }
})

test('CLI-80 a gateway that cannot be reached, or refuses the socket, is named with its address', async (t) => {
  const refusing = createServer((_request, response) => response.end())
  refusing.listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  const publicUrl = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`
  const world = await terminalWorld({ now: Date.now(), config: { gateway: { publicUrl } } })
  t.after(() => world.close())
  const ada = clientHome(t)
  await ada.login(world.url, 'ada')
  for (const isThere of [true, false]) {
    if (!isThere) await new Promise((resolve) => refusing.close(resolve))
    const { code, stderr } = await sallyport(words, { data: '/nowhere', env: ada.env })
    assert.deepEqual([code, stderr], [255, `sallyport: The gateway ${publicUrl} could not be reached.\n`])
  }
})
