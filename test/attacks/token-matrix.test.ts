import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { addApplicationPassword } from '../../src/core/credentials/application-passwords.ts'
import { addServer } from '../../src/core/terminals/inventory.ts'
import { keepAttributes } from '../../src/http/dialects/sftpgo/attributes.ts'
import { call, goodPassword, signInAs } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const dialects = ['control', 'sftpgo', 'pacerpro', 'giantswarm', 'koyeb'] as const
type DialectName = (typeof dialects)[number]

type Operation = {
  readonly dialect: DialectName
  readonly method: string
  readonly path: string
  readonly isPublic: boolean
}

function operationsOf(dialect: DialectName): Operation[] {
  const document = JSON.parse(readFileSync(new URL(`../../openapi/${dialect}.json`, import.meta.url), 'utf8')) as {
    readonly security?: readonly object[]
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: readonly object[] }>>>>
  }
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security = document.security ?? [] }]) => ({
      dialect,
      method: method.toUpperCase(),
      path,
      isPublic: security.length === 0 || security.some((way) => Object.keys(way).length === 0),
    })),
  )
}

const operations = dialects.flatMap(operationsOf)

/** The presented credentials; each is made again for a cell that may use it up. */
type Kind =
  | 'nothing'
  | 'rubbish'
  | 'control'
  | 'control refresh'
  | 'control, ended'
  | 'PTY start'
  | 'sftpgo user'
  | 'sftpgo administrator'
  | 'pacerpro'
  | 'giantswarm'
  | 'koyeb'
  | 'koyeb, ended'
  | 'application password'
  | 'giantswarm administrator'
  | 'koyeb user credential'
  | 'koyeb organization credential'
  | 'sftpgo user key'
  | 'sftpgo administrator key'

/** The kinds that an operation accepts; all others are refused. */
function kindsFor({ dialect, method, path }: Operation): readonly Kind[] {
  switch (dialect) {
    case 'control':
      return [
        'control',
        'pacerpro',
        'giantswarm',
        'giantswarm administrator',
        'koyeb',
        'sftpgo user',
        'koyeb user credential',
      ]
    case 'sftpgo':
      if (path === '/token' || path === '/user/token') return []
      return path.startsWith('/user/')
        ? ['sftpgo user', 'sftpgo user key']
        : ['sftpgo administrator', 'sftpgo administrator key']
    case 'pacerpro':
      return ['pacerpro']
    case 'giantswarm':
      return isForAdministrators(method, path)
        ? ['giantswarm administrator']
        : ['giantswarm', 'giantswarm administrator', 'application password']
    case 'koyeb':
      return ['koyeb', 'koyeb user credential', 'koyeb organization credential']
  }
}

/** Giant Swarm answers 401 to a caller without permission, as to an unknown one. */
function isForAdministrators(method: string, path: string): boolean {
  return path.startsWith('/v4/users/') || (path.startsWith('/v4/organizations/{') && method !== 'GET')
}

const kinds: readonly Kind[] = [
  'nothing',
  'rubbish',
  'control',
  'control refresh',
  'control, ended',
  'PTY start',
  'sftpgo user',
  'sftpgo administrator',
  'pacerpro',
  'giantswarm',
  'koyeb',
  'koyeb, ended',
  'application password',
  'giantswarm administrator',
  'koyeb user credential',
  'koyeb organization credential',
  'sftpgo user key',
  'sftpgo administrator key',
]

let sallyport: RunningSallyport
let applicationPassword: string
let organizationId: string
/** Tokens that no cell uses up: a refused presentation changes nothing. */
const kept = new Map<Kind, string>()

