/** sftpgo: its two realms; an account of one role, its paths and its tokens never pass for the other's. */
import type { Role } from '../../../core/accounts/account.ts'

/** One realm (SFTPGo REST API, token and user/token). */
export type Realm = {
  /** Accounts of this role and no other sign in here. */
  readonly role: Role
  /** First entry of `aud` in every token of the realm. */
  readonly audience: 'API' | 'APIUser'
  /** Put between `/api/v2` and the path of an operation. */
  readonly path: '' | '/user'
}

/** Administrators. */
export const adminRealm: Realm = { role: 'admin', audience: 'API', path: '' }

/** Users. */
export const userRealm: Realm = { role: 'user', audience: 'APIUser', path: '/user' }

/** Both. */
export const realms: readonly Realm[] = [adminRealm, userRealm]
