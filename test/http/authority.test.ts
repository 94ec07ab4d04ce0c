/** Tests what administrators may do in every dialect, and what they may not do to each other. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import { type Authority, namedRoles } from '../../src/core/accounts/permissions.ts'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { writeRefusals } from '../../src/core/upkeep.ts'
import { attach, startedBy } from '../contracts/store/pty-harness.ts'
import { type AuthorityWorld, authorityWorld, base64, newest } from '../fixtures/authority/world.ts'
import { auditTexts, onCommandLine } from '../fixtures/cast.ts'
import { auditOf, startMs } from '../fixtures/records.ts'

let world: AuthorityWorld
let root: Account

before(async () => {
  world = await authorityWorld()
  root = (await world.ports.store.accountByName('root', 'admin')) ?? assert.fail()
})

after(() => world.close())

const custom = (...permissions: Extract<Authority, { role: 'custom' }>['permissions']): Authority => ({
  role: 'custom',
  permissions,
})

const denied = [401, 'PERMISSION_DENIED'] as const

/** Tries each act on another account at giantswarm and returns the answers. */
async function tried(by: Account, at: Account): Promise<Readonly<Record<string, readonly [number, string]>>> {
  const path = `/v4/users/${at.email}/`
  const steps: readonly (readonly [string, string, object?])[] = [
    ['password', `POST ${path}password/`, { new_password_base64: base64('another horse battery staple') }],
    ['expiry', `PATCH ${path}`, { expiry: '2099-01-01T00:00:00Z' }],
    ['address', `PATCH ${path}`, { email: `b-${randomUUID()}@example.org` }],
    ['removal', `DELETE /v4/users/${at.email}/`],
  ]
  const answers: Record<string, readonly [number, string]> = {}
  for (const [name, line, body] of steps) {
    const { status, type } = await world.as(by, 'giantswarm', line, body)
    answers[name] = [status, type]
    if (name === 'address' && status === 200) {
      const how = { by: null, request: onCommandLine }
      await changeAccount(world.ports, await newest(world, at), { change: { email: at.email }, how })
    }
  }
  return answers
}

const all = (answer: readonly [number, string]): Readonly<Record<string, readonly [number, string]>> => ({
  password: answer,
  expiry: answer,
  address: answer,
  removal: answer,
})

const done = {
  password: [202, 'RESOURCE_UPDATED'],
  expiry: [200, ''],
  address: [200, ''],
  removal: [200, 'RESOURCE_DELETED'],
} as const

async function addedAtSftpgo(permissions: readonly string[]): Promise<Account> {
  const username = `s-${randomUUID()}`
  const body = { username, password: 'correct horse battery staple', permissions, status: 1 }
  const { status } = await world.as(root, 'admin', 'POST /api/v2/admins', { ...body, email: `${username}@example.org` })
  assert.equal(status, 201)
  return (await world.ports.store.accountByName(username, 'admin')) ?? assert.fail()
}

