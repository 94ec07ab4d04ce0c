/** sftpgo: asks the list of an administrator; read from the account at each request, so that a token never outlives its rights. */
import type { Account } from '../../../core/accounts/account.ts'
import { permissionMissing } from '../../../core/administration/authorise.ts'
import { readAttributes } from './attributes.ts'
import type { Permission } from './permissions.ts'

/** @throws ROLE_DENIED unless the administrator was granted the permission, or all. */
export function requirePermission(account: Account, permission: Permission): void {
  const granted = readAttributes(account).permissions
  if (granted.includes('*') || granted.includes(permission)) return
  throw permissionMissing(permission)
}
