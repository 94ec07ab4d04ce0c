/** sftpgo: what a list of SFTPGo's permissions grants outside this dialect, and which list an authority means here. */
import {
  type Authority,
  grantedBy,
  knownPermissions,
  ownerAuthority,
  type Permission,
} from '../../../core/accounts/permissions.ts'
import type { Permission as SftpgoPermission } from './permissions.ts'

/** Permissions that have a name here; each is granted when all of its names are listed. */
const mapped: readonly (readonly [Permission, readonly SftpgoPermission[]])[] = [
  ['accounts.read', ['view_users']],
  ['accounts.write', ['add_users', 'edit_users', 'del_users']],
  ['accounts.secure', ['disable_mfa', 'manage_defender']],
  ['terminals.end', ['view_conns', 'close_conns']],
  ['audit.read', ['view_events']],
  ['system.read', ['view_status', 'view_defender']],
]

/** Grants nothing here: the list of an administrator holds one name at least. */
const nothing: SftpgoPermission = 'manage_folders'

/** Returns the list of this dialect that an authority means. */
export function listOf(authority: Authority | null): readonly SftpgoPermission[] {
  if (authority?.role === 'owner') return ['*']
  const held = grantedBy(authority)
  const names = mapped.filter(([permission]) => held.includes(permission)).flatMap(([, listed]) => listed)
  return names.length === 0 ? [nothing] : names
}

/** What of an administrator's attributes decides. */
export type Listed = { readonly permissions: readonly string[]; readonly role: string }

/**
 * Returns the authority of an administrator whose list was written.
 *
 * `*` makes an owner. Any other list replaces the permissions that have a name here, and keeps those that were granted
 * elsewhere. A list that drops `*` drops those too. An administrator with a role of this dialect holds nothing outside
 * it. A named role whose grants stay the same stays by name.
 */
export function authorityOf(before: Authority | null, { permissions, role }: Listed): Authority {
  if (role !== '') return { role: 'custom', permissions: [] }
  if (permissions.includes('*')) return ownerAuthority
  const held = before === null || before.role === 'owner' ? [] : grantedBy(before)
  const elsewhere = held.filter((permission) => !mapped.some(([name]) => name === permission))
  const listed = mapped.filter(([, names]) => names.every((name) => permissions.includes(name))).map(([name]) => name)
  const granted = knownPermissions([...elsewhere, ...listed])
  const isSame = granted.length === held.length && granted.every((permission) => held.includes(permission))
  return isSame && before !== null && before.role !== 'owner' ? before : { role: 'custom', permissions: granted }
}
