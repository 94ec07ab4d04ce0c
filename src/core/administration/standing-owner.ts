/** Core: which owners count for the last-owner check: those who can sign in and whom no rule bars permanently. */
import type { Account } from '../accounts/account.ts'
import type { AccountRules } from '../accounts/rules.ts'
import { dialects } from '../dialects.ts'

/** The facts that decide. */
type SessionAccess = Pick<Account, 'role' | 'authority' | 'status' | 'expiresAt' | 'passwordHash' | 'rules'>

/**
 * Returns whether an account is an owner who is enabled, does not expire and can sign in: it has a password, and no
 * rule bars it for good. A rule that allows some address or some time does not bar it for good.
 */
export function isStandingOwner({ role, authority, status, expiresAt, passwordHash, rules }: SessionAccess): boolean {
  const isOwner = role === 'admin' && authority?.role === 'owner'
  return isOwner && status === 'enabled' && expiresAt === null && passwordHash !== null && !barsForGood(rules)
}

function barsForGood(rules: AccountRules): boolean {
  const { allowedNetworks, deniedNetworks, deniedDoors, deniesPassword, accessTimes } = rules
  if (deniesPassword || dialects.every((door) => deniedDoors.includes(door))) return true
  if (accessTimes.length > 0 && accessTimes.every(({ from, to }) => from > to)) return true
  if (allowedNetworks.length > 0) return allowedNetworks.every((network) => network === null)
  return deniedNetworks.some((network) => network?.bits === 0)
}

/** Returns the attributes without the list of an authority that was replaced elsewhere. */
export function withoutListedAuthority(attributes: string | null): string | null {
  if (attributes === null) return null
  const { permissions: _listed, role: _role, ...rest } = JSON.parse(attributes) as Readonly<Record<string, unknown>>
  return JSON.stringify(rest)
}