test('AUT-4 an administrator created at sftpgo with only view_status has no permission at giantswarm and control', async () => {
  const weak = await addedAtSftpgo(['view_status'])
  const victims = [await world.add(null), await world.add(custom()), await world.add({ role: 'owner' })]
  for (const victim of victims) assert.deepEqual(await tried(weak, victim), all(denied))
  const others = [
    await world.as(weak, 'giantswarm', 'GET /v4/users/'),
    await world.as(weak, 'giantswarm', `GET /v4/users/${world.ada.email}/`),
    await world.as(weak, 'giantswarm', 'PUT /v4/users/new@example.org/', { password: base64('a') }),
    await world.as(weak, 'giantswarm', 'PUT /v4/organizations/harbour/', {}),
  ]
  assert.deepEqual(
    others.map(({ status, type }) => [status, type]),
    others.map(() => denied),
  )
  const boss = await world.add({ role: 'owner' })
  await world.as(boss, 'control', 'GET /api/v1/account')
  const { store } = world.ports
  const [session] = await store.liveSessions(boss.id)
  const caller = { account: boss, sessionRow: session?.row ?? 0 }
  const { ptySession: live, token } = await startedBy(store, caller)
  await attach(store, token)
  const terminal = `/api/v1/pty_sessions/${live.id}`
  const atControl = [
    await world.as(weak, 'control', `POST ${terminal}/end`),
    await world.as(weak, 'control', `GET ${terminal}`),
    await world.as(weak, 'control', `GET ${terminal}/recording`),
    await world.as(weak, 'control', `DELETE /api/v1/sessions/${session?.id}`),
  ]
  assert.deepEqual(
    atControl.map(({ status, type }) => [status, type]),
    [...[1, 2, 3].map(() => [404, 'pty-session-not-found']), [404, 'session-not-found']],
  )
  const closing = { id: live.id, reason: 'shell-exit', exitCode: 0, nowMs: startMs } as const
  await store.execute('closePtySession', { ...closing, audit: auditOf('pty-end') })
  assert.equal((await world.as(weak, 'control', `GET ${terminal}/recording`)).type, 'pty-session-not-found')
  assert.equal((await world.as(boss, 'control', `GET ${terminal}/recording`)).type, 'recording-not-found')
  assert.equal((await world.as(boss, 'control', `DELETE /api/v1/sessions/${session?.id}`)).status, 204)
})

test('AUT-5 at giantswarm an operator can change users and accounts with no more permissions, and no owner or auditor', async () => {
  const operator = await world.add({ role: 'operator' })
  assert.deepEqual(await tried(operator, await world.add(null)), done)
  assert.deepEqual(await tried(operator, await world.add(custom('accounts.read', 'terminals.end'))), done)
  assert.deepEqual(await tried(operator, await world.add({ role: 'operator' })), done)
  for (const role of ['owner', 'auditor', 'approver'] as const) {
    const victim = await world.add({ role })
    assert.deepEqual([await tried(operator, victim), await newest(world, victim)], [all(denied), victim], role)
  }
})

test('AUT-5 at control an administrator cannot end the session of one with more permissions', async () => {
  const operator = await world.add({ role: 'operator' })
  const ends = async (of: Account): Promise<readonly [number, string]> => {
    await world.as(of, 'control', 'GET /api/v1/account')
    const [session] = await world.ports.store.liveSessions(of.id)
    const { status, type } = await world.as(operator, 'control', `DELETE /api/v1/sessions/${session?.id}`)
    return [status, type]
  }
  const answers = []
  for (const authority of [null, custom('accounts.read'), ...namedRoles.map((role) => ({ role }))]) {
    answers.push(await ends(await world.add(authority)))
  }
  const beyond = [403, 'beyond-own-permissions']
  assert.deepEqual(answers, [[204, ''], [204, ''], beyond, [204, ''], beyond, beyond])
})

test('AUT-5 at sftpgo only an account with every permission creates an API key that acts as others', async () => {
  const weak = await addedAtSftpgo(['add_users', 'edit_users', 'del_users', 'view_users', 'disable_mfa'])
  const key = { name: 'k', scope: 1, admin: root.username }
  const refused = await world.as(weak, 'admin', 'POST /api/v2/apikeys', key)
  const made = [key, { name: 'k', scope: 1 }].map((body) => world.as(root, 'admin', 'POST /api/v2/apikeys', body))
  assert.deepEqual([refused.status, ...(await Promise.all(made)).map(({ status }) => status)], [403, 201, 201])
})

