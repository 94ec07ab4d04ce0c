/** koyeb: the wire format (proto3 JSON). Names are proto names, every member is present, and an absent message is null. */
import type { Account } from '../../../core/accounts/account.ts'
import type { Organization } from '../../../core/organizations/organization.ts'
import type { Grant, Minted } from '../../../core/sessions/create-session.ts'
import type { HttpSettings } from '../../context.ts'
import { collectFaults, decodeObject, textMember } from './body.ts'

/** The body of Login. */
export type LoginRequest = {
  readonly email: string
  readonly password: string
  /** null: the body names none. */
  readonly organizationId: string | null
}

/**
 * Decodes the body of Login. Unknown members are ignored.
 *
 * @throws INPUT_INVALID with one field for each member that is missing, empty or not a string.
 */
export function decodeLogin(body: unknown): LoginRequest {
  const members = decodeObject(body)
  return collectFaults((faults) => {
    const email = textMember(members, 'email', faults)
    const password = textMember(members, 'password', faults)
    const organizationId = textMember(members, 'organization_id', faults)
    for (const [field, value] of Object.entries({ email, password })) {
      const isBlank = value === '' && !faults.some((fault) => fault.field === field)
      if (isBlank) faults.push({ field, description: 'cannot be blank' })
    }
    return { email, password, organizationId: organizationId === '' ? null : organizationId }
  })
}

/** Encodes the answer that carries a token; `id` is the bearer secret itself. */
export function encodeLoginReply(grant: Grant, minted: Minted): string {
  return JSON.stringify({
    token: {
      id: minted.accessToken,
      user_id: grant.account.uuid,
      organization_id: grant.organizationId ?? '',
      expires_at: timestamp(minted.expiresAt === null ? null : minted.expiresAt * 1000),
    },
  })
}

/** Returns the URL of the picture of every account. It is absolute, because the dashboard parses it as a URL. */
export function avatarUrl({ publicUrl, dialects }: Pick<HttpSettings, 'publicUrl' | 'dialects'>): string {
  return `${publicUrl}${dialects.koyeb.prefix}/avatar.svg`
}

/** Encodes an account as `User`; members that Sallyport does not keep are empty. */
export function encodeUser(account: Account, avatar: string): Readonly<Record<string, unknown>> {
  return {
    id: account.uuid,
    email: account.email ?? '',
    avatar_url: avatar,
    two_factor_authentication: account.totpSealed !== null,
    last_login: timestamp(account.lastSignInAtMs),
    last_login_ip: account.lastSignInIp ?? '',
    updated_at: timestamp(account.updatedAtMs),
    created_at: timestamp(account.createdAtMs),
    newsletter_subscribed: false,
    github_id: '',
    github_user: '',
    flags: [],
    name: account.username,
    email_validated: true,
    trialed: false,
  }
}

/** Encodes an `Organization`; members of billing are empty. */
export function encodeOrganization({ id, name }: Organization): Readonly<Record<string, unknown>> {
  return {
    id,
    external_id: '',
    address1: '',
    address2: '',
    city: '',
    postal_code: '',
    state: '',
    country: '',
    company: false,
    vat_number: '',
    billing_name: '',
    billing_email: '',
    name,
    plan: 'hobby',
    plan_updated_at: null,
    has_payment_method: false,
    subscription_id: '',
    current_subscription_id: '',
    latest_subscription_id: '',
    // An object: otherwise the dashboard shows its questions for new users.
    signup_qualification: {},
    status: 'ACTIVE',
    status_message: 'VALID',
    deactivation_reason: 'INVALID',
    verified: true,
    qualifies_for_hobby23: false,
    reprocess_after: null,
    trialing: false,
    trial_starts_at: null,
    trial_ends_at: null,
    email_domain_allowlist: [],
    default_project_id: '',
  }
}

/** Returns RFC 3339 in UTC, without a zero fraction (proto3 JSON, Timestamp). */
export function timestamp(unixMs: number | null): string | null {
  return unixMs === null ? null : new Date(unixMs).toISOString().replace('.000Z', 'Z')
}
