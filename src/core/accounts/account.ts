/** Core: what an account is; a person or a program that can sign in. */
import type { Authority } from '../administration/permissions.ts'
import type { AccountRules } from './rules.ts'

/** `admin` manages Sallyport, `user` does not; names are unique per role. */
export type Role = 'admin' | 'user'

/** An account as the store keeps it. Times are Unix seconds unless the name says otherwise. */
export type Account = {
  /** Never reused (pacerpro `sub`, sftpgo `id`). */
  readonly id: number
  readonly uuid: string
  /** Trimmed, case-sensitive, unique per role. */
  readonly username: string
  readonly role: Role
  /** `organization`: the hidden holder of an organization's own tokens; it never signs in and is never listed. */
  readonly kind: 'person' | 'organization'
  /** The natural person behind the account, as four eyes compares; its uuid where nothing else was said. */
  readonly person: string
  /** As it was given; compared ASCII-lower-cased. */
  readonly email: string | null
  readonly status: 'enabled' | 'disabled'
  /** The account signs in strictly before this second; null: it does not expire. */
  readonly expiresAt: number | null
  /** v4 UUID; rotating it ends every token of the account (pacerpro `jti`). */
  readonly epoch: string
  /** Sorted names. */
  readonly groups: readonly string[]
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** PHC string; null: the account cannot sign in with a password. */
  readonly passwordHash: string | null
  /** The password is shorter than one that stands alone may be. */
  readonly passwordIsShort: boolean
  /** Secret of the confirmed second factor, sealed; null where there is none. */
  readonly totpSealed: Uint8Array | null
  /** Secret that waits for its first code, sealed. */
  readonly totpPendingSealed: Uint8Array | null
  /** Sealed list of recovery codes with what was used; null where there are none. */
  readonly recoverySealed: Uint8Array | null
  readonly passwordChangedAtMs: number | null
  /** JSON object that the sftpgo dialect keeps with the account (filters, permissions, descriptions); null: nothing kept. */
  readonly attributes: string | null
  /** What an administrator was granted; null for users. */
  readonly authority: Authority | null
  /** From where, when and how the account may come; `noRules` itself for an account without any. */
  readonly rules: AccountRules
  readonly lastOrganizationId: string | null
  readonly lastSignInAtMs: number | null
  readonly lastSignInIp: string | null
}

/** Tells whether the account may hold sessions at `now` (Unix seconds). */
export function isAccountLive(account: Pick<Account, 'status' | 'expiresAt'>, now: number): boolean {
  return account.status === 'enabled' && (account.expiresAt === null || now < account.expiresAt)
}

/** Returns an e-mail address as it is compared: ASCII letters in lower case, all else as it is. */
export function emailKey(email: string): string {
  return email.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
