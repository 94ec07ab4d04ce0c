/** koyeb: the wire format of credentials. Only the answer that creates a credential contains its secret. */
import type { CredentialChange } from '../../../core/credentials/commands.ts'
import type { Credential } from '../../../core/credentials/credential.ts'
import type { FieldFault } from '../../../core/errors.ts'
import { collectFaults, decodeObject, type Members, textMember } from './body.ts'
import { lastOf, type Query } from './page.ts'
import { timestamp } from './wire.ts'

/** Maximum length of a name, in characters (our choice). */
export const longestName = 255
/** Maximum length of a description, in characters (our choice). */
export const longestDescription = 4_096

/** Our kind for each of Koyeb's types. */
const kinds = { USER: 'access-token', ORGANIZATION: 'organization-token' } as const

/** A kind of bearer credential. */
export type BearerKind = (typeof kinds)[keyof typeof kinds]

/** The credential that a client asks for. */
export type CredentialRequest = {
  readonly kind: BearerKind
  readonly name: string
  readonly description: string
  /** Empty: the body names none. */
  readonly organizationId: string
}

/**
 * Decodes the body of CreateCredential.
 *
 * @throws INPUT_INVALID with one field for each member that is missing or malformed.
 */
export function decodeCredential(body: unknown): CredentialRequest {
  const members = decodeObject(body)
  return collectFaults((faults) => {
    const name = nameMember(members, faults)
    const description = descriptionMember(members, faults)
    const kind = kindOf(textMember(members, 'type', faults))
    const organizationId = textMember(members, 'organization_id', faults)
    if (kind === null) faults.push({ field: 'type', description: 'must be USER or ORGANIZATION' })
    return { kind: kind ?? 'access-token', name, description, organizationId }
  })
}

/**
 * Decodes a change. PUT sets everything that can change, and PATCH sets what its body contains. A mask names the members
 * for both.
 *
 * @param query `update_mask`: names with commas between them.
 * @throws INPUT_INVALID
 */
export function decodeCredentialChange(method: 'PUT' | 'PATCH', body: unknown, query: Query): CredentialChange {
  const members = decodeObject(body)
  const mask = lastOf(query.update_mask)
  const isNamed = (field: string): boolean => {
    if (mask !== '') return mask.split(',').some((path) => path.trim() === field)
    return method === 'PUT' || (members[field] ?? null) !== null
  }
  return collectFaults((faults) => ({
    ...(isNamed('name') ? { name: nameMember(members, faults) } : {}),
    ...(isNamed('description') ? { description: descriptionMember(members, faults) } : {}),
  }))
}

/** The filter of a list. */
export type CredentialFilter = {
  readonly kind: BearerKind | null
  /** A part of the name, in lower case. */
  readonly name: string
  readonly organizationId: string
  readonly userId: string
}

/** Decodes the filter of a list. An empty parameter does not filter. */
export function decodeCredentialFilter(query: Query, faults: FieldFault[]): CredentialFilter {
  const type = lastOf(query.type)
  const kind = kindOf(type)
  if (kind === null && type !== '' && type !== 'INVALID') faults.push({ field: 'type', description: 'is not known' })
  return {
    kind,
    name: lastOf(query.name).toLowerCase(),
    organizationId: lastOf(query.organization_id),
    userId: lastOf(query.user_id),
  }
}

/** Returns the UUID of a credential's account; empty if the credential belongs to an organization. */
export function userIdOf({ kind }: Credential, account: { readonly uuid: string }): string {
  return kind === 'access-token' ? account.uuid : ''
}

/** Encodes a `Credential`; `token` is empty except in the answer that creates it. */
export function encodeCredential(
  credential: Credential,
  { userId, token }: { readonly userId: string; readonly token: string },
): Readonly<Record<string, unknown>> {
  return {
    id: credential.id,
    type: credential.kind === 'access-token' ? 'USER' : 'ORGANIZATION',
    name: credential.name,
    token,
    description: credential.description,
    user_id: userId,
    organization_id: credential.organizationId ?? '',
    updated_at: timestamp(credential.updatedAtMs),
    created_at: timestamp(credential.createdAtMs),
    expires_at: timestamp(credential.expiresAtMs),
  }
}

function kindOf(type: string): BearerKind | null {
  return type === 'USER' || type === 'ORGANIZATION' ? kinds[type] : null
}

function nameMember(members: Members, faults: FieldFault[]): string {
  const before = faults.length
  const name = textMember(members, 'name', faults)
  if (faults.length > before) return ''
  if (name.trim() === '') faults.push({ field: 'name', description: 'cannot be blank' })
  if (name.length > longestName) faults.push({ field: 'name', description: `is longer than ${longestName} characters` })
  return name
}

function descriptionMember(members: Members, faults: FieldFault[]): string {
  const description = textMember(members, 'description', faults)
  if (description.length > longestDescription) {
    faults.push({ field: 'description', description: `is longer than ${longestDescription} characters` })
  }
  return description
}
