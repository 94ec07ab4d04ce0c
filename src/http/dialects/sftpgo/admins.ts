/** sftpgo: administration of administrators, by those who may do everything (SFTPGo REST API, admins). */
import type { App, HttpContext } from '../../context.ts'
import { encodeAdmin } from './account-shape.ts'
import { decodeAdmin } from './account-shape-admin.ts'
import { registerAccounts } from './account-shape-routes.ts'

/** Registers list, add, read, change and removal of administrators, and the removal of their second factors. */
export function registerAdmins(app: App, context: HttpContext): void {
  registerAccounts(app, context, {
    role: 'admin',
    path: '/admins',
    noun: 'Admin',
    permissions: { list: '*', read: '*', add: '*', change: '*', remove: '*', disableFactor: '*' },
    decode: decodeAdmin,
    encode: encodeAdmin,
  })
}
