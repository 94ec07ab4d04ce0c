/** sftpgo: the permissions of administrators by their names. */

/** Every permission of SFTPGo; `*` is all of them. Those of operations that are not offered are kept and grant nothing. */
export const permissions = [
  '*',
  'add_users',
  'edit_users',
  'del_users',
  'view_users',
  'view_conns',
  'close_conns',
  'view_status',
  'manage_folders',
  'manage_groups',
  'quota_scans',
  'manage_defender',
  'view_defender',
  'view_events',
  'disable_mfa',
] as const

/** One of them. */
export type Permission = (typeof permissions)[number]

/** Returns whether two lists grant the same, in any order. */
export function grantsTheSame(one: readonly string[], other: readonly string[]): boolean {
  return new Set(one).symmetricDifference(new Set(other)).size === 0
}
