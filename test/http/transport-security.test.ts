/** Tests Strict-Transport-Security. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeCertificate } from '../fixtures/certificate.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'

const asked = [
  { url: '/' },
  { url: '/healthz' },
  { url: '/terminal' },
  { url: '/.well-known/jwks.json' },
  { url: '/api/v1/verify' },
  { url: '/api/v2/token' },
  { url: '/session' },
  { url: '/v4/user/' },
  { url: '/v1/account/profile' },
  { url: '/nothing' },
  { url: '/%zz' },
  { url: '/session', method: 'PUT' },
  { url: '/session', method: 'OPTIONS' },
] as const

async function transportHeaders(config: Readonly<Record<string, unknown>>, host: string): Promise<Set<unknown>> {
  const sallyport = await runSallyport({ config })
  try {
    const answers = asked.map((one) => sallyport.app.inject({ ...one, headers: { host } }))
    return new Set((await Promise.all(answers)).map(({ headers }) => headers['strict-transport-security']))
  } finally {
    await sallyport.close()
  }
}

test('HTP-17 every answer has Strict-Transport-Security if the server or a proxy speaks TLS, and none has it otherwise', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-hsts-'))
  try {
    const found = [
      await transportHeaders(makeCertificate(folder, 'tls'), 'localhost'),
      await transportHeaders({ publicUrl: 'https://gate.example.org' }, 'gate.example.org'),
      await transportHeaders({ publicUrl: 'http://gate.example.org' }, 'gate.example.org'),
      await transportHeaders({}, 'localhost'),
    ]
    const year = 'max-age=31536000'
    assert.deepEqual(found, [new Set([year]), new Set([year]), new Set([undefined]), new Set([undefined])])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
