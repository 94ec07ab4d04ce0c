/** giantswarm: its OpenAPI document. Nothing here validates a request or changes an answer. */
import { type TSchema, Type } from 'typebox'
import {
  type DialectDocument,
  type OperationDocument,
  type Operations,
  type ParameterDocument,
  writeOperations,
} from '../../openapi/operation.ts'
import { CreateAuthTokenResponse, GenericResponse, OrganizationMember } from './wire.ts'

/** What the document says once for all operations. */
export const giantswarmDocument: DialectDocument = {
  title: 'Sallyport, giantswarm dialect',
  version: '4.0.0',
  description: 'The auth tokens of the Giant Swarm API, and the calls that its clients make after a sign-in.',
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

/** Headers of every call. The spaces at the ends are the original's. */
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

/** Declared beside the security scheme, so that it is an argument of its own in generated clients. */
const authorization: ParameterDocument = {
  in: 'header',
  name: 'Authorization',
  description: 'As described in the [authentication](#section/Authentication) section ',
  isRequired: true,
}

const refused = { description: 'The credentials are not accepted', schema: GenericResponse }

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
const User = Type.Object(
  {
    email: Type.Optional(Type.String()),
    created: Type.Optional(Type.String({ format: 'date-time' })),
    expiry: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { title: 'V4UserListItem' },
)
const OrganizationItem = Type.Object({ id: Type.String() }, { title: 'V4OrganizationListItem' })
const Organization = Type.Object(
  { id: Type.Optional(Type.String()), members: Type.Optional(Type.Array(OrganizationMember)) },
  { title: 'V4Organization' },
)

/** What differs from one operation to the next. */
type Route = Omit<OperationDocument, 'tags' | 'responses'> & {
  /** Body of a success, with the usual `responses`. */
  readonly reply?: TSchema
  /** Status of a success; 200 by default. */
  readonly status?: number
  readonly responses?: OperationDocument['responses']
}

function operationsOf<Id extends string>(tag: string, routes: Readonly<Record<Id, Route>>): Operations<Id> {
  return writeOperations<Id, Route>(routes, (operationId, { reply, status = 200, ...facts }) => ({
    operationId,
    tags: [tag],
    parameters: [authorization, ...tracking],
    responses: {
      [status]: { description: 'Done', ...(reply === undefined ? {} : { schema: reply }) },
      401: refused,
      default: { description: 'Any other refusal', schema: GenericResponse },
    },
    ...facts,
  }))
}

type TokenId = 'createAuthToken' | 'deleteAuthToken'
type UserId = 'getCurrentUser' | 'getUsers' | 'getUser' | 'createUser' | 'modifyUser' | 'deleteUser' | 'modifyPassword'
type OrganizationId = 'getOrganizations' | 'getOrganization' | 'addOrganization' | 'deleteOrganization'

/** The operations by their ids. */
export const operations: Operations<TokenId | 'getInfo' | UserId | OrganizationId> = {
  ...operationsOf('auth tokens', {
    createAuthToken: {
      summary: 'Create Auth Token (Login)',
      description: 'Creates a Auth Token for a given user. Must authenticate with email and password. ',
      security: [{ AuthorizationHeaderToken: [] }, {}],
      parameters: tracking,
      body: { description: 'Create Auth Token Request', name: 'body' },
      responses: { 200: { description: 'The token', schema: CreateAuthTokenResponse }, 401: refused },
    },
    // Clients of the original send a media type without a body, which OpenAPI 3.0 cannot express.
    deleteAuthToken: {
      summary: 'Delete Auth Token (Logout)',
      description:
        'Deletes the authentication token provided in the Authorization header. This effectively logs you out. ',
      responses: { 200: { description: 'The token has ended', schema: GenericResponse }, 401: refused },
    },
  }),
  ...operationsOf('info', { getInfo: { summary: 'Get information on the installation', reply: Info } }),
  ...operationsOf('users', {
    getCurrentUser: { summary: 'Get current user', reply: User },
    getUsers: { summary: 'List users; administrators only', reply: Type.Array(User) },
    getUser: { summary: 'Get user', reply: User },
    createUser: { summary: 'Create user; administrators only', reply: GenericResponse, status: 201 },
    modifyUser: { summary: 'Modify user; administrators only', reply: User },
    deleteUser: { summary: 'Delete user; administrators only', reply: GenericResponse },
    modifyPassword: {
      summary: 'Modify password; every token of the account ends',
      reply: GenericResponse,
      status: 202,
    },
  }),
  ...operationsOf('organizations', {
    getOrganizations: { summary: 'Get organizations', reply: Type.Array(OrganizationItem) },
    getOrganization: { summary: 'Get organization details', reply: Organization },
    addOrganization: {
      summary: 'Create an organization; administrators only',
      reply: Organization,
      status: 201,
    },
    deleteOrganization: { summary: 'Delete an organization; administrators only', reply: GenericResponse },
  }),
}