before(async () => {
  sallyport = await runSallyport({ config: { throttle: false } })
  const ada = await sallyport.addAccount({
    username: 'ada',
    password: goodPassword,
    email: 'ada@example.org',
    groups: ['ops'],
  })
  const root = await sallyport.addAccount({
    username: 'root',
    password: goodPassword,
    role: 'admin',
    email: 'root@example.org',
  })
  organizationId = (await sallyport.addOrganization('acme', [ada])).id
  const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
  const hostKey = `ssh-ed25519 ${'A'.repeat(68)}`
  await addServer(
    sallyport.ports,
    {
      name: 'web-1',
      address: '10.0.0.1',
      port: 22,
      transport: 'ssh',
      osUsers: ['deploy'],
      groups: ['ops'],
      hostKey,
      hostCa: null,
    },
    request,
  )
  const made = await addApplicationPassword(
    sallyport.ports,
    { name: 'drill', dialect: 'giantswarm' },
    { by: ada, request },
  )
  applicationPassword = made.secret
  for (const account of [ada, root]) {
    const change = { attributes: keepAttributes(account.role, { filters: { allow_api_key_auth: true } }) }
    await changeAccount(sallyport.ports, account, { change, how: { by: null, request } })
  }
  for (const kind of kinds) kept.set(kind, await make(kind))
})

after(() => sallyport.close())

async function make(kind: Kind): Promise<string> {
  const post = async (path: string, body: object, token?: string): Promise<Record<string, string>> =>
    (await call(sallyport, { method: 'POST', path, body, ...(token === undefined ? {} : { token }) }))
      .body as unknown as Record<string, string>
  const basic = (name: string): { authorization: string } => ({
    authorization: `Basic ${Buffer.from(`${name}:${goodPassword}`).toString('base64')}`,
  })
  const encoded = (password: string): object => ({
    email: 'ada@example.org',
    password_base64: Buffer.from(password).toString('base64'),
  })
  const login = { email: 'ada@example.org', password: goodPassword }
  const koyeb = async (): Promise<string> =>
    ((await post('/v1/account/login', login)).token as unknown as { id: string }).id
  switch (kind) {
    case 'nothing':
      return ''
    case 'rubbish':
      return 'eyJhbGciOiJub25lIn0.e30.'
    case 'control':
      return (await signInAs(sallyport, 'ada')).access_token
    case 'control refresh':
      return (await signInAs(sallyport, 'ada')).refresh_token
    case 'control, ended': {
      const { access_token: token } = await signInAs(sallyport, 'ada')
      await call(sallyport, { method: 'DELETE', path: '/api/v1/sessions/current', token })
      return token
    }
    case 'PTY start': {
      const body = { purpose: 'health_check', server: { os_user: 'deploy', server_ip: '10.0.0.1' } }
      return (await post('/api/v1/pty_token/start', body, await make('control'))).token ?? ''
    }
    case 'sftpgo user':
      return (await call(sallyport, { path: '/api/v2/user/token', headers: basic('ada') })).body.access_token
    case 'sftpgo administrator':
      return (await call(sallyport, { path: '/api/v2/token', headers: basic('root') })).body.access_token
    case 'pacerpro':
      return (await post('/session', login)).jwtToken ?? ''
    case 'giantswarm':
      return (await post('/v4/auth-tokens/', encoded(goodPassword))).auth_token ?? ''
    case 'giantswarm administrator': {
      const body = { email: 'root@example.org', password_base64: Buffer.from(goodPassword).toString('base64') }
      return (await post('/v4/auth-tokens/', body)).auth_token ?? ''
    }
    case 'application password':
      return (await post('/v4/auth-tokens/', encoded(applicationPassword))).auth_token ?? ''
    case 'koyeb':
      return koyeb()
    case 'koyeb user credential':
    case 'koyeb organization credential': {
      const type = kind === 'koyeb user credential' ? 'USER' : 'ORGANIZATION'
      const body = { name: 'drill', type, organization_id: organizationId }
      const made = await post('/v1/credentials', body, await koyeb())
      return (made.credential as unknown as { token: string }).token
    }
    case 'sftpgo user key':
    case 'sftpgo administrator key': {
      const bound = kind === 'sftpgo user key' ? { scope: 2, user: 'ada' } : { scope: 1, admin: 'root' }
      const token = await make('sftpgo administrator')
      return (await post('/api/v2/apikeys', { name: 'drill', ...bound }, token)).key ?? ''
    }
    case 'koyeb, ended': {
      const token = await koyeb()
      await call(sallyport, { method: 'DELETE', path: '/v1/account/logout', token })
      return token
    }
  }
}

