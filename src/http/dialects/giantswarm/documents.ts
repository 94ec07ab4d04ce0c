/** giantswarm: what the OpenAPI document says of each route; nothing here checks a request or changes an answer. */
import { type TSchema, Type } from 'typebox'
import type { DialectDocument, OperationDocument, ParameterDocument } from '../../openapi/operation.ts'
import { CreateAuthTokenResponse, GenericResponse } from './wire.ts'

/** What is said once for all routes. */
export const giantswarmDocument: DialectDocument = {
  title: 'Sallyport, giantswarm dialect',
  version: '4.0.0',
  description: 'The auth tokens of the Giant Swarm API, and what its clients ask after a sign-in.',
  basePath: '',
  originalServer: 'https://localhost',
  tags: {
    'auth tokens': 'Tokens of accounts.',
    info: 'The installation.',
    users: 'Accounts.',
    organizations: 'Organizations of the caller.',
  },
  securitySchemes: {
    AuthorizationHeaderToken: { type: 'apiKey', in: 'header', name: 'Authorization', 'x-apikey-prefix': 'giantswarm' },
  },
  security: [{ AuthorizationHeaderToken: [] }],
}

/** Sent with every call; the blanks at the ends are the original's. */
const tracking: readonly ParameterDocument[] = [
  {
    in: 'header',
    name: 'X-Request-ID',
    description: 'A randomly generated key that can be used to track a request throughout services of Giant Swarm. ',
  },
  {
    in: 'header',
    name: 'X-Giant-Swarm-Activity',
    description:
      'Name of an activity to track, like "list-clusters". This allows to analyze several API requests sent in context and gives an idea on the purpose. ',
  },
  {
    in: 'header',
    name: 'X-Giant-Swarm-CmdLine',
    description: 'If activity has been issued by a CLI, this header can contain the command line ',
  },
]

/** Declared beside the security scheme, and so an argument of its own in generated clients. */
const authorization: ParameterDocument = {
  in: 'header',
  name: 'Authorization',
  description: 'As described in the [authentication](#section/Authentication) section ',
  isRequired: true,
}

const refused = { description: 'The credentials are not accepted', schema: GenericResponse }

/** createAuthToken; its body is the one that the route validates. */
export const documentCreate: OperationDocument = {
  operationId: 'createAuthToken',
  tags: ['auth tokens'],
  summary: 'Create Auth Token (Login)',
  description: 'Creates a Auth Token for a given user. Must authenticate with email and password. ',
  security: [{ AuthorizationHeaderToken: [] }, {}],
  parameters: tracking,
  body: { description: 'Create Auth Token Request', name: 'body' },
  responses: { 200: { description: 'The token', schema: CreateAuthTokenResponse }, 401: refused },
}

/** deleteAuthToken; its clients name a media type and send no body, which OpenAPI 3.0 cannot say. */
export const documentDelete: OperationDocument = {
  operationId: 'deleteAuthToken',
  tags: ['auth tokens'],
  summary: 'Delete Auth Token (Logout)',
  description: 'Deletes the authentication token provided in the Authorization header. This effectively logs you out. ',
  parameters: [authorization, ...tracking],
  responses: { 200: { description: 'The token has ended', schema: GenericResponse }, 401: refused },
}

const Range = Type.Object(
  { max: Type.Integer({ format: 'int32' }), default: Type.Integer({ format: 'int32' }) },
  { title: 'V4InfoResponseRange' },
)
const Info = Type.Object(
  {
    general: Type.Object(
      {
        installation_name: Type.Optional(Type.String()),
        provider: Type.Optional(Type.String()),
        datacenter: Type.Optional(Type.String()),
        availability_zones: Range,
      },
      { title: 'V4InfoResponseGeneral' },
    ),
    workers: Type.Optional(Type.Object({ count_per_cluster: Range }, { title: 'V4InfoResponseWorkers' })),
  },
  { title: 'V4InfoResponse' },
)
/** An account. */
export const User: TSchema = Type.Object(
  {
    email: Type.Optional(Type.String()),
    created: Type.Optional(Type.String({ format: 'date-time' })),
    expiry: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { title: 'V4UserListItem' },
)
const Organization = Type.Object({ id: Type.String() }, { title: 'V4OrganizationListItem' })

/** getInfo. */
export const documentInfo: OperationDocument = neighbour('getInfo', {
  tag: 'info',
  summary: 'Get information on the installation',
  reply: Info,
})

/** getCurrentUser. */
export const documentUser: OperationDocument = neighbour('getCurrentUser', {
  tag: 'users',
  summary: 'Get current user',
  reply: User,
})

/** getOrganizations. */
export const documentOrganizations: OperationDocument = neighbour('getOrganizations', {
  tag: 'organizations',
  summary: 'Get organizations',
  reply: Type.Array(Organization),
})

/** What differs from route to route; a success is 200 where nothing else is said. */
export type Route = {
  readonly tag: string
  readonly summary: string
  readonly reply: TSchema
  readonly status?: number
}

/** Returns what the document says of one route beside the auth tokens. */
export function neighbour(operationId: string, { tag, summary, reply, status = 200 }: Route): OperationDocument {
  return {
    operationId,
    tags: [tag],
    summary,
    parameters: [authorization, ...tracking],
    responses: {
      [status]: { description: 'Done', schema: reply },
      401: refused,
      default: { description: 'Any other refusal', schema: GenericResponse },
    },
  }
}
