/** SQLite store: accounts as rows and as the core's type. */
import type { Account, Role } from '../../../core/accounts/account.ts'
import { type Authority, knownPermissions, type NamedRole } from '../../../core/accounts/permissions.ts'
import { parseRules } from '../../../core/accounts/rules.ts'
import type { Database } from '../database.ts'

/** Columns of an account; the table is called `a`. */
export const accountColumns: string = `
  a.id AS account_id, a.uuid AS account_uuid, a.username, a.role, a.kind AS account_kind, coalesce(a.person, a.uuid) AS person, a.email, a.status,
  a.expires_at AS account_expires_at, a.epoch AS account_epoch, a.password_hash, a.password_is_short,
  a.totp_sealed, a.totp_pending_sealed, a.recovery_sealed, a.password_changed_at_ms, a.attributes, a.rules, a.admin_role, a.admin_permissions, a.last_organization_id, a.last_sign_in_at_ms, a.last_sign_in_ip,
  a.created_at_ms AS account_created_at_ms, a.updated_at_ms AS account_updated_at_ms,
  (SELECT json_group_array(g.name ORDER BY g.name) FROM account_groups g WHERE g.account_id = a.id) AS account_groups`

/** The start of every read of accounts; removed ones are not found. */
export const selectAccounts: string = `SELECT ${accountColumns} FROM accounts a WHERE a.status <> 'removed'`

/** A row of `accountColumns`. */
export type AccountRow = {
  readonly account_id: number
  readonly account_uuid: string
  readonly username: string
  readonly role: Role
  readonly account_kind: Account['kind']
  readonly person: string
  readonly email: string | null
  readonly status: Account['status'] | 'removed'
  readonly account_expires_at: number | null
  readonly account_epoch: string
  readonly password_hash: string | null
  readonly password_is_short: number
  readonly totp_sealed: Uint8Array | null
  readonly totp_pending_sealed: Uint8Array | null
  readonly recovery_sealed: Uint8Array | null
  readonly password_changed_at_ms: number | null
  readonly attributes: string | null
  readonly rules: string | null
  readonly admin_role: Authority['role'] | null
  readonly admin_permissions: string | null
  readonly last_organization_id: string | null
  readonly last_sign_in_at_ms: number | null
  readonly last_sign_in_ip: string | null
  readonly account_created_at_ms: number
  readonly account_updated_at_ms: number
  readonly account_groups: string
}

/** Returns the account of a row. A removed account, which only its tokens lead to, counts as disabled. */
export function toAccount(row: AccountRow): Account {
  return {
    id: row.account_id,
    uuid: row.account_uuid,
    username: row.username,
    role: row.role,
    kind: row.account_kind,
    person: row.person,
    email: row.email,
    status: row.status === 'removed' ? 'disabled' : row.status,
    expiresAt: row.account_expires_at,
    epoch: row.account_epoch,
    groups: JSON.parse(row.account_groups) as string[],
    createdAtMs: row.account_created_at_ms,
    updatedAtMs: row.account_updated_at_ms,
    passwordHash: row.password_hash,
    passwordIsShort: row.password_is_short === 1,
    totpSealed: row.totp_sealed,
    totpPendingSealed: row.totp_pending_sealed,
    recoverySealed: row.recovery_sealed,
    passwordChangedAtMs: row.password_changed_at_ms,
    attributes: row.attributes,
    authority: toAuthority(row),
    rules: parseRules(row.rules),
    lastOrganizationId: row.last_organization_id,
    lastSignInAtMs: row.last_sign_in_at_ms,
    lastSignInIp: row.last_sign_in_ip,
  }
}

/** Returns an account that was not removed, or null. */
export function findAccount(db: Database, id: number): Account | null {
  return db.find(toAccount, `${selectAccounts} AND a.id = :id`, { id })
}

/** Returns whether there was ever an administrator. */
export function wasAdministratorMade(db: Database): boolean {
  return db.has("SELECT 1 FROM store_marks WHERE name = 'administrator-made'")
}

/** Columns of an authority. */
type AuthorityColumns = { readonly adminRole: Authority['role'] | null; readonly adminPermissions: string | null }

/** Returns an authority as its columns. */
export function authorityColumns(authority: Authority | null): AuthorityColumns {
  if (authority === null) return { adminRole: null, adminPermissions: null }
  return {
    adminRole: authority.role,
    adminPermissions: authority.role === 'custom' ? JSON.stringify(authority.permissions) : null,
  }
}

function toAuthority({ admin_role, admin_permissions }: AccountRow): Authority | null {
  if (admin_role === null) return null
  if (admin_role !== 'custom') return { role: admin_role satisfies NamedRole }
  return { role: admin_role, permissions: knownPermissions(JSON.parse(admin_permissions ?? '[]') as string[]) }
}
