/** koyeb: its OpenAPI document. Nothing here validates a request or changes an answer. */
import { type TSchema, Type } from 'typebox'
import { organizationName } from '../../../core/organizations/organization.ts'
import type { DialectDocument, Operations, ParameterDocument } from '../../openapi/operation.ts'
import { longestDescription, longestName } from './credential-wire.ts'
import { operationsOf, type Route } from './documents-route.ts'

/** What the document says once for all operations. */
export const koyebDocument: DialectDocument = {
  title: 'Sallyport, koyeb dialect',
  version: '1.0.0',
  description: 'The Sessions API of Koyeb, and the calls that its clients make around it.',
  basePath: '',
  originalServer: 'https://app.koyeb.com',
  tags: {
    Sessions: 'Tokens of accounts. A token is scoped to one organization or to none.',
    Organization: 'Organizations and their members.',
    Profile: 'The caller and the caller’s organizations.',
    OrganizationMembers: 'The members of organizations.',
    Credentials: 'Tokens that live until they are removed.',
    Apps: 'Applications; Sallyport runs none.',
    Test: 'Probes of clients.',
  },
  securitySchemes: { Bearer: { type: 'apiKey', in: 'header', name: 'Authorization', 'x-apikey-prefix': 'Bearer' } },
  security: [{ Bearer: [] }],
}

const text = Type.Optional(Type.String())
const time = Type.Optional(Type.String({ format: 'date-time' }))
const whole = Type.Optional(Type.Integer({ format: 'int64' }))
const empty = Type.Object({})

