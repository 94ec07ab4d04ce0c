/** Cli tests: the credentials of an account that is disabled and enabled beside a running server. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import type { CredentialKind } from '../../src/core/credentials/credential.ts'
import type { Organization } from '../../src/core/organizations/organization.ts'
import { addApplicationPassword } from '../fixtures/application-password.ts'
import { call, commandFacts, password, tokenOf } from '../fixtures/koyeb/world.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import { addApiKey, addUser, asAdmin } from '../fixtures/sftpgo/administration.ts'
import { type Outcome, sallyport } from './sallyport-process.ts'

type World = RunningSallyport & { readonly ada: Account; readonly home: Organization; readonly person: string }

/** How a credential of each kind is created and used, and what it starts. */
type Way = {
  readonly make: (world: World) => Promise<string>
  /** Status of a call with only the credential. */
  readonly spend: (world: World, secret: string) => Promise<number>
  /** Tokens of sessions that it starts; empty if its kind starts none. */
  readonly begin: (world: World, secret: string) => Promise<readonly string[]>
  /** State of the credential, and of everything that it started, while the account is disabled. */
  readonly disabled: 'refused' | 'accepted'
}

const profile = 'GET /v1/account/profile'
const config = { throttle: false }

const ways: Readonly<Record<CredentialKind, Way>> = {
  'api-key': {
    make: async (world) => addApiKey(await asAdmin(world), { scope: 2, user: 'ada' }),
    spend: (world, key) => statusOf(world, 'GET /api/v2/user/dirs', { headers: { 'x-sftpgo-api-key': key } }),
    begin: async () => [],
    disabled: 'refused',
  },
  'access-token': {
    make: (world) => makeBearer(world, 'USER'),
    spend: (world, token) => statusOf(world, profile, { token }),
    begin: async (world, token) => {
      const switched = tokenOf(await call(world, `POST /v1/organizations/${world.home.id}/switch`, { token })).id
      const refreshed = tokenOf(await call(world, 'PUT /v1/account/refresh', { token: switched })).id
      return [switched, refreshed, tokenOf(await call(world, 'POST /v1/account/session', { token })).id]
    },
    disabled: 'refused',
  },
  'organization-token': {
    make: (world) => makeBearer(world, 'ORGANIZATION'),
    spend: (world, token) => statusOf(world, 'GET /v1/apps', { token }),
    begin: async () => [],
    disabled: 'accepted',
  },
  'application-password': {
    make: async (world) => (await addApplicationPassword(world, world.ada, 'koyeb')).secret,
    spend: (world, secret) => statusOf(world, 'POST /v1/account/login', { body: signInWith(secret) }),
    begin: async (world, secret) => [
      tokenOf(await call(world, 'POST /v1/account/login', { body: signInWith(secret) })).id,
    ],
    disabled: 'refused',
  },
}

const kinds = Object.keys(ways) as readonly CredentialKind[]

type Row = { readonly credential: number; readonly begun: readonly number[] }
type Stage = 'made' | 'disabled' | 'enabled' | 'restarted'

