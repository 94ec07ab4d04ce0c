/** sftpgo: what the OpenAPI document says of each route; nothing here checks a request or changes an answer. */
import { type TSchema, Type } from 'typebox'
import type {
  BodyDocument,
  DialectDocument,
  OperationDocument,
  ParameterDocument,
  SecurityRequirement,
} from '../../openapi/operation.ts'
import type { Realm } from './realms.ts'

const Token = Type.Object(
  {
    access_token: Type.Optional(Type.String()),
    expires_at: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { title: 'Token' },
)
/** The answer of routes that have no answer of their own. */
export const ApiResponse: TSchema = Type.Object(
  { message: Type.Optional(Type.String()), error: Type.Optional(Type.String()) },
  { title: 'ApiResponse' },
)
const VersionInfo = Type.Object(
  {
    version: Type.Optional(Type.String()),
    build_date: Type.Optional(Type.String({ format: 'date-time' })),
    commit_hash: Type.Optional(Type.String()),
    features: Type.Optional(Type.Array(Type.String())),
  },
  { title: 'VersionInfo' },
)
const DirEntry = Type.Object(
  {
    name: Type.Optional(Type.String()),
    size: Type.Optional(Type.Integer({ format: 'int64' })),
    mode: Type.Optional(Type.Integer({ format: 'int32' })),
    last_modified: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { title: 'DirEntry' },
)

/** The shared part of all routes' documents. */
export const sftpgoDocument: DialectDocument = {
  title: 'Sallyport, sftpgo dialect',
  version: '2.7.0',
  description: 'The tokens of SFTPGo’s REST API, for administrators and for users.',
  basePath: '/api/v2',
  originalServer: '/api/v2',
  tags: {
    token: 'Tokens of the two realms.',
    maintenance: 'The server itself.',
    users: 'Administration of users.',
    admins: 'Administration of administrators.',
    'API keys': 'Administration of API keys.',
    defender: 'Addresses that failed to sign in.',
    'user APIs': 'What a user reads.',
  },
  securitySchemes: {
    BasicAuth: { type: 'http', scheme: 'basic' },
    BearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    APIKeyAuth: { type: 'apiKey', in: 'header', name: 'X-SFTPGO-API-KEY' },
  },
  security: [{ BearerAuth: [] }],
}

/** What a route's `schema` holds. */
export type RouteDocument = { readonly openapi: OperationDocument }

const basic = [{ BasicAuth: [] }]
const bearer = [{ BearerAuth: [] }]
const bearerOrKey = [{ BearerAuth: [] }, { APIKeyAuth: [] }]

/** get_token and get_user_token. */
export function documentToken({ role }: Realm): RouteDocument {
  const whose = role === 'admin' ? 'for the admin attempting' : 'for the HTTP protocol, for the user attempting'
  const code = {
    in: 'header',
    name: 'X-SFTPGO-OTP',
    description: `If you have 2FA configured${role === 'admin' ? '' : ','} ${whose} to log in you need to set the authentication code using this header parameter`,
  } as const
  return documentRoute(role === 'admin' ? 'get_token' : 'get_user_token', {
    tag: 'token',
    summary: `Get a new ${role} access token`,
    description: 'Answers a token and when it ends.',
    security: basic,
    parameters: [code],
    reply: Token,
  })
}

/** logout and client_logout. */
export function documentLogout({ role }: Realm): RouteDocument {
  return documentRoute(role === 'admin' ? 'logout' : 'client_logout', {
    tag: 'token',
    summary: role === 'admin' ? 'Invalidate an admin access token' : 'Invalidate a user access token',
    description: 'Ends the presented token, and no other.',
    security: bearer,
    reply: ApiResponse,
  })
}

/** get_version. */
export const documentVersion: RouteDocument = documentRoute('get_version', {
  tag: 'maintenance',
  summary: 'Return the version of the server',
  security: bearerOrKey,
  reply: VersionInfo,
})

/** get_user_dir_contents. */
export const documentDirectories: RouteDocument = documentRoute('get_user_dir_contents', {
  tag: 'user APIs',
  summary: 'List a directory; there are no files here, so it is empty',
  security: bearerOrKey,
  parameters: [{ in: 'query', name: 'path', description: 'Path of the directory' }],
  reply: Type.Array(DirEntry),
})

/** The document of a route beside the answers that all routes share. */
export type RouteFacts = {
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly security: readonly SecurityRequirement[]
  readonly parameters?: readonly ParameterDocument[]
  readonly body?: BodyDocument
  readonly reply: TSchema
  /** 200 by default. */
  readonly status?: 200 | 201
}

/** Returns the document of a route. */
export function documentRoute(operationId: string, { tag, reply, status = 200, ...facts }: RouteFacts): RouteDocument {
  return {
    openapi: {
      operationId,
      tags: [tag],
      ...facts,
      responses: {
        [status]: { description: 'Done', schema: reply },
        401: { description: 'The credentials or the token are not accepted', schema: ApiResponse },
        403: { description: 'Not allowed', schema: ApiResponse },
        500: { description: 'A fault of the server', schema: ApiResponse },
        default: { description: 'Any other refusal', schema: ApiResponse },
      },
    },
  }
}
