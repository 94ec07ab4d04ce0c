import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { runSallyport } from '../fixtures/run-sallyport.ts'

function makeCertificate(folder: string, name: string): void {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)]
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', [...options, '-subj', `/CN=${name}`, ...files], { stdio: 'ignore' })
}

/** Connects once and returns the name in the certificate and the status line of `GET /healthz`. */
async function ask(url: string): Promise<{ name: string; statusLine: string }> {
  const { port } = new URL(url)
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const opened = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false }, () => resolve(opened))
    opened.once('error', reject)
  })
  const name = String(socket.getPeerCertificate().subject.CN)
  socket.setEncoding('utf8')
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const part of socket) text += part as string
  return { name, statusLine: text.split('\r\n')[0] ?? '' }
}

test('HTP-14 TLS uses the certificate of the files, and a new one after a reload', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-tls-'))
  for (const name of ['first', 'second']) makeCertificate(folder, name)
  const [tlsCert, tlsKey] = [join(folder, 'live.crt'), join(folder, 'live.key')]
  const install = async (name: string): Promise<void> => {
    await copyFile(join(folder, `${name}.crt`), tlsCert)
    await copyFile(join(folder, `${name}.key`), tlsKey)
  }
  await install('first')
  const sallyport = await runSallyport({ config: { tlsCert, tlsKey } })
  try {
    assert.match(sallyport.url, /^https:/)
    assert.deepEqual(await ask(sallyport.url), { name: 'first', statusLine: 'HTTP/1.1 200 OK' })
    await install('second')
    await sallyport.reloadTls()
    assert.deepEqual(await ask(sallyport.url), { name: 'second', statusLine: 'HTTP/1.1 200 OK' })
  } finally {
    await sallyport.close()
    await rm(folder, { recursive: true, force: true })
  }
})
