/** giantswarm: bodies of the calls on accounts and organizations, by the original's names. */
import { type Static, Type } from 'typebox'
import { invalidField } from '../../to-refusal.ts'

type TextOrNull = Type.TUnion<[Type.TString, Type.TNull]>

const expiry: Type.TOptional<TextOrNull> = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** createUser; the password is base64. */
export const CreateUserRequest: Type.TObject<{ password: Type.TString; expiry: Type.TOptional<TextOrNull> }> =
  Type.Object({ password: Type.String(), expiry }, { title: 'V4CreateUserRequest' })
export type CreateUserRequest = Static<typeof CreateUserRequest>

/** modifyUser. */
export const ModifyUserRequest: Type.TObject<{
  email: Type.TOptional<Type.TString>
  expiry: Type.TOptional<TextOrNull>
}> = Type.Object({ email: Type.Optional(Type.String()), expiry }, { title: 'V4ModifyUserRequest' })
export type ModifyUserRequest = Static<typeof ModifyUserRequest>

/** modifyPassword. */
export const ModifyPasswordRequest: Type.TObject<{
  current_password_base64: Type.TOptional<Type.TString>
  new_password_base64: Type.TString
}> = Type.Object(
  { current_password_base64: Type.Optional(Type.String()), new_password_base64: Type.String() },
  { title: 'V4ModifyUserPasswordRequest' },
)
export type ModifyPasswordRequest = Static<typeof ModifyPasswordRequest>

/** A member of an organization. */
export const OrganizationMember: Type.TObject<{ email: Type.TString }> = Type.Object(
  { email: Type.String() },
  { title: 'V4OrganizationMember' },
)

/** addOrganization; an id in the body says nothing that the address does not say. */
export const OrganizationRequest: Type.TObject<{
  members: Type.TOptional<Type.TArray<Type.TObject<{ email: Type.TString }>>>
}> = Type.Object(
  { members: Type.Optional(Type.Array(OrganizationMember, { maxItems: 1_000 })) },
  { title: 'V4OrganizationRequest' },
)
export type OrganizationRequest = Static<typeof OrganizationRequest>

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/**
 * Returns an expiry in whole Unix seconds; null, or an empty text, is none, and undefined says nothing.
 *
 * @throws INPUT_INVALID for what is no RFC 3339 time.
 */
export function decodeExpiry(text: string | null | undefined): number | null | undefined {
  if (text === undefined || text === null) return text
  if (text === '') return null
  const ms = dateTime.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN
  if (!Number.isNaN(ms)) return Math.floor(ms / 1000)
  throw invalidField('expiry', 'is no RFC 3339 time')
}
