/** What roles grant, and what a list of SFTPGo's permissions grants outside its dialect. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Authority,
  grantedBy,
  namedRoles,
  type Permission,
  permissions,
} from '../../../src/core/accounts/permissions.ts'
import { authorityOf } from '../../../src/http/dialects/sftpgo/authority.ts'
import { permissions as sftpgoPermissions } from '../../../src/http/dialects/sftpgo/permissions.ts'

const everything = [...permissions]

test('AUT-1 each named role grants its list, and owners everything', () => {
  assert.deepEqual(Object.fromEntries(namedRoles.map((role) => [role, grantedBy({ role })])), {
    owner: everything,
    operator: [
      'accounts.read',
      'accounts.write',
      'accounts.secure',
      'access.read',
      'access.write',
      'terminals.end',
      'system.read',
    ],
    approver: ['access.read', 'changes.approve'],
    auditor: ['accounts.read', 'access.read', 'recordings.read', 'audit.read', 'system.read'],
  })
  assert.deepEqual(grantedBy(null), [])
})

const table: readonly (readonly [listed: string, grants: string])[] = [
  ['*', everything.join(' ')],
  ['', ''],
  ['manage_folders manage_groups quota_scans', ''],
  ['view_users', 'accounts.read'],
  ['add_users edit_users', ''],
  ['add_users edit_users del_users', 'accounts.write'],
  ['disable_mfa', ''],
  ['manage_defender', ''],
  ['disable_mfa manage_defender', 'accounts.secure'],
  ['view_conns', ''],
  ['close_conns', ''],
  ['close_conns view_conns', 'terminals.end'],
  ['view_events', 'audit.read'],
  ['view_status', ''],
  ['view_defender', ''],
  ['view_status view_defender', 'system.read'],
]

const words = (text: string): string[] => (text === '' ? [] : text.split(' '))

test('AUT-2 a list of sftpgo grants outside it what all of its names allow, and nothing else', () => {
  for (const [listed, granted] of table) {
    const authority = authorityOf(null, { permissions: words(listed), role: '' })
    assert.deepEqual(grantedBy(authority), words(granted), listed)
    const ruled = authorityOf(null, { permissions: words(listed), role: 'branch' })
    assert.deepEqual(grantedBy(ruled), [], `${listed}, with a role`)
  }
  const named = new Set(table.flatMap(([listed]) => words(listed)))
  assert.deepEqual(
    sftpgoPermissions.filter((permission) => !named.has(permission)),
    [],
  )
})

test('AUT-2 a write keeps what sftpgo has no name for, drops it with `*`, and leaves a named role that grants the same', () => {
  const listOf = (granted: readonly Permission[]): string[] =>
    table.flatMap(([listed, grants]) => (granted.includes(grants as Permission) ? words(listed) : []))
  const unnamed = ['admins.write', 'access.read', 'access.write', 'changes.approve', 'recordings.read', 'keys.write']
  fc.assert(
    fc.property(
      fc.subarray(everything),
      fc.subarray(table.slice(2).flatMap(([listed]) => words(listed))),
      (had, list) => {
        const before: Authority = { role: 'custom', permissions: had }
        const after = grantedBy(authorityOf(before, { permissions: list, role: '' }))
        for (const permission of unnamed) {
          assert.equal(after.includes(permission as Permission), had.includes(permission as Permission))
        }
        assert.deepEqual(
          grantedBy(authorityOf({ role: 'owner' }, { permissions: list, role: '' })),
          grantedBy(authorityOf(null, { permissions: list, role: '' })),
        )
      },
    ),
  )
  for (const role of namedRoles) {
    const list = role === 'owner' ? ['*'] : listOf(grantedBy({ role }))
    assert.deepEqual(authorityOf({ role }, { permissions: list, role: '' }), { role })
  }
})
