/** Core: sessions and when they end. Pure: the time is a parameter. */
import type { Dialect } from '../dialects.ts'

/** What the account proved at sign-in: a password, or a password and a code of the second factor. */
export type Proof = 'password' | 'password+otp'

/** How long a session lives, in seconds; null: without end. */
export type Lifetimes = { readonly idleSeconds: number | null; readonly absoluteSeconds: number | null }

/** One sign-in of one account. Times are Unix seconds unless the name says otherwise. */
export type Session = {
  /** Number of its row, rising with creation, never reused. */
  readonly row: number
  /** v4 UUID; what clients see. */
  readonly id: string
  readonly accountId: number
  /** The epoch of the account when it was created; if the account's epoch differs, the session has ended. */
  readonly epoch: string
  readonly dialect: Dialect
  readonly organizationId: string | null
  readonly ip: string
  /** At most 256 printable characters. */
  readonly userAgent: string
  /** SHA-256 of the device fingerprint that a client sent; null: none. */
  readonly fingerprintDigest: Uint8Array | null
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly idleSeconds: number | null
  /** The absolute end; null: none. */
  readonly expiresAt: number | null
  readonly proof: Proof
  readonly authenticatedAt: number
  readonly isApplicationPassword: boolean
  /** The credential that started it and that it ends with; null for a sign-in by a person. */
  readonly credentialId: string | null
  /** Sequence number of the revocation that ended it; null while it lives. */
  readonly revokedSeq: number | null
}

/** Facts of the client that signs in. */
export type ClientFacts = {
  /** Canonical: IPv4-mapped addresses as IPv4. */
  readonly ip: string
  readonly userAgent: string
  readonly fingerprintDigest: Uint8Array | null
}

/** Returns whether either lifetime of a session has ended at `now` (Unix seconds); the end itself counts. */
export function hasSessionExpired(
  session: Pick<Session, 'lastSeenAt' | 'idleSeconds' | 'expiresAt'>,
  now: number,
): boolean {
  if (session.expiresAt !== null && now >= session.expiresAt) return true
  return session.idleSeconds !== null && now - session.lastSeenAt >= session.idleSeconds
}

/**
 * Returns the session that stays when its own account changes password or second factor; 0: none. Tokens of pacerpro
 * contain the epoch, so there all end.
 */
export function sessionThatGoesOn(session: { readonly row: number; readonly dialect: Dialect }): number {
  return session.dialect === 'pacerpro' ? 0 : session.row
}

/**
 * Returns when a session that this one starts ends at the latest, in Unix seconds: with this one, if it has a shorter
 * life than its dialect's; null: by its own lifetimes.
 */
export function endOfBegun(session: Pick<Session, 'createdAt' | 'expiresAt'>, life: Lifetimes): number | null {
  const { createdAt, expiresAt } = session
  if (expiresAt === null) return null
  return life.absoluteSeconds === null || expiresAt - createdAt < life.absoluteSeconds ? expiresAt : null
}

/** Returns the earlier of two ends in Unix seconds; null is no end. */
export function earlierEnd(one: number | null, other: number | null): number | null {
  if (one === null) return other
  return other === null ? one : Math.min(one, other)
}
