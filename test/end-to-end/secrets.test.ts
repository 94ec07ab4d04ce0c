import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readConfig } from '../../src/config.ts'
import { addAccount } from '../../src/core/administration/administer-accounts.ts'
import { openStoreAccess } from '../../src/main/store-access.ts'
import { codeOf } from '../fixtures/control-calls.ts'
import { bearer, type HttpClient, openClient } from '../fixtures/http-client.ts'
import { contentsBelow, secretsFound } from '../fixtures/secret-search.ts'
import { serveProcess } from '../fixtures/serve-process.ts'

const run = promisify(execFile)
const launcher = fileURLToPath(new URL('../../bin/sallyport', import.meta.url))
const password = 'Kx9 correct horse battery staple'
const wrongPassword = 'Zq7 wrong horse battery staple'
const newPassword = 'Vw3 another horse battery staple'
const fingerprint = 'W;6.8.0;a-device-fingerprint-of-some-length'

/** Values that may occur nowhere in any encoding. Codes are searched as whole values only. */
type Secrets = { readonly values: Set<string>; readonly codes: Set<string> }

type Answer = Readonly<Record<string, string>> & { readonly token: { readonly id: string } }

/** Uses every sign-in and sign-out of every dialect once, and collects each secret. */
async function useEverything(client: HttpClient, secrets: Secrets): Promise<void> {
  const json = async (question: Parameters<HttpClient['send']>[0]): Promise<Answer> =>
    JSON.parse((await client.send(question)).body) as Answer
  const keep = (value: unknown): string => {
    secrets.values.add(String(value))
    return String(value)
  }
  const basic = { authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}` }
  const sftpgo = keep((await json({ path: '/api/v2/user/token', headers: basic })).access_token)
  await client.send({ path: '/api/v2/user/logout', headers: bearer(sftpgo) })
  const login = { email: 'ada@example.org', password }
  const pacerpro = keep((await json({ method: 'POST', path: '/session', body: login })).jwtToken)
  keep((await json({ path: '/session', headers: bearer(pacerpro) })).jwtToken)
  const commandLine = { 'x-giant-swarm-cmdline': `gsctl login ada@example.org -p${password.replaceAll(' ', '')}` }
  keep(password.replaceAll(' ', ''))
  const encoded = { email: login.email, password_base64: Buffer.from(password).toString('base64') }
  const giantswarm = keep(
    (await json({ method: 'POST', path: '/v4/auth-tokens/', body: encoded, headers: commandLine })).auth_token,
  )
  await client.send({
    method: 'DELETE',
    path: '/v4/auth-tokens/',
    headers: { authorization: `giantswarm ${giantswarm}` },
  })
  const koyeb = await json({
    method: 'POST',
    path: '/v1/account/login',
    body: login,
    headers: { 'seon-fp': keep(fingerprint) },
  })
  keep(koyeb.token.id)
  const refreshed = await json({
    method: 'PUT',
    path: '/v1/account/refresh',
    headers: bearer(koyeb.token.id),
  })
  keep(refreshed.token.id)
  await useControl(client, secrets)
}

async function useControl(client: HttpClient, secrets: Secrets): Promise<void> {
  const post = async (path: string, body: unknown, token?: string): Promise<Record<string, string>> => {
    const answer = await client.send({
      method: 'POST',
      path,
      body,
      ...(token === undefined ? {} : { headers: bearer(token) }),
    })
    return answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, string>)
  }
  const keep = (value: string | undefined): string => {
    assert.ok(value !== undefined)
    secrets.values.add(value)
    return value
  }
  await post('/api/v1/sessions', { username: 'ada', password: wrongPassword })
  await post('/api/v1/sessions', { username: 'nobody', password: wrongPassword })
  const session = await post('/api/v1/sessions', { username: 'ada', password })
  const token = keep(session.access_token)
  const next = await post('/api/v1/sessions/refresh', { refresh_token: keep(session.refresh_token) })
  keep(next.access_token)
  keep(next.refresh_token)
  const enrolment = await post('/api/v1/account/totp', { password }, token)
  const secret = keep(enrolment.secret)
  const code = codeOf(secret, Date.now())
  secrets.codes.add(code)
  await post('/api/v1/account/totp/confirm', { code }, token)
  const nextCode = codeOf(secret, Date.now() + 30_000)
  secrets.codes.add(nextCode)
  const proven = await post('/api/v1/sessions', { username: 'ada', password, otp: nextCode })
  keep(proven.access_token)
  keep(proven.refresh_token)
  const body = { current_password: password, new_password: newPassword }
  const changed = await client.send({
    method: 'PUT',
    path: '/api/v1/account/password',
    body,
    headers: bearer(keep(proven.access_token)),
  })
  assert.equal(changed.status, 204)
  await client.send({ path: '/api/v1/verify', headers: bearer('rubbish-token-that-nobody-issued') })
  secrets.values.add('rubbish-token-that-nobody-issued')
}

test('AUD-4 no token, password or code of a run is in database, WAL, keys, logs or audit export', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-secrets-'))
  const secrets: Secrets = { values: new Set([password, wrongPassword, newPassword]), codes: new Set() }
  try {
    const config = readConfig({ flags: {}, env: {}, file: { data: dataDir, logLevel: 'silent' } })
    const storeAccess = await openStoreAccess({ config, env: {} }, 'command')
    const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
    const input = {
      username: 'ada',
      email: 'ada@example.org',
      role: 'user',
      expiresAt: null,
      groups: [],
      password,
    } as const
    await addAccount(storeAccess.ports, input, { by: null, request, asFirstAdmin: false })
    await storeAccess.close()
    const server = await serveProcess(dataDir)
    const client = openClient(server.url)
    await useEverything(client, secrets)
    client.close()
    const whileRunning = await contentsBelow(dataDir)
    await server.end('SIGTERM')
    const exported = await run(launcher, ['audit', 'export', '--data', dataDir])
    const logs = Buffer.from(server.output().replace(/\/setup#\S+/, ''))
    const closed = await contentsBelow(dataDir)
    const places = [...whileRunning, ...closed, logs, Buffer.from(exported.stdout)]
    assert.ok(
      exported.stdout.includes('"action":"sign-in"') || exported.stdout.includes('sign-in'),
      'the export has the events of the run',
    )
    assert.ok(secrets.values.size >= 15 && places.length >= 6, 'there was something to find, and somewhere to look')
    assert.deepEqual(secretsFound(secrets.values, places), [])
    const texts = [logs.toString(), exported.stdout]
    const codesFound = [...secrets.codes].filter((code) =>
      texts.some((text) => new RegExp(`(?<![0-9A-Za-z])${code}(?![0-9A-Za-z])`).test(text)),
    )
    assert.deepEqual(codesFound, [])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
