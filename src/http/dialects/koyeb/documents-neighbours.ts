/** koyeb: what the OpenAPI document says of the routes around the Sessions API. */
import { type TSchema, Type } from 'typebox'
import { organizationName } from '../../../core/organizations/organization.ts'
import type { ParameterDocument } from '../../openapi/operation.ts'
import { longestDescription, longestName } from './credential-wire.ts'
import { fingerprint, LoginReply, Organization, type RouteDocument, route } from './documents.ts'

const text: Type.TOptional<Type.TString> = Type.Optional(Type.String())
const time = Type.Optional(Type.String({ format: 'date-time' }))
const whole = Type.Optional(Type.Integer({ format: 'int64' }))
const pageFacts = { limit: whole, offset: whole, count: whole }
const empty = Type.Object({})

const page: readonly ParameterDocument[] = [
  { in: 'query', name: 'limit', description: 'Items on one page, at most 100' },
  { in: 'query', name: 'offset', description: 'Items before the page' },
]

function queries(...names: readonly string[]): ParameterDocument[] {
  return [...names.map((name): ParameterDocument => ({ in: 'query', name })), ...page]
}

/** As the route decodes them. */
const nameOfCredential = Type.Optional(Type.String({ minLength: 1, maxLength: longestName }))
const descriptionOfCredential = Type.Optional(Type.String({ maxLength: longestDescription }))
const Credential = Type.Object(
  {
    id: text,
    type: Type.Optional(Type.Union([Type.Literal('INVALID'), Type.Literal('USER'), Type.Literal('ORGANIZATION')])),
    name: nameOfCredential,
    token: Type.Optional(Type.String({ description: 'Told once, in the answer to the making.' })),
    description: descriptionOfCredential,
    user_id: text,
    organization_id: text,
    updated_at: time,
    created_at: time,
    expires_at: time,
  },
  { title: 'Credential' },
)
const CreateCredential = Type.Object(
  {
    name: nameOfCredential,
    description: descriptionOfCredential,
    type: Type.Optional(Type.Union([Type.Literal('USER'), Type.Literal('ORGANIZATION')])),
    organization_id: text,
  },
  { title: 'CreateCredential' },
)
const Member = Type.Object({}, { title: 'OrganizationMember', additionalProperties: true })

function replyOf(title: string, properties: Readonly<Record<string, TSchema>>): TSchema {
  return Type.Object(properties, { title })
}

function ofCredential(title: string): TSchema {
  return replyOf(title, { credential: Type.Optional(Credential) })
}

/** UnscopeOrganizationToken. */
export const documentUnscope: RouteDocument = route('UnscopeOrganizationToken', {
  tag: 'Organization',
  summary: 'Unscope organization token',
  parameters: [fingerprint],
  body: empty,
  reply: LoginReply,
})
/** CreateOrganization. */
export const documentCreateOrganization: RouteDocument = route('CreateOrganization', {
  tag: 'Organization',
  summary: 'Create organization',
  body: Type.Object(
    { name: Type.Optional(Type.String({ minLength: 4, maxLength: 39, pattern: organizationName.source })) },
    { title: 'CreateOrganization' },
  ),
  reply: replyOf('CreateOrganizationReply', { organization: Type.Optional(Organization) }),
})
/** GetOrganization. */
export const documentGetOrganization: RouteDocument = route('GetOrganization', {
  tag: 'Organization',
  summary: 'Get organization',
  reply: replyOf('GetOrganizationReply', { organization: Type.Optional(Organization) }),
})
/** DeleteOrganization. */
export const documentDeleteOrganization: RouteDocument = route('DeleteOrganization', {
  tag: 'Organization',
  summary: 'Delete an organization and everything that is scoped to it',
  reply: empty,
})
/** CreateAccessToken. */
export const documentAccessToken: RouteDocument = route('CreateAccessToken', {
  tag: 'Organization',
  summary: 'Create a short lived access token in the scope of an organization',
  body: Type.Object(
    {
      validity: Type.Optional(Type.String({ description: 'Seconds such as `3600s`, the default; at most `86400s`.' })),
    },
    { title: 'CreateAccessTokenRequest' },
  ),
  reply: replyOf('CreateAccessTokenReply', { token: text }),
})
/** ListOrganizationMembers. */
export const documentMembers: RouteDocument = route('ListOrganizationMembers', {
  tag: 'OrganizationMembers',
  summary: 'List organization members',
  parameters: queries('user_id', 'organization_id'),
  reply: replyOf('ListOrganizationMembersReply', { members: Type.Optional(Type.Array(Member)), ...pageFacts }),
})
/** ListCredentials. */
export const documentCredentials: RouteDocument = route('ListCredentials', {
  tag: 'Credentials',
  summary: 'List credentials',
  parameters: queries('type', 'name', 'organization_id', 'user_id'),
  reply: replyOf('ListCredentialsReply', { credentials: Type.Optional(Type.Array(Credential)), ...pageFacts }),
})
/** CreateCredential. */
export const documentCreateCredential: RouteDocument = route('CreateCredential', {
  tag: 'Credentials',
  summary: 'Create credential',
  body: CreateCredential,
  reply: ofCredential('CreateCredentialReply'),
})
/** GetCredential. */
export const documentGetCredential: RouteDocument = route('GetCredential', {
  tag: 'Credentials',
  summary: 'Get credential',
  reply: ofCredential('GetCredentialReply'),
})
/** UpdateCredential. */
export const documentUpdateCredential: RouteDocument = changing('UpdateCredential', 'Update credential')
/** UpdateCredential2. */
export const documentPatchCredential: RouteDocument = changing('UpdateCredential2', 'Update credential in part')
/** DeleteCredential. */
export const documentDeleteCredential: RouteDocument = route('DeleteCredential', {
  tag: 'Credentials',
  summary: 'Delete credential',
  reply: empty,
})
/** LoginMethod. */
export const documentLoginMethod: RouteDocument = route('LoginMethod', {
  tag: 'Profile',
  summary: 'Tell how an account signs in',
  security: [],
  parameters: [{ in: 'query', name: 'email' }],
  reply: replyOf('LoginMethodReply', { method: text }),
})
/** Test with a token. */
export const documentTestAuth: RouteDocument = route('TestAuth', {
  tag: 'Test',
  summary: 'Tell whose the token is',
  body: Type.Object({ payload: text }, { title: 'TestAuthRequest' }),
  reply: replyOf('TestAuthReply', { payload: text, user_id: text, organization_id: text, workspace_id: text }),
})
/** Test without a token. */
export const documentTestAnon: RouteDocument = route('TestAnon', {
  tag: 'Test',
  summary: 'Answer anybody',
  security: [],
  reply: empty,
})
/** ListApps. */
export const documentApps: RouteDocument = route('ListApps', {
  tag: 'Apps',
  summary: 'List applications; there are none here',
  parameters: page,
  reply: replyOf('ListAppsReply', { apps: Type.Optional(Type.Array(empty)), ...pageFacts }),
})

function changing(operationId: string, summary: string): RouteDocument {
  return route(operationId, {
    tag: 'Credentials',
    summary,
    parameters: [{ in: 'query', name: 'update_mask', description: 'Names of members that change, parted by commas' }],
    body: Credential,
    reply: ofCredential('UpdateCredentialReply'),
  })
}
