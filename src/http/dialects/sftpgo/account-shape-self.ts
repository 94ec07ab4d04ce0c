/** sftpgo: what administrators may not do to themselves, and which accounts one with a role sees. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import { Refusal } from '../../../core/errors.ts'
import type { DecodedAccount } from './account-shape-own.ts'
import { cameByApiKey } from './api-keys-authenticate.ts'
import { asObject, readAttributes } from './attributes.ts'
import { grantsTheSame } from './permissions.ts'

/** Returns the role that accounts must have for an administrator to see them; null: any, or none. */
export function roleSeenBy(administrator: Account): string | null {
  return readAttributes(administrator).role || null
}

/** Returns whether an administrator sees an account: one with a role sees only those of the same role. */
export function visibleTo(administrator: Account, account: Account): boolean {
  const role = roleSeenBy(administrator)
  return role === null || readAttributes(account).role === role
}

/** Returns the request with the role of the administrator, if the administrator has one. */
export function keepRole(to: DecodedAccount, administrator: Account): DecodedAccount {
  const { role } = readAttributes(administrator)
  return role === '' ? to : { ...to, kept: { ...to.kept, role } }
}

/** Returns the request with the stored values of flags that administrators cannot set on themselves. */
export function keepOwnFlags(to: DecodedAccount, account: Account): DecodedAccount {
  const { requirePasswordChange, requireTwoFactor } = readAttributes(account)
  const filters = {
    ...asObject(to.kept.filters),
    require_password_change: requirePasswordChange,
    require_two_factor: requireTwoFactor,
  }
  return { ...to, kept: { ...to.kept, filters } }
}

/**
 * Checks an administrator's change of their own account.
 *
 * Only `*` allows this operation, and an administrator with a role cannot have `*`. So a change of role is refused
 * earlier.
 *
 * @throws INPUT_INVALID for a change with an API key, and for one of status or permissions.
 */
export function checkSelf(request: FastifyRequest, account: Account, to: DecodedAccount): void {
  if (cameByApiKey(request)) throw refused('the administrator behind an API key cannot be updated with it')
  if (to.status === 'disabled') throw refused('you cannot disable yourself')
  const before = readAttributes(account)
  const after = readAttributes({ role: account.role, authority: null, attributes: JSON.stringify(to.kept) })
  if (!grantsTheSame(before.permissions, after.permissions)) throw refused('you cannot change your permissions')
}

function refused(message: string): Refusal {
  return new Refusal('INPUT_INVALID', { message })
}
