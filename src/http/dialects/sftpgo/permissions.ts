/** sftpgo: what an administrator may do; read from the account at each request, so that a token never outlives its rights. */
import type { Account } from '../../../core/accounts/account.ts'
import { Refusal } from '../../../core/errors.ts'
import { readAttributes } from './attributes.ts'

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

/** @throws ROLE_DENIED unless the administrator was granted the permission, or all. */
export function requirePermission(account: Account, permission: Permission): void {
  const granted = readAttributes(account).permissions
  if (granted.includes('*') || granted.includes(permission)) return
  throw new Refusal('ROLE_DENIED', { detail: `the permission ${permission} is missing` })
}

/** Tells whether two lists grant the same, whatever their order. */
export function grantsTheSame(one: readonly string[], other: readonly string[]): boolean {
  return new Set(one).symmetricDifference(new Set(other)).size === 0
}
