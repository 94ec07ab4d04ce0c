/** Tests the set-up link: it works until an administrator was ever created, in any way. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import type { AccountChange } from '../../src/core/accounts/commands.ts'
import type { Store } from '../../src/core/store.ts'
import { openSqliteStore, type SqliteStore } from '../../src/stores/sqlite/open-store.ts'
import { addAccount, kindOf } from '../contracts/store/harness.ts'
import { call, goodPassword } from '../fixtures/control-calls.ts'
import { auditOf, newAccount, startMs } from '../fixtures/records.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

type World = { readonly server: RunningSallyport; readonly beside: SqliteStore }

/** Starts a server, and opens its store a second time as a command does. */
async function started(t: TestContext, dataDir: string): Promise<World> {
  const server = await runSallyport({ dataDir })
  const beside = await openSqliteStore({ dataDir, role: 'command', chain: 'command', log: server.ports.log })
  t.after(async () => {
    await beside.close()
    await server.close()
  })
  return { server, beside }
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sallyport-test-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function setUp(server: RunningSallyport): Promise<readonly [number, string | undefined]> {
  const secret = server.setupLink?.split('#')[1] ?? ''
  const body = { secret, username: 'root', password: goodPassword }
  const answer = await call(server, { method: 'POST', path: '/api/v1/setup', body })
  return [answer.status, answer.body.type]
}

const removed = (store: Store, { id: accountId }: Account): Promise<{ readonly kind: string }> =>
  store.execute('removeAccount', {
    accountId,
    newEpoch: '00000000-0000-4000-8000-000000000000',
    nowMs: startMs,
    audit: auditOf('account-remove'),
  })

const promoted = async (store: Store): Promise<Account> => {
  const user = await addAccount(store, newAccount())
  const change: AccountChange = { role: 'admin', authority: { role: 'auditor' } }
  const given = { rotation: null, seen: null, nowMs: startMs, audit: auditOf('account-change') }
  const result = await store.execute('changeAccount', { accountId: user.id, change, ...given })
  return result.kind === 'changed' ? result.account : assert.fail()
}

const ways: Readonly<Record<string, (store: Store) => Promise<Account>>> = {
  'an owner': (store) => addAccount(store, { role: 'admin', expiresAt: 4_000_000_000 }),
  'an administrator who may do nothing': (store) =>
    addAccount(store, { role: 'admin', authority: { role: 'custom', permissions: [] } }),
  'a user who becomes one': promoted,
}

for (const [way, make] of Object.entries(ways)) {
  test(`SGN-12, CLI-25 ${way}, created beside the server, ends the link permanently, even if the account is removed`, async (t) => {
    const dataDir = await folder(t)
    const { server, beside } = await started(t, dataDir)
    assert.notEqual(server.setupLink, null)
    const made = await make(beside)
    const answers = [await setUp(server)]
    assert.equal(kindOf(await removed(beside, made)), 'removed')
    answers.push(await setUp(server))
    assert.deepEqual(answers, [
      [409, 'setup-done'],
      [409, 'setup-done'],
    ])
    await server.close()
    const again = await runSallyport({ dataDir })
    t.after(() => again.close())
    assert.deepEqual([again.setupLink, again.isOwnerMissing], [null, true])
  })
}

test('SGN-12, CLI-25 a new user does not end the link, and the link creates an owner', async (t) => {
  const { server, beside } = await started(t, await folder(t))
  await addAccount(beside)
  assert.equal(server.isOwnerMissing, false)
  assert.deepEqual(await setUp(server), [201, undefined])
  const root = await beside.accountByName('root', 'admin')
  assert.deepEqual(root?.authority, { role: 'owner' })
})
