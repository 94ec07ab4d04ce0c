/** SQLite store: sessions as rows and as the core's type. */
import type { Dialect } from '../../../core/dialects.ts'
import type { Proof, Session } from '../../../core/sessions/session.ts'

/** Columns of a session; the table is called `s`. */
export const sessionColumns: string = `
  s.row AS session_row, s.id AS session_id, s.account_id AS session_account_id, s.epoch AS session_epoch, s.dialect,
  s.organization_id, s.ip, s.user_agent, s.fingerprint_digest, s.created_at AS session_created_at, s.last_seen_at,
  s.idle_seconds, s.expires_at AS session_expires_at, s.proof, s.authenticated_at, s.is_application_password,
  s.credential_id, s.revoked_seq AS session_revoked_seq`

/** A row of `sessionColumns`. */
export type SessionRow = {
  readonly session_row: number
  readonly session_id: string
  readonly session_account_id: number
  readonly session_epoch: string
  readonly dialect: Dialect
  readonly organization_id: string | null
  readonly ip: string
  readonly user_agent: string
  readonly fingerprint_digest: Uint8Array | null
  readonly session_created_at: number
  readonly last_seen_at: number
  readonly idle_seconds: number | null
  readonly session_expires_at: number | null
  readonly proof: Proof
  readonly authenticated_at: number
  readonly is_application_password: number
  readonly credential_id: string | null
  readonly session_revoked_seq: number | null
}

/** Returns the session of a row. */
export function toSession(row: SessionRow): Session {
  return {
    row: row.session_row,
    id: row.session_id,
    accountId: row.session_account_id,
    epoch: row.session_epoch,
    dialect: row.dialect,
    organizationId: row.organization_id,
    ip: row.ip,
    userAgent: row.user_agent,
    fingerprintDigest: row.fingerprint_digest,
    createdAt: row.session_created_at,
    lastSeenAt: row.last_seen_at,
    idleSeconds: row.idle_seconds,
    expiresAt: row.session_expires_at,
    proof: row.proof,
    authenticatedAt: row.authenticated_at,
    isApplicationPassword: row.is_application_password === 1,
    credentialId: row.credential_id,
    revokedSeq: row.session_revoked_seq,
  }
}
