/** control: the wire format. Names are snake case; times are RFC 3339 in UTC. */
import type { Account } from '../../../core/accounts/account.ts'
import { grantedBy } from '../../../core/accounts/permissions.ts'
import type { Membership } from '../../../core/organizations/organization.ts'
import type { Grant, Minted } from '../../../core/sessions/create-session.ts'
import type { Session } from '../../../core/sessions/session.ts'

/** Encodes the answer to a sign-in or a refresh. */
export function encodeSession(grant: Grant, minted: Minted): string {
  return JSON.stringify({
    session_id: grant.sessionId,
    access_token: minted.accessToken,
    token_type: 'Bearer',
    expires_at: time(grant.expiresAt),
    refresh_token: minted.refreshToken,
    refresh_expires_at: time(grant.refreshExpiresAt),
  })
}

/** Encodes one row of the list of sessions. */
export function encodeSessionFacts(session: Session, currentRow: number): Readonly<Record<string, unknown>> {
  return {
    id: session.id,
    dialect: session.dialect,
    organization_id: session.organizationId,
    ip: session.ip,
    user_agent: session.userAgent,
    created_at: time(session.createdAt),
    last_seen_at: time(session.lastSeenAt),
    expires_at: time(session.expiresAt),
    current: session.row === currentRow,
  }
}

/** Encodes the caller's account. */
export function encodeAccount(account: Account, memberships: readonly Membership[]): Readonly<Record<string, unknown>> {
  return {
    id: account.id,
    uuid: account.uuid,
    username: account.username,
    email: account.email,
    role: account.role,
    permissions: grantedBy(account.authority),
    groups: account.groups,
    organizations: memberships.map(({ organization }) => ({ id: organization.id, name: organization.name })),
    second_factor: account.totpSealed !== null,
    expires_at: time(account.expiresAt),
    created_at: new Date(account.createdAtMs).toISOString(),
  }
}

function time(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString()
}
