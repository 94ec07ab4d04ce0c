/** Lists of a large store: what one turn of the event loop costs, while every list is asked for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { call, goodPassword, signInAs } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import { basic } from '../fixtures/sftpgo/world.ts'

const many = 50_000

/** Long, so that a list of all is larger than what the kernel takes of a client that reads nothing. */
const domain = `@${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example.org`

/** CPU time that one turn may take, in milliseconds; a read of a whole table of that size takes some hundreds. */
const mostPerTurnMs = 60

let folder: string
let world: RunningSallyport

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-large-'))
  const dataDir = join(folder, 'data')
  const first = await runSallyport({ dataDir })
  const ada = await first.addAccount({
    username: 'ada',
    password: goodPassword,
    email: 'ada@example.org',
    groups: ['ops'],
  })
  await first.addAccount({ username: 'root', password: goodPassword, role: 'admin', email: 'root@example.org' })
  const { id } = await first.addOrganization('acme', [ada])
  await first.close()
  fill(join(dataDir, 'sallyport.db'), id)
  world = await runSallyport({ dataDir })
})

after(async () => {
  await world.close()
  await rm(folder, { recursive: true, force: true })
})

/** Writes rows straight into the database: fifty thousand commands would take minutes. */
function fill(path: string, organizationId: string): void {
  const database = new DatabaseSync(path)
  database.exec('BEGIN')
  const account = database.prepare(
    `INSERT INTO accounts (id, uuid, username, role, kind, email, email_key, status, epoch, password_is_short, created_at_ms, updated_at_ms)
     VALUES (?1 + 1000, 'uuid-' || ?1, 'user-' || ?1, 'user', 'person', 'user-' || ?1 || ?2, 'user-' || ?1 || ?2,
       'enabled', 'epoch', 0, 1, 1)`,
  )
  const member = database.prepare('INSERT INTO memberships VALUES (?1 + 1000, ?2, ?1)')
  const server = database.prepare(
    `INSERT INTO servers (name, address, port, transport, os_users, groups, host_key)
     VALUES ('server-' || ?1, ?2, 22, 'ssh', '["deploy"]', ?3, 'ssh-ed25519 AAAA')`,
  )
  const change = database.prepare(
    `INSERT INTO changes (id, summary, servers, os_users, groups, starts_at_ms, ends_at_ms, state)
     VALUES ('change-' || ?1, '', '["server-' || ?1 || '"]', '["deploy"]', ?2, 0, 4000000000000, 'approved')`,
  )
  for (let row = 0; row < many; row += 1) {
    account.run(row, domain)
    member.run(row, organizationId)
    const address = [10, row >> 16, (row >> 8) & 255, row & 255].join('.')
    const groups = row % 1_000 === 0 ? '["ops"]' : '["others"]'
    server.run(row, address, groups)
    change.run(row, groups)
  }
  database.exec('COMMIT')
  database.close()
}

/** Runs an act, and returns the CPU time in milliseconds of the longest turn of the event loop meanwhile. */
async function longestTurn(act: () => Promise<unknown>): Promise<number> {
  let [isOver, longest] = [false, 0]
  const watching = (async () => {
    while (!isOver) {
      const before = process.threadCpuUsage()
      await setImmediate()
      const { user, system } = process.threadCpuUsage(before)
      longest = Math.max(longest, (user + system) / 1000)
    }
  })()
  await act()
  isOver = true
  await watching
  return longest
}

type List = {
  readonly path: string
  readonly headers: (tokens: Tokens) => Record<string, string>
  readonly rows: number
}

type Tokens = { readonly control: string; readonly giantswarm: string; readonly sftpgo: string; readonly koyeb: string }

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const giantswarm = (token: string): Record<string, string> => ({ authorization: `giantswarm ${token}` })

/** Every list that a server answers from a table that grows. */
const lists: readonly List[] = [
  { path: '/api/v2/users?limit=1', headers: ({ sftpgo }) => bearer(sftpgo), rows: 1 },
  { path: '/api/v2/users?limit=500&offset=49000&order=DESC', headers: ({ sftpgo }) => bearer(sftpgo), rows: 500 },
  { path: '/api/v2/apikeys', headers: ({ sftpgo }) => bearer(sftpgo), rows: 0 },
  { path: '/v4/users/', headers: (tokens) => giantswarm(tokens.giantswarm), rows: many + 2 },
  { path: '/v4/organizations/acme/', headers: (tokens) => giantswarm(tokens.giantswarm), rows: many + 1 },
  { path: '/v1/organization_members?offset=49000', headers: ({ koyeb }) => bearer(koyeb), rows: 100 },
  { path: '/api/v1/servers', headers: ({ control }) => bearer(control), rows: 50 },
  { path: '/api/v1/change_requests', headers: ({ control }) => bearer(control), rows: 50 },
  { path: '/api/v1/pty_sessions', headers: ({ control }) => bearer(control), rows: 0 },
]

async function signIns(): Promise<Tokens> {
  const { access_token: control } = await signInAs(world, 'ada')
  const password_base64 = Buffer.from(goodPassword).toString('base64')
  const root = { email: 'root@example.org', password_base64 }
  const swarm = await call(world, { method: 'POST', path: '/v4/auth-tokens/', body: root })
  const login = await call(world, {
    method: 'POST',
    path: '/v1/account/login',
    body: { email: 'ada@example.org', password: goodPassword },
  })
  const token = await call(world, { path: '/api/v2/token', headers: basic('root', goodPassword) })
  return {
    control,
    giantswarm: swarm.body.auth_token,
    sftpgo: token.body.access_token,
    koyeb: (login.body.token as unknown as { readonly id: string }).id,
  }
}

test('ATK-34 no list holds up others, however many accounts, servers and changes there are', async () => {
  const tokens = await signIns()
  for (const { path, headers, rows } of lists) {
    let body: unknown
    const longest = await longestTurn(async () => {
      body = (await call(world, { path, headers: headers(tokens) })).body
    })
    assert.equal(rowsOf(body), rows, path)
    assert.ok(longest < mostPerTurnMs, `${path} took ${longest.toFixed(0)} ms in one turn`)
  }
})

test('PTY-21 a list that is being sent ends by a reset when the right to it does, and never looks whole', async () => {
  const { giantswarm: token } = await signIns()
  const headers = giantswarm(token)
  const request = get(`${world.url}/v4/users/`, { headers, agent: false })
  request.on('error', () => undefined)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const over = new Promise((resolve) => {
    response.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    response.once('end', () => resolve('end'))
  })
  response.pause()
  const { status } = await call(world, { method: 'DELETE', path: '/v4/auth-tokens/', headers })
  assert.equal(status, 200)
  response.resume()
  assert.deepEqual([await over, response.complete], ['ECONNRESET', false])
})

function rowsOf(body: unknown): number {
  if (Array.isArray(body)) return body.length
  const { items, members } = body as { readonly items?: readonly unknown[]; readonly members?: readonly unknown[] }
  return (items ?? members ?? []).length
}
