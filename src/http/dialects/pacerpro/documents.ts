/** pacerpro: its OpenAPI document. Nothing here validates a request or changes an answer. */
import { Type } from 'typebox'
import {
  type DialectDocument,
  type OperationDocument,
  type Operations,
  type ParameterDocument,
  type ResponseDocument,
  writeOperations,
} from '../../openapi/operation.ts'
import { Empty, Session } from './wire.ts'

const ErrorReply = Type.Object(
  {
    error: Type.String(),
    message: Type.String(),
    status: Type.Integer({ format: 'int32', description: 'The HTTP status.' }),
    type: Type.Union([Type.Literal('error'), Type.Literal('alert'), Type.Literal('notice'), Type.Literal('warning')]),
  },
  { title: 'Error' },
)

/** What the document says once for all operations. */
export const pacerproDocument: DialectDocument = {
  title: 'Sallyport, pacerpro dialect',
  version: '0.5.0',
  description: 'The session API of PacerPro.',
  basePath: '',
  originalServer: 'https://sdx94nst9f.execute-api.us-east-1.amazonaws.com/qa',
  tags: { authentication: 'Tokens of accounts.' },
  securitySchemes: {
    Bearer: {
      type: 'apiKey',
      in: 'header',
      name: 'Authorization',
      description: 'JSON Web Token, prefixed with Bearer',
      'x-apikey-prefix': 'Bearer',
    },
  },
  security: [],
}

const security = [{ Bearer: [] }]

/** Declared beside the security scheme, so that it is an argument of its own in generated clients. */
const authorization: ParameterDocument = {
  in: 'header',
  name: 'Authorization',
  description: 'Bearer {...JSON Web Token...}',
}

const session: ResponseDocument = { description: 'A session', schema: Session }
const refused: ResponseDocument = { description: 'Unauthorized', schema: ErrorReply }

/** The operations by their ids. */
export const operations: Operations<'sessionCreate' | 'sessionRefresh' | 'sessionDelete'> = writeOperations(
  {
    sessionCreate: {
      summary: 'Initial authentication.',
      description:
        'Use this call to generate an authorization token for use in future calls. Provide your PacerPro credentials (email & password) in the User object. You will get a Session object in return.',
      body: { description: 'User credentials', name: 'user' },
      responses: { 200: session, 401: refused },
    },
    sessionRefresh: {
      summary: 'Refresh authentication token',
      description:
        'Using a valid auth token, you can use this to refresh it, thus extending the time unti it expires. See POST /session for instructions on the initial authentication.',
      security,
      parameters: [authorization],
      responses: { 200: session, 401: refused },
    },
    // The original names no media type for its answers.
    sessionDelete: {
      summary: 'Revoke all JWT tokens (logout).',
      description: 'Revoke JWT tokens by spinning a new JTI. All current tokens will no longer work.',
      security,
      parameters: [authorization],
      responses: {
        200: { description: 'Every token of the account has ended', schema: Empty, mediaType: '*/*' },
        401: { ...refused, mediaType: '*/*' },
      },
    },
  },
  (operationId, facts: Omit<OperationDocument, 'tags'>) => ({ operationId, tags: ['authentication'], ...facts }),
)