function headersFor(kind: Kind, token: string, dialect: DialectName): Record<string, string> {
  if (kind === 'nothing') return {}
  if (kind.endsWith(' key')) return { 'x-sftpgo-api-key': token }
  const isOpaque = kind.startsWith('giantswarm') || kind === 'application password'
  const scheme = dialect === 'giantswarm' || (dialect === 'control' && isOpaque) ? 'giantswarm' : 'Bearer'
  return { authorization: `${scheme} ${token}` }
}

async function statusOf(operation: Operation, kind: Kind, token: string): Promise<number> {
  const prefix = operation.dialect === 'sftpgo' ? '/api/v2' : ''
  const path = operation.path.replaceAll(/\{[^}]+\}/g, '00000000-0000-4000-8000-000000000000')
  const method = operation.method as 'GET'
  const answer = await call(sallyport, {
    method,
    path: `${prefix}${path}`,
    headers: headersFor(kind, token, operation.dialect),
  })
  return answer.status
}

for (const dialect of dialects) {
  test(`MTX-1 every operation of ${dialect} refuses whatever is not meant for it`, async () => {
    const passed: string[] = []
    for (const operation of operations.filter((one) => one.dialect === dialect && !one.isPublic)) {
      for (const kind of kinds.filter((one) => !kindsFor(operation).includes(one))) {
        const status = await statusOf(operation, kind, kept.get(kind) ?? '')
        // A key of the other realm is refused by its scope (SFTPGo REST API, API keys).
        const isRefused = status === 401 || (status === 403 && kind.endsWith(' key'))
        if (!isRefused) passed.push(`${operation.method} ${operation.path} answered ${status} to ${kind}`)
      }
    }
    assert.deepEqual(passed, [])
  })

  test(`MTX-2 every operation of ${dialect} takes the tokens that are meant for it`, async () => {
    const refused: string[] = []
    for (const operation of operations.filter((one) => one.dialect === dialect && !one.isPublic)) {
      for (const kind of kindsFor(operation)) {
        const status = await statusOf(operation, kind, await make(kind))
        if (status === 401 || status >= 500)
          refused.push(`${operation.method} ${operation.path} answered ${status} to ${kind}`)
      }
    }
    assert.deepEqual(refused, [])
  })
}

test('MTX-4 an operation whose document asks for no token answers alike whatever is presented', async () => {
  const open = operations.filter(({ isPublic }) => isPublic)
  const differing: string[] = []
  for (const operation of open) {
    const plain = await statusOf(operation, 'nothing', '')
    for (const kind of kinds) {
      const status = await statusOf(operation, kind, kept.get(kind) ?? '')
      if (status !== plain) differing.push(`${operation.method} ${operation.path} answered ${status} to ${kind}`)
    }
  }
  assert.deepEqual([open.length > 0, differing], [true, []])
})

/** What an upgrade at the gateway is answered with. */
async function upgradeStatus(offers: readonly string[], headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${sallyport.url.replace('http', 'ws')}/v1/ws`, [...offers], { headers })
  socket.on('error', () => undefined)
  const [, response] = await Promise.race([
    once(socket, 'unexpected-response'),
    once(socket, 'open').then(() => [null, { statusCode: 101, resume: () => undefined }]),
  ])
  response.resume()
  socket.terminate()
  return response.statusCode
}

test('MTX-3 nothing but a PTY token opens a socket of a terminal, as a subprotocol or as a bearer token', async () => {
  const found: Record<string, readonly number[]> = {}
  for (const kind of kinds) {
    const token = kept.get(kind) ?? ''
    const asOffer = await upgradeStatus(token === '' ? ['pty.v1'] : ['X-Proxy-Session-Token', token, 'pty.v1'], {})
    found[kind] = [asOffer, await upgradeStatus(['pty.v1'], { authorization: `Bearer ${token}` })]
  }
  const { nothing, 'PTY start': ptyStart, ...others } = found
  assert.deepEqual(
    [nothing, ptyStart],
    [
      [400, 400],
      [101, 101],
    ],
  )
  assert.deepEqual(new Set(Object.values(others).flat()), new Set([401]))
})
