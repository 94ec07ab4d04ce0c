import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { terminalWorld } from '../../fixtures/terminal-world.ts'

async function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(url, ['pty.v1'], { headers })
  socket.on('error', () => undefined)
  const [, response] = await once(socket, 'unexpected-response')
  response.resume()
  return response.statusCode
}

test('GTW-20 terminals may have a listener of their own, which serves nothing else', async () => {
  const world = await terminalWorld({ config: { gateway: { listen: '127.0.0.1:0' } } })
  try {
    const ticket = await world.start(await world.signIn('ada'))
    assert.notEqual(ticket.proxyUrl, world.url)
    const ada = await world.enter(ticket)
    await ada.see('$ ')
    assert.equal((await fetch(`${ticket.proxyUrl}/v1/ws`)).status, 426)
    assert.equal((await fetch(`${ticket.proxyUrl}/healthz`)).status, 404)
    assert.equal(await statusOf(`${world.url.replace('http', 'ws')}/v1/ws`, {}), 503)
  } finally {
    await world.close()
  }
})

test('GTW-21 tokens name the public address of the gateway, and only our hosts are served there', async () => {
  const world = await terminalWorld({ config: { gateway: { publicUrl: 'https://terminals.example.org' } } })
  try {
    const { token, proxyUrl } = await world.start(await world.signIn('ada'))
    assert.equal(proxyUrl, 'https://terminals.example.org')
    const url = `${world.url.replace('http', 'ws')}/v1/ws`
    assert.equal(await statusOf(url, { authorization: `Bearer ${token}`, host: 'evil.example' }), 421)
    const socket = new WebSocket(url, ['X-Proxy-Session-Token', token, 'pty.v1'], {
      headers: { host: 'terminals.example.org', origin: 'https://terminals.example.org' },
    })
    await once(socket, 'open')
    socket.close(1000)
    await once(socket, 'close')
  } finally {
    await world.close()
  }
})
