/** SQLite store: reads of organizations and memberships. */
import type { Organization } from '../../../core/organizations/organization.ts'
import type { Database } from '../database.ts'
import { type AccountRow, accountColumns, toAccount } from '../rows/account-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names =
  | 'organizationById'
  | 'organizationByName'
  | 'organizations'
  | 'memberships'
  | 'members'
  | 'memberCount'
  | 'memberList'

type OrganizationRow = { readonly id: string; readonly name: string; readonly created_at_ms: number }

type Joined = { readonly joined_at_ms: number }

/** Returns the reads. */
export function organizationReads(db: Database): ImmediateReads<Names> {
  const columns = 'o.id, o.name, o.created_at_ms'
  return {
    organizationById: (id) =>
      db.find(toOrganization, `SELECT ${columns} FROM organizations o WHERE o.id = :id`, { id }),
    organizationByName: (name) =>
      db.find(toOrganization, `SELECT ${columns} FROM organizations o WHERE o.name = :name`, { name }),
    organizations: () => db.list(toOrganization, `SELECT ${columns} FROM organizations o ORDER BY o.name`),
    memberships: (accountId) =>
      db.list(
        (row: OrganizationRow & Joined) => ({
          accountId,
          organization: toOrganization(row),
          joinedAtMs: row.joined_at_ms,
        }),
        `SELECT ${columns}, m.joined_at_ms FROM memberships m JOIN organizations o ON o.id = m.organization_id
         WHERE m.account_id = :accountId ORDER BY m.joined_at_ms, o.name`,
        { accountId },
      ),
    members: (organizationId, { after, limit }) =>
      db.list(
        toAccount,
        `SELECT ${accountColumns} FROM memberships m JOIN accounts a ON a.id = m.account_id
         WHERE m.organization_id = :organizationId AND m.account_id > :after ORDER BY m.account_id LIMIT :limit`,
        { organizationId, after: after ?? 0, limit },
      ),
    memberCount: (organizationId) =>
      db.find(
        (row: { members: number }) => row.members,
        'SELECT count(*) AS members FROM memberships WHERE organization_id = :organizationId',
        { organizationId },
      ) ?? 0,
    memberList: (organizationId, { limit, offset }) =>
      db.list(
        (row: AccountRow & Joined) => ({ account: toAccount(row), joinedAtMs: row.joined_at_ms }),
        `SELECT ${accountColumns}, m.joined_at_ms FROM memberships m JOIN accounts a ON a.id = m.account_id
         WHERE m.organization_id = :organizationId ORDER BY m.joined_at_ms, m.account_id LIMIT :limit OFFSET :offset`,
        { organizationId, limit, offset },
      ),
  }
}

function toOrganization({ id, name, created_at_ms }: OrganizationRow): Organization {
  return { id, name, createdAtMs: created_at_ms }
}
