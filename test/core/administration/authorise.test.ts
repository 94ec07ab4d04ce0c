/** Core: who may act as an administrator, over all pairs of what one holds and what another holds or is given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Authority,
  grantedBy,
  isSameAuthority,
  namedRoles,
  type Permission,
  permissions,
} from '../../../src/core/accounts/permissions.ts'
import { type AdministrativeAct, administrativeActs } from '../../../src/core/administration/acts.ts'
import { type Actor, authorise, type Target } from '../../../src/core/administration/authorise.ts'
import { type Dialect, dialects } from '../../../src/core/dialects.ts'
import type { RefusalCode } from '../../../src/core/errors.ts'

const acts = Object.keys(administrativeActs) as AdministrativeAct[]

const custom = (list: readonly Permission[]): Authority => ({ role: 'custom', permissions: list })
const authorities = fc.oneof(
  { weight: 4, arbitrary: fc.subarray([...permissions]).map(custom) },
  { weight: 1, arbitrary: fc.constantFrom(...namedRoles).map((role): Authority => ({ role })) },
  { weight: 1, arbitrary: fc.constant(null) },
)

function outcomeOf(actor: Actor, act: AdministrativeAct, target?: Target): RefusalCode | 'allowed' {
  try {
    authorise(actor, act, target)
    return 'allowed'
  } catch (cause) {
    return (cause as { readonly code: RefusalCode }).code
  }
}

const at = (door: Dialect, authority: Authority | null, id = 1): Actor => ({
  by: { id, authority },
  request: { by: door },
})

test('AUT-5 no administrator grants or changes more than they hold, in any dialect, over pairs of sets of permissions', () => {
  const cases = fc.record({
    door: fc.constantFrom(...dialects),
    act: fc.constantFrom(...acts),
    holds: authorities,
    other: authorities,
    gives: fc.subarray([...permissions]),
  })
  fc.assert(
    fc.property(cases, ({ door, act, holds, other, gives }) => {
      const held = grantedBy(holds)
      const outcome = outcomeOf(at(door, holds), act, { account: { id: 2, authority: other }, gives })
      if (outcome !== 'allowed') return
      assert.ok(gives.every((one) => held.includes(one)))
      if (administrativeActs[act].touches) assert.ok(grantedBy(other).every((one) => held.includes(one)))
      if (door !== 'sftpgo') assert.ok(held.includes(administrativeActs[act].permission))
    }),
    { numRuns: 20_000 },
  )
})

test('AUT-5 who holds the permission and all that the other holds is let through, and one permission less is refused', () => {
  for (const act of acts.filter((one) => administrativeActs[one].touches)) {
    for (const extra of permissions) {
      const { permission } = administrativeActs[act]
      const target = { account: { id: 2, authority: custom([extra]) } }
      const enough = outcomeOf(at('control', custom([permission, extra])), act, target)
      const less = outcomeOf(at('control', custom([permission])), act, target)
      assert.deepEqual([enough, less], ['allowed', extra === permission ? 'allowed' : 'BEYOND_OWN_PERMISSIONS'], act)
    }
  }
})

test('AUT-4 each act asks for its permission at every door but sftpgo, which asked its own list before', () => {
  for (const act of acts) {
    for (const door of dialects) {
      const { permission } = administrativeActs[act]
      const others = permissions.filter((one) => one !== permission)
      const outcomes = [custom([permission]), custom(others), null].map((held) => outcomeOf(at(door, held), act))
      const refused = door === 'sftpgo' ? 'allowed' : 'ROLE_DENIED'
      assert.deepEqual(outcomes, ['allowed', refused, refused], `${act} at ${door}`)
    }
  }
})

test('AUT-4 the command line holds every permission, and no other caller acts without an account', () => {
  for (const act of acts) {
    const target = { account: { id: 1, authority: { role: 'owner' } }, gives: permissions, isNeverOwn: true } as const
    authorise({ by: null, request: { by: 'command' } }, act, target)
    assert.throws(() => authorise({ by: null, request: { by: 'control' } }, act), { message: /nobody is signed in/ })
  }
})

test('AUT-6 what accounts cannot change of themselves is refused to an owner too, and allowed for another account', () => {
  for (const act of acts) {
    const owner = { role: 'owner' } as const
    const outcomes = [1, 2].map((id) =>
      outcomeOf(at('control', owner), act, { account: { id, authority: owner }, isNeverOwn: true }),
    )
    assert.deepEqual(outcomes, ['OWN_ACCOUNT', 'allowed'], act)
  }
})

test('AUT-5 two authorities are the same when they have one name, or list the same in any order', () => {
  const pairs = fc.tuple(authorities, authorities)
  fc.assert(
    fc.property(pairs, ([one, other]) => {
      const isSame = isSameAuthority(one, other)
      assert.equal(isSame, isSameAuthority(other, one))
      if (isSame) assert.deepEqual(new Set(grantedBy(one)), new Set(grantedBy(other)))
      assert.ok(isSameAuthority(one, one))
    }),
  )
  assert.ok(isSameAuthority(custom(['keys.write', 'audit.read']), custom(['audit.read', 'keys.write'])))
})
