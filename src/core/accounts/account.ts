/** Core: an account: a person or a program that can sign in. */
import type { Authority } from './permissions.ts'
import type { AccountRules } from './rules.ts'

/** `admin` administers Sallyport, `user` does not. A name is unique in its role. */
export type Role = 'admin' | 'user'

/** An account as it is stored. Times are Unix seconds unless the name says otherwise. */
export type Account = {
  /** Never reused (pacerpro `sub`, sftpgo `id`). */
  readonly id: number
  readonly uuid: string
  /** Trimmed, case-sensitive, unique per role. */
  readonly username: string
  readonly role: Role
  /** `organization`: the hidden holder of an organization's own tokens. It never signs in and is never listed. */
  readonly kind: 'person' | 'organization'
  /** The natural person behind the account, for four eyes; by default the account's uuid. */
  readonly person: string
  /** As it was given; compared with ASCII letters in lower case. */
  readonly email: string | null
  readonly status: 'enabled' | 'disabled'
  /** The account can sign in before this second; null: it does not expire. */
  readonly expiresAt: number | null
  /** v4 UUID; a new one ends every token of the account (pacerpro `jti`). */
  readonly epoch: string
  /** Sorted names. */
  readonly groups: readonly string[]
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** PHC string; null: the account cannot sign in with a password. */
  readonly passwordHash: string | null
  /** The password is too short to be the only factor. */
  readonly passwordIsShort: boolean
  /** Sealed secret of the confirmed second factor; null: there is none. */
  readonly totpSealed: Uint8Array | null
  /** Sealed secret that waits for its first code. */
  readonly totpPendingSealed: Uint8Array | null
  /** Sealed list of recovery codes and their use; null: there are none. */
  readonly recoverySealed: Uint8Array | null
  readonly passwordChangedAtMs: number | null
  /** JSON object of the sftpgo dialect (filters, permissions, descriptions); null: there is none. */
  readonly attributes: string | null
  /** The authority of an administrator; null for users. */
  readonly authority: Authority | null
  /** The account rules; `noRules` itself for an account without any. */
  readonly rules: AccountRules
  readonly lastOrganizationId: string | null
  readonly lastSignInAtMs: number | null
  readonly lastSignInIp: string | null
}

/** Returns whether the account may hold sessions at `now` (Unix seconds). */
export function isAccountLive(account: Pick<Account, 'status' | 'expiresAt'>, now: number): boolean {
  return account.status === 'enabled' && (account.expiresAt === null || now < account.expiresAt)
}

/** Returns an e-mail address in the form for comparison: ASCII letters in lower case. */
export function emailKey(email: string): string {
  return email.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