const rows = new Map<string, Row>()
const persons = new Map<Stage, number>()
let enabled: Outcome

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sally-'))
  const data = join(folder, 'data')
  let world = await worldIn(data)
  try {
    const secrets = new Map<CredentialKind, string>()
    const begun = new Map<CredentialKind, readonly string[]>()
    for (const kind of kinds) {
      const secret = await ways[kind].make(world)
      secrets.set(kind, secret)
      begun.set(kind, await ways[kind].begin(world, secret))
    }
    const look = async (stage: Stage): Promise<void> => {
      for (const kind of kinds) {
        const credential = await ways[kind].spend(world, secrets.get(kind) ?? '')
        const tokens = begun.get(kind) ?? []
        const statuses = await Promise.all(tokens.map((token) => statusOf(world, profile, { token })))
        rows.set(`${stage} ${kind}`, { credential, begun: statuses })
      }
      persons.set(stage, await statusOf(world, profile, { token: world.person }))
    }
    await look('made')
    assert.equal((await sallyport(['account', 'disable', 'user:ada'], { data })).code, 0)
    await look('disabled')
    enabled = await sallyport(['account', 'enable', 'user:ada'], { data })
    await look('enabled')
    await world.close()
    world = {
      ...(await runSallyport({ dataDir: data, config })),
      ada: world.ada,
      home: world.home,
      person: world.person,
    }
    await look('restarted')
  } finally {
    await world.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

for (const kind of kinds) {
  const { disabled } = ways[kind]
  test(`CRD-1, CRD-3 while its account is disabled, a credential of kind ${kind} is ${disabled}, and everything it started has ended`, () => {
    const { begun, credential } = rowOf('made', kind)
    const ended = begun.map(() => 401)
    assert.deepEqual([credential, begun], [200, begun.map(() => 200)])
    assert.deepEqual(rowOf('disabled', kind), { credential: disabled === 'refused' ? 401 : 200, begun: ended })
  })

  test(`CRD-2 once its account is enabled, a credential of kind ${kind} is accepted again, and what it started stays ended`, () => {
    const back = { credential: 200, begun: rowOf('made', kind).begun.map(() => 401) }
    assert.deepEqual([rowOf('enabled', kind), rowOf('restarted', kind)], [back, back])
  })
}

test('CRD-2 a session of the user stays ended', () => {
  assert.deepEqual(
    [...persons],
    [
      ['made', 200],
      ['disabled', 401],
      ['enabled', 401],
      ['restarted', 401],
    ],
  )
})

test('CRD-4 the verb prints the number of credentials that are accepted again', () => {
  const ofAccount = kinds.filter((kind) => ways[kind].disabled === 'refused').length
  assert.deepEqual(enabled, {
    code: 0,
    stdout: `Enabled the account ada. Its ${ofAccount} credentials are accepted again.\n`,
    stderr: '',
  })
})

test('CRD-5 an account that is disabled and gets a password in one change loses its access tokens', async () => {
  const world = await worldIn()
  try {
    const token = await makeBearer(world, 'USER')
    const how = { by: null, request: commandFacts }
    const disabling = { status: 'disabled', password: 'another lamp above it' } as const
    const changed = await changeAccount(world.ports, world.ada, { change: disabling, how })
    await changeAccount(world.ports, changed, { change: { status: 'enabled' }, how })
    assert.equal(await statusOf(world, profile, { token }), 401)
    assert.deepEqual(await world.ports.store.credentials({ kind: 'access-token', accountId: world.ada.id }), [])
  } finally {
    await world.close()
  }
})

/** A server with an administrator, and a user with API keys and an organization. */
async function worldIn(dataDir?: string): Promise<World> {
  const server = await runSallyport({ config, ...(dataDir === undefined ? {} : { dataDir }) })
  await server.addAccount({ username: 'ops', password, role: 'admin' })
  const ops = await asAdmin(server)
  await addUser(ops, { username: 'ada', email: 'ada@example.org', filters: { allow_api_key_auth: true } })
  const ada = await server.ports.store.accountByName('ada', 'user')
  assert.ok(ada)
  const home = await server.addOrganization('harbour', [ada])
  const person = tokenOf(await call(server, 'POST /v1/account/login', { body: signInWith(password) })).id
  return { ...server, ada, home, person }
}

async function makeBearer(world: World, type: 'USER' | 'ORGANIZATION'): Promise<string> {
  const input = { name: 'pipeline', type, organization_id: world.home.id }
  const answer = await call(world, 'POST /v1/credentials', { token: world.person, body: input })
  assert.equal(answer.status, 200, answer.text)
  return (answer.json as { readonly credential: { readonly token: string } }).credential.token
}

function signInWith(secret: string): object {
  return { email: 'ada@example.org', password: secret }
}

async function statusOf(world: World, line: string, request: Parameters<typeof call>[2]): Promise<number> {
  return (await call(world, line, request)).status
}

function rowOf(stage: Stage, kind: CredentialKind): Row {
  const row = rows.get(`${stage} ${kind}`)
  assert.ok(row, `${stage} ${kind} was not looked at`)
  return row
}
