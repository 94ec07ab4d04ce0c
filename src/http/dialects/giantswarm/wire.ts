/** giantswarm: the wire format. Names are the original's; times are RFC 3339 in UTC. */
import { Type } from 'typebox'
import type { Account } from '../../../core/accounts/account.ts'
import type { Membership } from '../../../core/organizations/organization.ts'
import type { Encodings } from '../../../core/ports.ts'
import { invalidField } from '../../refusals.ts'
import { decodeUtf8 } from '../../steps/read-authorization.ts'

/** Body of a sign-in. */
export const CreateAuthTokenRequest: Type.TObject<{ email: Type.TString; password_base64: Type.TString }> = Type.Object(
  {
    email: Type.String(),
    password_base64: Type.String(),
  },
  { title: 'V4CreateAuthTokenRequest' },
)

/** Answer to a sign-in. */
export const CreateAuthTokenResponse: Type.TObject<{ auth_token: Type.TString }> = Type.Object(
  { auth_token: Type.String() },
  { title: 'V4CreateAuthTokenResponse' },
)

/** Answer with only the result. */
export const GenericResponse: Type.TObject<{ code: Type.TString; message: Type.TString }> = Type.Object(
  { code: Type.String(), message: Type.String() },
  { title: 'V4GenericResponse' },
)

/** A member of an organization. */
export const OrganizationMember: Type.TObject<{ email: Type.TString }> = Type.Object(
  { email: Type.String() },
  { title: 'V4OrganizationMember' },
)

/**
 * Decodes a password: padded base64 in the standard alphabet, of UTF-8 text.
 *
 * @param field name of the member, for the refusal.
 * @throws INPUT_INVALID for anything else.
 * @see Giant Swarm API v4, V4CreateAuthTokenRequest; RFC 4648 section 4
 */
export function decodePassword(
  encodings: Pick<Encodings, 'fromBase64'>,
  text: string,
  field: string = 'password_base64',
): string {
  const bytes = encodings.fromBase64(text)
  const password = bytes === null ? null : decodeUtf8(bytes)
  if (password !== null) return password
  throw invalidField(field, 'is not padded base64 of UTF-8 text')
}

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/**
 * Returns an expiry in whole Unix seconds; null for null and for an empty string, and undefined for undefined.
 *
 * @throws INPUT_INVALID for any other text that is not an RFC 3339 time.
 */
export function decodeExpiry(text: string | null | undefined): number | null | undefined {
  if (text === undefined || text === null) return text
  if (text === '') return null
  const ms = dateTime.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN
  if (!Number.isNaN(ms)) return Math.floor(ms / 1000)
  throw invalidField('expiry', 'is no RFC 3339 time')
}

/**
 * Returns the description of the installation, which has no clusters.
 *
 * `gsctl` fails if `general` or the workers' counts are missing. It also fails if the provider is a cloud and its machine
 * types are missing; the provider `kvm` needs none.
 */
export function encodeInfo(installationName: string): Readonly<Record<string, unknown>> {
  return {
    general: {
      installation_name: installationName,
      provider: 'kvm',
      datacenter: '',
      availability_zones: { max: 1, default: 1 },
    },
    workers: { count_per_cluster: { max: 0, default: 0 } },
  }
}

/** Returns an account; `email` and `expiry` are left out if the account has none. */
export function encodeUser({ email, createdAtMs, expiresAt }: Account): Readonly<Record<string, string>> {
  return {
    ...(email === null ? {} : { email }),
    created: new Date(createdAtMs).toISOString(),
    ...(expiresAt === null ? {} : { expiry: new Date(expiresAt * 1000).toISOString() }),
  }
}

/** The form of an organization's id in the original. */
export const organizationId: RegExp = /^[a-z0-9_]{4,30}$/

/** Returns the organizations whose names have an id in the original, in the order of their ids; `-` becomes `_`. */
export function encodeOrganizations(memberships: readonly Membership[]): { readonly id: string }[] {
  return memberships
    .map(({ organization }) => organization.name.replaceAll('-', '_'))
    .filter((id) => organizationId.test(id))
    .sort()
    .map((id) => ({ id }))
}
