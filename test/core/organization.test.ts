import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseOrganization, type Membership, organizationName } from '../../src/core/organizations/organization.ts'

function membership(id: string, joinedAtMs: number): Membership {
  return { accountId: 1, organization: { id, name: id, createdAtMs: 0 }, joinedAtMs }
}

test('ORG-1 the last used organization wins over the oldest, which wins over none', () => {
  const memberships = [membership('younger', 20), membership('oldest', 10)]
  const chosen = ['younger', 'left', null].map((lastUsed) => chooseOrganization(memberships, lastUsed)?.id)
  assert.deepEqual(chosen, ['younger', 'oldest', 'oldest'])
  assert.equal(chooseOrganization([], 'left'), null)
})

test('ORG-2 a name has 4 to 39 letters, digits and hyphens with neither end a hyphen', () => {
  const accepted = ['acme', 'a--1', `a${'b'.repeat(38)}`]
  const refused = ['abc', `a${'b'.repeat(39)}`, '-acme', 'acme-', 'Acme', 'ac_me', 'acme\n']
  assert.deepEqual(
    [...accepted, ...refused].filter((name) => organizationName.test(name)),
    accepted,
  )
})
