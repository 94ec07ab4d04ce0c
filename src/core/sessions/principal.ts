/** Core: the holder of an accepted token. */
import type { Account } from '../accounts/account.ts'
import type { Dialect } from '../dialects.ts'
import type { Proof } from './session.ts'

/** The facts of a session in memory. */
export type SessionFacts = {
  readonly row: number
  readonly id: string
  readonly dialect: Dialect
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly proof: Proof
  readonly authenticatedAt: number
  readonly isApplicationPassword: boolean
  /** A credential started it, possibly an application password, not a person. */
  readonly isByCredential: boolean
}

/** The holder of an accepted token, and its session. */
export type Principal = {
  readonly account: Account
  readonly session: SessionFacts
  readonly organizationId: string | null
  readonly tokenRow: number
  /** Unix seconds; null: the token does not expire by itself. */
  readonly tokenExpiresAt: number | null
  /** The one address that may use it; null: any. */
  readonly boundIp: string | null
}
