/** koyeb: what the OpenAPI document says of each route; nothing here checks a request or changes an answer. */
import { type TSchema, Type } from 'typebox'
import type {
  DialectDocument,
  OperationDocument,
  ParameterDocument,
  ResponseDocument,
  SecurityRequirement,
} from '../../openapi/operation.ts'

/** Koyeb's API names no media types; its generated clients then send none and accept all. */
const anyType = '*/*'

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
    user_id: Type.Optional(Type.String()),
    organization_id: Type.Optional(Type.String({ description: 'Empty: the session acts for no organization.' })),
    expires_at: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { title: 'Token' },
)
/** What carries a token. */
export const LoginReply: TSchema = Type.Object({ token: Type.Optional(Token) }, { title: 'LoginReply' })
const User = Type.Object({}, { title: 'User', additionalProperties: true })
/** Thirty members that only billing knows, and the few that clients look at. */
export const Organization: TSchema = Type.Object({}, { title: 'Organization', additionalProperties: true })
const ErrorReply = Type.Object(
  {
    status: Type.Optional(Type.Integer({ format: 'int32', description: 'The HTTP status.' })),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
  },
  { title: 'Error' },
)
const ErrorField = Type.Object(
  { field: Type.Optional(Type.String()), description: Type.Optional(Type.String()) },
  { title: 'ErrorField' },
)
const ErrorWithFields = Type.Object(
  { ...ErrorReply.properties, fields: Type.Optional(Type.Array(ErrorField)) },
  { title: 'ErrorWithFields' },
)
const Status = Type.Object(
  {
    code: Type.Optional(Type.Integer({ format: 'int32' })),
    message: Type.Optional(Type.String()),
    details: Type.Optional(
      Type.Array(Type.Object({ '@type': Type.Optional(Type.String()) }, { title: 'google.protobuf.Any' })),
    ),
  },
  { title: 'google.rpc.Status' },
)

/** What is said once for all routes. */
export const koyebDocument: DialectDocument = {
  title: 'Sallyport, koyeb dialect',
  version: '1.0.0',
  description: 'The Sessions API of Koyeb and what its clients call around it.',
  basePath: '',
  originalServer: 'https://app.koyeb.com',
  tags: {
    Sessions: 'Tokens of accounts, scoped to an organization or to none.',
    Organization: 'Organizations and their members.',
    Profile: 'The caller and the caller’s organizations.',
    OrganizationMembers: 'Who is in an organization.',
    Credentials: 'Tokens that live until they are removed.',
    Apps: 'Applications; Sallyport runs none.',
    Test: 'Probes of clients.',
  },
  securitySchemes: { Bearer: { type: 'apiKey', in: 'header', name: 'Authorization', 'x-apikey-prefix': 'Bearer' } },
  security: [{ Bearer: [] }],
}

/** What a route's `schema` holds. */
export type RouteDocument = { readonly openapi: OperationDocument }

/** What browsers send with calls that begin sessions. */
export const fingerprint: ParameterDocument = { in: 'header', name: 'seon-fp', description: 'Seon Fingerprint' }

/** Login. */
export const documentLogin: RouteDocument = route('Login', {
  summary: 'Login user',
  security: [{ Bearer: [] }, {}],
  reply: LoginReply,
  parameters: [fingerprint],
  body: LoginRequest,
})
/** Logout. */
export const documentLogout: RouteDocument = route('Logout', { summary: 'Logout user', reply: Type.Object({}) })
/** NewSession. */
export const documentNewSession: RouteDocument = route('NewSession', {
  summary: 'New session',
  description:
    'Creates a new session without an organization for current user. NOTE: If you want a session linked to another organization, please use "Switch organization".',
  reply: LoginReply,
})
/** RefreshToken. */
export const documentRefresh: RouteDocument = route('RefreshToken', { summary: 'Refresh token', reply: LoginReply })
/** SwitchOrganization. */
export const documentSwitch: RouteDocument = route('SwitchOrganization', {
  tag: 'Organization',
  summary: 'Switch organization context',
  parameters: [fingerprint],
  body: Type.Object({}),
  reply: LoginReply,
})
/** GetCurrentUser. */
export const documentProfile: RouteDocument = route('GetCurrentUser', {
  tag: 'Profile',
  summary: 'Get current user',
  parameters: [fingerprint],
  reply: Type.Object({ user: Type.Optional(User) }, { title: 'UserReply' }),
})
/** GetCurrentOrganization. */
export const documentOrganization: RouteDocument = route('GetCurrentOrganization', {
  tag: 'Profile',
  summary: 'Get current organization',
  reply: Type.Object({ organization: Type.Optional(Organization) }, { title: 'GetOrganizationReply' }),
})
/** ListUserOrganizations. */
export const documentOrganizations: RouteDocument = route('ListUserOrganizations', {
  tag: 'Profile',
  summary: 'List organizations of the current user',
  parameters: [
    { in: 'query', name: 'limit', description: 'Items on one page, at most 100' },
    { in: 'query', name: 'offset', description: 'Items before the page' },
    { in: 'query', name: 'order', description: '`asc` or `desc`' },
    { in: 'query', name: 'search', description: 'A part of the name, or the id' },
    {
      in: 'query',
      name: 'statuses',
      description: 'Statuses that are wanted; all without one',
      schema: Type.Array(Type.String()),
    },
  ],
  reply: Type.Object(
    {
      organizations: Type.Optional(Type.Array(Organization)),
      limit: Type.Optional(Type.Integer({ format: 'int64' })),
      offset: Type.Optional(Type.Integer({ format: 'int64' })),
      has_next: Type.Optional(Type.Boolean()),
    },
    { title: 'ListUserOrganizationsReply' },
  ),
})

/** What differs from route to route. */
export type Route = {
  readonly tag?: string
  readonly summary: string
  readonly description?: string
  readonly security?: readonly SecurityRequirement[]
  readonly parameters?: readonly ParameterDocument[]
  /** Decoded by hand, so that a missing member is answered in the original's words; told here alone. */
  readonly body?: TSchema
  readonly reply: TSchema
}

/** Returns what the document says of one route: the API answers in the same shapes everywhere. */
export function route(operationId: string, { tag = 'Sessions', reply, body, ...told }: Route): RouteDocument {
  const answer = (description: string, schema: TSchema): ResponseDocument => ({
    description,
    schema,
    mediaType: anyType,
  })
  return {
    openapi: {
      operationId,
      tags: [tag],
      ...told,
      ...(body === undefined ? {} : { body: { schema: body, mediaType: anyType, name: 'body' } }),
      responses: {
        200: answer('A successful response.', reply),
        400: answer('Validation error', ErrorWithFields),
        401: answer('Returned when the token is not valid.', ErrorReply),
        403: answer('Returned when the user does not have permission to access the resource.', ErrorReply),
        404: answer('Returned when the resource does not exist.', ErrorReply),
        500: answer('Returned in case of server error.', ErrorReply),
        503: answer('Service is unavailable.', ErrorReply),
        default: answer('An unexpected error response.', Status),
      },
    },
  }
}
