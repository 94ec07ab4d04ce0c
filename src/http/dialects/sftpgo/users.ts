/** sftpgo: administration of users (SFTPGo REST API, users). */
import type { App, HttpContext } from '../../context.ts'
import { encodeUser } from './account-shape.ts'
import { registerAccounts } from './account-shape-routes.ts'
import { decodeUser } from './account-shape-user.ts'

/** Registers list, add, read, change and removal of users, and the removal of their second factors. */
export function registerUsers(app: App, context: HttpContext): void {
  registerAccounts(app, context, {
    role: 'user',
    path: '/users',
    noun: 'User',
    permissions: {
      list: 'view_users',
      read: 'view_users',
      add: 'add_users',
      change: 'edit_users',
      remove: 'del_users',
      disableFactor: 'disable_mfa',
    },
    decode: decodeUser,
    encode: encodeUser,
  })
}
