/** Core: organizations and their members. A session is in one of them or in none. */
import type { Account } from '../accounts/account.ts'

/** An organization as it is stored. */
export type Organization = {
  /** v4 UUID. */
  readonly id: string
  /** Matches `organizationName`. */
  readonly name: string
  readonly createdAtMs: number
}

/** An account's place in an organization. */
export type Membership = {
  readonly accountId: number
  readonly organization: Organization
  readonly joinedAtMs: number
}

/** An account in an organization, as the organization sees it. */
export type Member = { readonly account: Account; readonly joinedAtMs: number }

/** 4 to 39 lower-case letters, digits and hyphens, neither first nor last a hyphen. */
export const organizationName: RegExp = /^[a-z0-9][-a-z0-9]{2,37}[a-z0-9]$/

/** Returns the default organization of a session: the last used, else the oldest membership, else none. */
export function chooseOrganization(memberships: readonly Membership[], lastUsedId: string | null): Organization | null {
  const lastUsed = memberships.find((membership) => membership.organization.id === lastUsedId)
  if (lastUsed !== undefined) return lastUsed.organization
  const [oldest] = [...memberships].sort((one, other) => one.joinedAtMs - other.joinedAtMs)
  return oldest?.organization ?? null
}
