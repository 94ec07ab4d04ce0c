/** koyeb: the list of the caller's organizations, filtered and in pages (ListUserOrganizations). */
import type { Membership } from '../../../core/organizations/organization.ts'
import { collectFaults } from './body.ts'
import { decodePage, lastOf, type Page, pageOf, type Query } from './page.ts'
import { encodeOrganization } from './wire.ts'

/** Koyeb's statuses; every organization here is ACTIVE. */
const statuses: readonly string[] = [
  'WARNING',
  'LOCKED',
  'ACTIVE',
  'DEACTIVATING',
  'DEACTIVATED',
  'DELETING',
  'DELETED',
]

/** The page and the filter of a request. */
export type OrganizationQuery = Page & {
  readonly isDescending: boolean
  /** A part of the name, or the whole id, in lower case. */
  readonly search: string
  /** Empty: all. */
  readonly statuses: readonly string[]
}

/**
 * Decodes the query.
 *
 * @throws INPUT_INVALID with one field for each malformed number, and one for an unknown status.
 */
export function decodeListQuery(query: Query): OrganizationQuery {
  const wanted = [query.statuses ?? []].flat()
  const page = collectFaults((faults) => {
    const decoded = decodePage(query, faults)
    const areKnown = wanted.every((status) => statuses.includes(status))
    if (!areKnown) faults.push({ field: 'statuses', description: 'is not known' })
    return decoded
  })
  return {
    ...page,
    isDescending: lastOf(query.order).toLowerCase() === 'desc',
    search: lastOf(query.search).toLowerCase(),
    statuses: wanted,
  }
}

/** Returns one page, in the order in which the account joined the organizations. */
export function listOrganizations(
  memberships: readonly Membership[],
  wanted: OrganizationQuery,
): Readonly<Record<string, unknown>> {
  const { limit, offset } = wanted
  const isWanted = wanted.statuses.length === 0 || wanted.statuses.includes('ACTIVE')
  const found = [...memberships]
    .sort(
      (one, other) => one.joinedAtMs - other.joinedAtMs || (one.organization.name < other.organization.name ? -1 : 1),
    )
    .map(({ organization }) => organization)
    .filter(({ id, name }) => isWanted && (name.includes(wanted.search) || id === wanted.search))
  if (wanted.isDescending) found.reverse()
  return {
    organizations: pageOf(found, wanted).map(encodeOrganization),
    limit,
    offset,
    has_next: found.length > offset + limit,
  }
}
