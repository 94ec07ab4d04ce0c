/** The migration to the schema with authority: the meaning of stored attributes gets columns of its own. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Role } from '../../src/core/accounts/account.ts'
import { grantedBy, ownerAuthority } from '../../src/core/accounts/permissions.ts'
import { noRules, parseRules } from '../../src/core/accounts/rules.ts'
import { everyAccount, listOf } from '../../src/core/every-row.ts'
import { type JsonObject, keepAttributes, readAttributes } from '../../src/http/dialects/sftpgo/attributes.ts'
import { authorityOf } from '../../src/http/dialects/sftpgo/authority.ts'
import { permissions } from '../../src/http/dialects/sftpgo/permissions.ts'
import { initialSchema } from '../../src/stores/sqlite/migrations/0001-initial.ts'
import { terminalSchema } from '../../src/stores/sqlite/migrations/0002-terminals.ts'
import { atEnd, openServerStore, temporaryFolder } from '../fixtures/sqlite-store.ts'

const filters = fc.record(
  {
    allow_list: fc.subarray(['192.0.2.0/24', '2001:db8::/32']),
    allowed_ip: fc.subarray(['192.0.2.0/24', '2001:db8::/32']),
    denied_ip: fc.subarray(['198.51.100.7/32']),
    denied_protocols: fc.subarray(['HTTP', 'SSH']),
    denied_login_methods: fc.subarray(['password', 'publickey']),
    is_anonymous: fc.boolean(),
    access_time: fc.subarray([
      { day_of_week: 0, from: '00:00', to: '23:59' },
      { day_of_week: 3, from: '08:00', to: '17:30' },
    ]),
    require_two_factor: fc.boolean(),
    two_factor_protocols: fc.subarray(['HTTP', 'SSH']),
    require_password_change: fc.boolean(),
    password_expiration: fc.constantFrom(0, 90),
  },
  { requiredKeys: [] },
)

const kept: fc.Arbitrary<JsonObject | null> = fc.option(
  fc.record(
    {
      filters,
      permissions: fc.subarray([...permissions]),
      role: fc.constantFrom('', 'branch'),
      description: fc.string(),
    },
    { requiredKeys: [] },
  ),
  { freq: 10 },
)

test('AUT-3, ACR-2 an older database is migrated with the authority and the rules that its accounts had', async (t) => {
  const samples = fc.sample(fc.tuple(kept, fc.constantFrom<Role>('admin', 'user')), 400)
  const store = await openOld(t, (insert) =>
    samples.forEach(([attributes, role], index) => {
      insert(index, role, attributes)
    }),
  )
  const accounts = await listOf(everyAccount(store))
  assert.equal(accounts.length, samples.length)
  for (const [index, account] of accounts.entries()) {
    const [attributes, role] = samples[index] ?? assert.fail()
    const listed = readAttributes({
      role,
      authority: ownerAuthority,
      attributes: attributes === null ? null : JSON.stringify(attributes),
    })
    assert.deepEqual(
      grantedBy(account.authority),
      role === 'user' ? [] : grantedBy(authorityOf(null, listed)),
      JSON.stringify(attributes),
    )
    const rules = attributes === null ? noRules : parseRules(keepAttributes(role, attributes).rules)
    assert.deepEqual({ ...account.rules, text: null }, { ...rules, text: null }, JSON.stringify(attributes))
    assert.equal(account.rules === noRules, rules === noRules)
  }
})

type Insert = (index: number, role: Role, attributes: JsonObject | null) => void

async function openOld(t: TestContext, fill: (insert: Insert) => void): ReturnType<typeof openServerStore> {
  const dataDir = temporaryFolder(t)
  mkdirSync(dataDir, { recursive: true })
  const database = new DatabaseSync(join(dataDir, 'sallyport.db'))
  database.exec(initialSchema)
  database.exec(terminalSchema)
  database.exec('PRAGMA user_version = 2')
  const statement = database.prepare(
    `INSERT INTO accounts (uuid, username, role, kind, status, epoch, password_is_short, attributes, created_at_ms, updated_at_ms)
     VALUES (:uuid, :uuid, :role, 'person', 'enabled', 'e', 0, :attributes, 1, 1)`,
  )
  fill((index, role, attributes) => {
    statement.run({ uuid: `u-${index}`, role, attributes: attributes === null ? null : JSON.stringify(attributes) })
  })
  database.close()
  const store = await openServerStore(dataDir)
  atEnd(t, () => store.close())
  return store
}
