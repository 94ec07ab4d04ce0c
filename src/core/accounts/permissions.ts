/** Core: what administrators can hold: thirteen permissions, four named roles, and lists. */

/** Every permission; each administrative operation needs exactly one. */
export const permissions = [
  'accounts.read',
  'accounts.write',
  'accounts.secure',
  'admins.write',
  'access.read',
  'access.write',
  'changes.approve',
  'terminals.end',
  'recordings.read',
  'audit.read',
  'keys.write',
  'system.read',
  'system.write',
] as const

/** One of them. */
export type Permission = (typeof permissions)[number]

/** A role with a fixed list. */
export type NamedRole = 'owner' | 'operator' | 'approver' | 'auditor'

const grants: Readonly<Record<NamedRole, readonly Permission[]>> = {
  owner: permissions,
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
}

/** The roles with a fixed list, the widest first. */
export const namedRoles: readonly NamedRole[] = ['owner', 'operator', 'approver', 'auditor']

/** The authority of an administrator. Named roles are stored by name, so that they gain new permissions. */
export type Authority =
  | { readonly role: NamedRole }
  | { readonly role: 'custom'; readonly permissions: readonly Permission[] }

/** The authority of an owner. */
export const ownerAuthority: Authority = { role: 'owner' }

const nothing: readonly Permission[] = []

/** Returns the permissions of an authority; null, the authority of users, has none. */
export function grantedBy(authority: Authority | null): readonly Permission[] {
  if (authority === null) return nothing
  return authority.role === 'custom' ? authority.permissions : grants[authority.role]
}

/** Returns the known permissions of a list, each once, in the order of {@link permissions}. */
export function knownPermissions(names: readonly string[]): readonly Permission[] {
  return permissions.filter((permission) => names.includes(permission))
}

/** Returns whether two authorities are the same: named roles by name, lists by content. */
export function isSameAuthority(one: Authority | null, other: Authority | null): boolean {
  if (one === null || other === null) return one === other
  if (one.role !== 'custom' || other.role !== 'custom') return one.role === other.role
  return knownPermissions(one.permissions).join() === knownPermissions(other.permissions).join()
}