const LoginRequest = Type.Object(
  {
    email: Type.Optional(Type.String({ minLength: 1 })),
    password: Type.Optional(Type.String({ minLength: 1 })),
    organization_id: Type.Optional(Type.String({ description: '(Optional) Login into this organization' })),
  },
  { title: 'LoginRequest' },
)
const Token = Type.Object(
  {
    id: Type.Optional(Type.String({ description: 'The bearer secret itself.' })),
    user_id: text,
    organization_id: Type.Optional(Type.String({ description: 'Empty: the session acts for no organization.' })),
    expires_at: time,
  },
  { title: 'Token' },
)
const LoginReply = Type.Object({ token: Type.Optional(Token) }, { title: 'LoginReply' })
const User = Type.Object({}, { title: 'User', additionalProperties: true })
/** Left open: it has thirty members for billing, and clients read a few of the others. */
const Organization = Type.Object({}, { title: 'Organization', additionalProperties: true })
const organizationMember = { organization: Type.Optional(Organization) }
const Member = Type.Object({}, { title: 'OrganizationMember', additionalProperties: true })
/** The limits that the route checks. */
const nameOfCredential = Type.Optional(Type.String({ minLength: 1, maxLength: longestName }))
const descriptionOfCredential = Type.Optional(Type.String({ maxLength: longestDescription }))
const Credential = Type.Object(
  {
    id: text,
    type: Type.Optional(Type.Union([Type.Literal('INVALID'), Type.Literal('USER'), Type.Literal('ORGANIZATION')])),
    name: nameOfCredential,
    token: Type.Optional(
      Type.String({ description: 'The secret, in the answer that creates the credential; empty in every other.' }),
    ),
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
const CreateOrganization = Type.Object(
  { name: Type.Optional(Type.String({ minLength: 4, maxLength: 39, pattern: organizationName.source })) },
  { title: 'CreateOrganization' },
)
const CreateAccessToken = Type.Object(
  { validity: Type.Optional(Type.String({ description: 'Seconds such as `3600s`, the default; at most `86400s`.' })) },
  { title: 'CreateAccessTokenRequest' },
)

/** Browsers send it with calls that create sessions. */
const fingerprint: ParameterDocument = { in: 'header', name: 'seon-fp', description: 'Seon Fingerprint' }

function query(name: string, description?: string, schema?: TSchema): ParameterDocument {
  return {
    in: 'query',
    name,
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { schema }),
  }
}

const page: readonly ParameterDocument[] = [
  query('limit', 'Number of items on one page, at most 100'),
  query('offset', 'Number of items before the page'),
]

function replyOf(title: string, properties: Readonly<Record<string, TSchema>>): TSchema {
  return Type.Object(properties, { title })
}

function listOf(title: string, properties: Readonly<Record<string, TSchema>>): TSchema {
  return replyOf(title, { ...properties, limit: whole, offset: whole, count: whole })
}

function ofCredential(title: string): TSchema {
  return replyOf(title, { credential: Type.Optional(Credential) })
}

function changeOfCredential(summary: string): Route {
  const mask = query('update_mask', 'Names of the members to change, with commas between them')
  return { summary, parameters: [mask], body: Credential, reply: ofCredential('UpdateCredentialReply') }
}

type SessionId = 'Login' | 'Logout' | 'NewSession' | 'RefreshToken' | 'SwitchOrganization' | 'UnscopeOrganizationToken'
type ProfileId = 'GetCurrentUser' | 'GetCurrentOrganization' | 'ListUserOrganizations' | 'LoginMethod'
type OrganizationId =
  | 'CreateOrganization'
  | 'GetOrganization'
  | 'DeleteOrganization'
  | 'CreateAccessToken'
  | 'ListOrganizationMembers'
type CredentialId =
  | 'ListCredentials'
  | 'CreateCredential'
  | 'GetCredential'
  | 'UpdateCredential'
  | 'UpdateCredential2'
  | 'DeleteCredential'
type ProbeId = 'TestAuth' | 'TestAnon' | 'ListApps'

/** The operations by their ids. */
export const operations: Operations<SessionId | ProfileId | OrganizationId | CredentialId | ProbeId> = {
  ...operationsOf('Sessions', {
    Login: {
      summary: 'Login user',
      security: [{ Bearer: [] }, {}],
      reply: LoginReply,
      parameters: [fingerprint],
      body: LoginRequest,
    },
    Logout: { summary: 'Logout user', reply: empty },
    NewSession: {
      summary: 'New session',
      description:
        'Creates a new session without an organization for current user. NOTE: If you want a session linked to another organization, please use "Switch organization".',
      reply: LoginReply,
    },
    RefreshToken: { summary: 'Refresh token', reply: LoginReply },
  }),
  ...operationsOf('Profile', {
    GetCurrentUser: {
      summary: 'Get current user',
      parameters: [fingerprint],
      reply: replyOf('UserReply', { user: Type.Optional(User) }),
    },
    GetCurrentOrganization: {
      summary: 'Get current organization',
      reply: replyOf('GetOrganizationReply', organizationMember),
    },
    ListUserOrganizations: {
      summary: 'List organizations of the current user',
      parameters: [
        ...page,
        query('order', '`asc` or `desc`'),
        query('search', 'A part of the name, or the id'),
        query('statuses', 'Only organizations with one of these statuses; by default all', Type.Array(Type.String())),
      ],
      reply: replyOf('ListUserOrganizationsReply', {
        organizations: Type.Optional(Type.Array(Organization)),
        limit: whole,
        offset: whole,
        has_next: Type.Optional(Type.Boolean()),
      }),
    },
    LoginMethod: {
      summary: 'Get the way in which an account signs in',
      security: [],
      parameters: [query('email')],
      reply: replyOf('LoginMethodReply', { method: text }),
    },
  }),
  ...operationsOf('Organization', {
    SwitchOrganization: {
      summary: 'Switch organization context',
      parameters: [fingerprint],
      body: empty,
      reply: LoginReply,
    },
    UnscopeOrganizationToken: {
      summary: 'Unscope organization token',
      parameters: [fingerprint],
      body: empty,
      reply: LoginReply,
    },
    CreateOrganization: {
      summary: 'Create organization',
      body: CreateOrganization,
      reply: replyOf('CreateOrganizationReply', organizationMember),
    },
    GetOrganization: { summary: 'Get organization', reply: replyOf('GetOrganizationReply', organizationMember) },
    DeleteOrganization: { summary: 'Delete an organization and everything that is scoped to it', reply: empty },
    CreateAccessToken: {
      summary: 'Create a short lived access token in the scope of an organization',
      body: CreateAccessToken,
      reply: replyOf('CreateAccessTokenReply', { token: text }),
    },
  }),
  ...operationsOf('OrganizationMembers', {
    ListOrganizationMembers: {
      summary: 'List organization members',
      parameters: [query('user_id'), query('organization_id'), ...page],
      reply: listOf('ListOrganizationMembersReply', { members: Type.Optional(Type.Array(Member)) }),
    },
  }),
  ...operationsOf('Credentials', {
    ListCredentials: {
      summary: 'List credentials',
      parameters: [query('type'), query('name'), query('organization_id'), query('user_id'), ...page],
      reply: listOf('ListCredentialsReply', { credentials: Type.Optional(Type.Array(Credential)) }),
    },
    CreateCredential: {
      summary: 'Create credential',
      body: CreateCredential,
      reply: ofCredential('CreateCredentialReply'),
    },
    GetCredential: { summary: 'Get credential', reply: ofCredential('GetCredentialReply') },
    UpdateCredential: changeOfCredential('Update credential'),
    UpdateCredential2: changeOfCredential('Update credential in part'),
    DeleteCredential: { summary: 'Delete credential', reply: empty },
  }),
  ...operationsOf('Test', {
    TestAuth: {
      summary: 'Get the account and the organization of the token',
      body: Type.Object({ payload: text }, { title: 'TestAuthRequest' }),
      reply: replyOf('TestAuthReply', { payload: text, user_id: text, organization_id: text, workspace_id: text }),
    },
    TestAnon: { summary: 'Answer without a token', security: [], reply: empty },
  }),
  ...operationsOf('Apps', {
    ListApps: {
      summary: 'List applications; there are none here',
      parameters: page,
      reply: listOf('ListAppsReply', { apps: Type.Optional(Type.Array(empty)) }),
    },
  }),
}
