import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { WebSocket } from 'ws'
import { makeCertificate } from '../../fixtures/certificate.ts'
import { runSallyport } from '../../fixtures/run-sallyport.ts'
import { freePort } from '../../fixtures/sshd.ts'
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

test('HTP-14, GTW-20 the listener of terminals takes new certificates too', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-tls-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const { tlsCert, tlsKey } = makeCertificate(folder, 'first')
  const port = await freePort()
  const sallyport = await runSallyport({ config: { tlsCert, tlsKey, gateway: { listen: `127.0.0.1:${port}` } } })
  t.after(() => sallyport.close())
  const names = async () => [await nameAt(Number(new URL(sallyport.url).port)), await nameAt(port)]
  const before = await names()
  const second = makeCertificate(folder, 'second')
  await copyFile(second.tlsCert, tlsCert)
  await copyFile(second.tlsKey, tlsKey)
  await sallyport.reloadTls()
  assert.deepEqual(
    [before, await names()],
    [
      ['first', 'first'],
      ['second', 'second'],
    ],
  )
})

/** Returns the name in the certificate of a listener. */
async function nameAt(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const name = String(socket.getPeerCertificate().subject.CN)
  socket.destroy()
  return name
}

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