test('AUT-7 the last owner cannot be removed or given an expiry at giantswarm, and cannot be removed at sftpgo', async () => {
  const fresh = await authorityWorld()
  try {
    const last = (await fresh.ports.store.accountByName('root', 'admin')) ?? assert.fail()
    const how = { by: null, request: onCommandLine }
    await changeAccount(fresh.ports, last, { change: { email: 'root@example.org' }, how })
    const passing = await fresh.add({ role: 'owner' }, { expiresAt: 4_000_000_000 })
    const path = '/v4/users/root@example.org/'
    const answers = [
      await fresh.as(last, 'giantswarm', `DELETE ${path}`),
      await fresh.as(passing, 'giantswarm', `DELETE ${path}`),
      await fresh.as(last, 'giantswarm', `PATCH ${path}`, { expiry: '2099-01-01T00:00:00Z' }),
    ]
    const message = 'This is the last owner who can sign in; make another owner first.'
    const expected = { status: 400, type: 'INVALID_INPUT', body: JSON.stringify({ code: 'INVALID_INPUT', message }) }
    assert.deepEqual(answers, [expected, expected, expected])
    const sentence = 'this is the last administrator who may do everything and can sign in, add another one first'
    const refused = { status: 400, type: '', body: `{"error":"Validation error: ${sentence}","message":""}\n` }
    const atSftpgo = [
      await fresh.as(passing, 'admin', 'DELETE /api/v2/admins/root'),
      await fresh.as(passing, 'admin', 'PUT /api/v2/admins/root', { permissions: ['*'], status: 0 }),
      await fresh.as(passing, 'admin', 'PUT /api/v2/admins/root', { permissions: ['view_users'], status: 1 }),
    ]
    assert.deepEqual(atSftpgo, [refused, refused, refused])
    await fresh.add({ role: 'owner' })
    assert.equal((await fresh.as(passing, 'giantswarm', `DELETE ${path}`)).status, 200)
  } finally {
    await fresh.close()
  }
})

test('AUT-11 permissions granted outside sftpgo are the list there, and a list sent there stays unchanged', async () => {
  const listed = async ({ username }: Account): Promise<unknown> => {
    const { body } = await world.as(root, 'admin', `GET /api/v2/admins/${username}`)
    return (JSON.parse(body) as { readonly permissions: unknown }).permissions
  }
  const auditor = await world.add({ role: 'auditor' })
  const approver = await world.add({ role: 'approver' })
  const sent = await addedAtSftpgo(['quota_scans', 'edit_users'])
  const before = [await listed(root), await listed(auditor), await listed(approver), await listed(sent)]
  const change = { authority: custom('recordings.read', 'terminals.end') }
  await changeAccount(world.ports, sent, { change, how: { by: null, request: onCommandLine } })
  assert.deepEqual(
    [before, await listed(sent)],
    [
      [
        ['*'],
        ['view_users', 'view_events', 'view_status', 'view_defender'],
        ['manage_folders'],
        ['quota_scans', 'edit_users'],
      ],
      ['view_conns', 'close_conns'],
    ],
  )
  const statuses = []
  for (const [one, line] of [
    [auditor, 'GET /api/v2/users'],
    [approver, 'GET /api/v2/users'],
    [auditor, 'GET /api/v2/admins'],
  ] as const) {
    statuses.push((await world.as(one, 'admin', line)).status)
  }
  assert.deepEqual(statuses, [200, 403, 403])
})

test('AUT-12 a refusal for a missing permission is counted by that permission', async () => {
  await writeRefusals(world.ports)
  const weak = await world.add(custom('audit.read'))
  for (let times = 0; times < 3; times += 1) await world.as(weak, 'giantswarm', 'GET /v4/users/')
  await world.as(weak, 'admin', 'GET /api/v2/users')
  await world.as(weak, 'control', `DELETE /api/v1/sessions/${(await world.ports.store.liveSessions(root.id))[0]?.id}`)
  await writeRefusals(world.ports)
  const events = (await auditTexts(world)).map((text) => JSON.parse(text) as Record<string, unknown>)
  assert.deepEqual(
    events
      .filter(({ action }) => action === 'refused-in-bulk')
      .map(({ code, detail }) => [code, detail])
      .slice(-3),
    [
      ['ROLE_DENIED', { times: 3, missing: 'accounts.read' }],
      ['ROLE_DENIED', { times: 1, missing: 'view_users' }],
      ['SESSION_NOT_FOUND', { times: 1, missing: 'accounts.secure' }],
    ],
  )
})
