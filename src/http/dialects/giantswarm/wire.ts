/** giantswarm: its bodies; names as in the original's definitions, times RFC 3339 in UTC. */
import { Type } from 'typebox'
import type { Account } from '../../../core/accounts/account.ts'
import type { Membership } from '../../../core/organizations/organization.ts'
import type { Encodings } from '../../../core/ports.ts'
import { decodeUtf8 } from '../../steps/read-authorization.ts'
import { invalidField } from '../../to-refusal.ts'

/** What a sign-in sends. */
export const CreateAuthTokenRequest: Type.TObject<{ email: Type.TString; password_base64: Type.TString }> = Type.Object(
  {
    email: Type.String(),
    password_base64: Type.String(),
  },
  { title: 'V4CreateAuthTokenRequest' },
)

/** What carries a token. */
export const CreateAuthTokenResponse: Type.TObject<{ auth_token: Type.TString }> = Type.Object(
  { auth_token: Type.String() },
  { title: 'V4CreateAuthTokenResponse' },
)

/** What says how it went. */
export const GenericResponse: Type.TObject<{ code: Type.TString; message: Type.TString }> = Type.Object(
  { code: Type.String(), message: Type.String() },
  { title: 'V4GenericResponse' },
)

/**
 * Returns a password as it is sent: the standard alphabet with its padding, over UTF-8.
 *
 * @param field what the fault names.
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

/**
 * Returns what is told of the installation: one without clusters.
 *
 * `gsctl` stops with a fault where `general` or the workers' counts are missing, or where the provider is one of a cloud
 * and its machine types are missing; the provider `kvm` needs none.
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

/** Returns the caller's own account; `email` and `expiry` are left out where there is none. */
export function encodeUser({ email, createdAtMs, expiresAt }: Account): Readonly<Record<string, string>> {
  return {
    ...(email === null ? {} : { email }),
    created: new Date(createdAtMs).toISOString(),
    ...(expiresAt === null ? {} : { expiry: new Date(expiresAt * 1000).toISOString() }),
  }
}

/** Ids of organizations as the original has them. */
export const organizationId: RegExp = /^[a-z0-9_]{4,30}$/

/** Returns the organizations that can be told to clients of the original, in the order of their ids; `-` is shown as `_`. */
export function encodeOrganizations(memberships: readonly Membership[]): { readonly id: string }[] {
  return memberships
    .map(({ organization }) => organization.name.replaceAll('-', '_'))
    .filter((id) => organizationId.test(id))
    .sort()
    .map((id) => ({ id }))
}
