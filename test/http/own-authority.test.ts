/** Tests what administrators cannot change about themselves, and what the start logs about administrators. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import {
  type Administration,
  type AdministratorChange,
  changeAccount,
} from '../../src/core/administration/administer-accounts.ts'
import { isRefusal } from '../../src/core/errors.ts'
import type { Log } from '../../src/core/ports.ts'
import { dataFiles } from '../../src/stores/sqlite/data-directory.ts'
import { addAccount } from '../contracts/store/harness.ts'
import { type AuthorityWorld, authorityWorld, newest } from '../fixtures/authority/world.ts'
import { onCommandLine } from '../fixtures/cast.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { openCommandStore } from '../fixtures/sqlite-store.ts'

const own: readonly AdministratorChange[] = [
  { role: 'user' },
  { authority: { role: 'operator' } },
  { status: 'disabled' },
  { person: 'ada' },
  { addGroups: ['ops'] },
  { removeGroups: ['ops'] },
]

async function outcomeOf(world: AuthorityWorld, by: Account, change: AdministratorChange): Promise<string> {
  const account = await newest(world, by)
  const how: Administration = { by: account, request: { ...onCommandLine, by: 'control' } }
  try {
    await changeAccount(world.ports, account, { change, how })
    return 'changed'
  } catch (cause) {
    return isRefusal(cause) ? cause.code : String(cause)
  }
}

test('AUT-6 an owner cannot change their role, permissions, status, person or groups, and the only administrator not their groups', async () => {
  const world = await authorityWorld()
  try {
    const root = (await world.ports.store.accountByName('root', 'admin')) ?? assert.fail()
    const alone: string[] = []
    for (const change of own) alone.push(await outcomeOf(world, root, change))
    const refused = 'OWN_ACCOUNT'
    assert.deepEqual(alone, [refused, refused, refused, refused, 'changed', 'changed'])
    await world.add({ role: 'auditor' })
    const together: string[] = []
    for (const change of [...own, { email: 'root@example.org' }, { status: 'enabled' } as const]) {
      together.push(await outcomeOf(world, root, change))
    }
    assert.deepEqual(together, [...own.map(() => refused), 'changed', 'changed'])
  } finally {
    await world.close()
  }
})

test('AUT-14 the first start on a store logs once how many administrators are no owners', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-test-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const warned: unknown[] = []
  const silent = (): void => undefined
  const log: Log = { info: silent, error: silent, warn: (facts) => warned.push(facts.administrators) }
  const start = async (): Promise<readonly unknown[]> => {
    warned.length = 0
    await (await runSallyport({ dataDir, log })).close()
    return warned.filter((count) => count !== undefined)
  }
  const isNew = await start()
  const store = await openCommandStore(dataDir)
  for (const role of ['operator', 'custom', 'custom'] as const) {
    await addAccount(store, { role: 'admin', authority: role === 'custom' ? { role, permissions: [] } : { role } })
  }
  await store.close()
  const later = await start()
  const database = new DatabaseSync(dataFiles(dataDir).database)
  database.exec("DELETE FROM store_marks WHERE name = 'authority-told'")
  database.close()
  assert.deepEqual([isNew, later, await start(), await start()], [[], [], [2], []])
})
