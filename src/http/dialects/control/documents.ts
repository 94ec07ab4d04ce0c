/** control: its OpenAPI document, but for terminals. Nothing here validates a request or changes an answer. */
import { Type } from 'typebox'
import type { DialectDocument, OperationDocument, Operations, SecurityRequirement } from '../../openapi/operation.ts'
import { listOf, operationsOf, textOrNull, time, timeOrNull } from './documents-route.ts'

/** What the document says once for all operations. */
export const controlDocument: DialectDocument = {
  title: 'Sallyport, control dialect',
  version: '1.0.0',
  description: 'Sessions, accounts, PTY sessions with their start and join tokens, and the inventory.',
  basePath: '',
  originalServer: 'http://localhost:55007',
  tags: {
    'PTY Token': 'Tokens; each opens one terminal socket once.',
    'PTY sessions': 'Terminals that run or have run: list, watch, replay and end them.',
    Inventory: 'Servers and change requests that the caller may work on now.',
    Sessions: 'Sign in, refresh, list and end.',
    Account: 'The caller’s own account.',
    Verification: 'Calls of reverse proxies and of services that verify tokens.',
    Setup: 'The first run.',
  },
  securitySchemes: { BearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  security: [{ BearerAuth: [] }],
}

const Session = Type.Object(
  {
    session_id: Type.String(),
    access_token: Type.String(),
    token_type: Type.Literal('Bearer'),
    expires_at: timeOrNull,
    refresh_token: Type.String(),
    refresh_expires_at: timeOrNull,
  },
  { title: 'Session' },
)
const SessionItem = Type.Object(
  {
    id: Type.String(),
    dialect: Type.String(),
    organization_id: textOrNull,
    ip: Type.String(),
    user_agent: Type.String(),
    created_at: time,
    last_seen_at: time,
    expires_at: timeOrNull,
    current: Type.Boolean({ description: 'Whether this is the session that makes the call.' }),
  },
  { title: 'SessionItem' },
)
const Account = Type.Object(
  {
    id: Type.Integer({ format: 'int64' }),
    uuid: Type.String({ format: 'uuid' }),
    username: Type.String(),
    email: textOrNull,
    role: Type.Union([Type.Literal('admin'), Type.Literal('user')]),
    permissions: Type.Array(Type.String({ description: 'A permission that the account holds.' })),
    groups: Type.Array(Type.String()),
    organizations: Type.Array(
      Type.Object({ id: Type.String(), name: Type.String() }, { title: 'AccountOrganization' }),
    ),
    second_factor: Type.Boolean(),
    expires_at: timeOrNull,
    created_at: time,
  },
  { title: 'Account' },
)
const Metadata = Type.Object(
  {
    user_id: Type.String(),
    implementor_groups: Type.Array(Type.String()),
    ou_group: Type.String(),
    roles: Type.Array(Type.String()),
  },
  { title: 'Metadata' },
)
const Enrolment = Type.Object(
  { secret: Type.String(), uri: Type.String(), qr_code: Type.String({ description: 'A PNG in a data URL.' }) },
  { title: 'Enrolment', additionalProperties: true },
)
const RecoveryCodes = Type.Object({ codes: Type.Array(Type.String()) }, { title: 'RecoveryCodes' })
const credentialFacts = {
  id: Type.String(),
  name: Type.String(),
  dialect: Type.String(),
  created_at: time,
  last_used_at: timeOrNull,
}
const ApplicationPassword = Type.Object(credentialFacts, { title: 'ApplicationPassword' })
/** Not `NewApplicationPassword`: in Go that is the constructor of `ApplicationPassword`. */
const ApplicationPasswordWithSecret = Type.Object(
  { ...credentialFacts, secret: Type.String({ description: 'Shown only in this answer.' }) },
  { title: 'ApplicationPasswordWithSecret' },
)
const FirstAdmin = Type.Object(
  { id: Type.Integer({ format: 'int64' }), username: Type.String(), role: Type.Literal('admin') },
  { title: 'FirstAdmin' },
)
const Jwks = Type.Object(
  { keys: Type.Array(Type.Object({}, { additionalProperties: true })) },
  { title: 'JsonWebKeySet' },
)
const TokenResponse = Type.Object({ token: Type.String(), proxyUrl: Type.String() }, { title: 'TokenResponse' })
const PtyProblem = Type.Object({ error: Type.String() }, { title: 'PtyProblem' })

const nothing: readonly SecurityRequirement[] = []

type OperationId =
  | 'startPtySession'
  | 'joinPtySession'
  | 'createSession'
  | 'refreshSession'
  | 'listSessions'
  | 'endSessions'
  | 'endCurrentSession'
  | 'endSession'
  | 'getAccount'
  | 'getMetadata'
  | 'changePassword'
  | 'beginSecondFactor'
  | 'confirmSecondFactor'
  | 'removeSecondFactor'
  | 'renewRecoveryCodes'
  | 'listApplicationPasswords'
  | 'addApplicationPassword'
  | 'removeApplicationPassword'
  | 'verifyToken'
  | 'getJwks'
  | 'setUp'

/** The operations by their ids. */
export const operations: Operations<OperationId> = {
  // The original has no operation ids, so that its clients name these two methods by their paths.
  startPtySession: ptyToken('Mint a start token for a new PTY session'),
  joinPtySession: ptyToken('Mint a join token for an existing PTY session'),
  ...operationsOf('Sessions', {
    createSession: {
      summary: 'Sign in',
      description:
        'Send exactly one of username and email. The problem `second-factor-required` asks for a code of the second factor; `second-factor-wrong` says that the code is wrong.',
      security: nothing,
      done: [201, 'The session with its tokens', Session],
    },
    refreshSession: {
      summary: 'Exchange a refresh token for its successor',
      description:
        'A second exchange of the same token within 30 seconds gets the same successor. A later one ends the session.',
      security: nothing,
      done: [200, 'The session with its new tokens', Session],
    },
    listSessions: {
      summary: 'List the live sessions of the account',
      done: [200, 'The sessions, oldest first', listOf('SessionList', SessionItem)],
    },
    endSessions: { summary: 'End every session of the account, including this one', done: [204, 'Ended'] },
    endCurrentSession: { summary: 'End the session that makes the call', done: [204, 'Ended'] },
    endSession: { summary: 'End one session of the account', done: [204, 'Ended, now or before'] },
  }),
  ...operationsOf('Account', {
    getAccount: { summary: 'Get the caller’s account', done: [200, 'The account', Account] },
    getMetadata: { summary: 'Get what a terminal needs to know about the caller', done: [200, 'The caller', Metadata] },
    changePassword: { summary: 'Change the password; every other session ends', done: [204, 'Changed'] },
    beginSecondFactor: {
      summary: 'Start to set up a second factor; sign-ins ask for it once it is confirmed',
      done: [201, 'The secret', Enrolment],
    },
    confirmSecondFactor: { summary: 'Confirm the second factor with a code', done: [204, 'Confirmed'] },
    removeSecondFactor: { summary: 'Remove the second factor', done: [204, 'Removed'] },
    renewRecoveryCodes: {
      summary: 'Create new recovery codes; the old ones stop working',
      done: [201, 'The codes', RecoveryCodes],
    },
    listApplicationPasswords: {
      summary: 'List the application passwords',
      done: [200, 'The passwords, without their secrets', listOf('ApplicationPasswordList', ApplicationPassword)],
    },
    addApplicationPassword: {
      summary: 'Create an application password for a dialect that cannot ask for a second factor',
      done: [201, 'The password with its secret, which no later answer shows', ApplicationPasswordWithSecret],
    },
    removeApplicationPassword: { summary: 'Remove an application password; its sessions end', done: [204, 'Removed'] },
  }),
  ...operationsOf('Verification', {
    verifyToken: {
      summary: 'Verify a token; headers of the answer name its holder',
      description:
        'For `auth_request` of nginx and similar. The answer is 200 with X-Auth-Account, X-Auth-Username, X-Auth-Organization and X-Auth-Groups, percent-encoded, or 401.',
      done: [200, 'The token is valid'],
    },
    getJwks: {
      summary: 'Get the public keys of access tokens (RFC 7517)',
      security: nothing,
      done: [200, 'The keys', Jwks],
    },
  }),
  ...operationsOf('Setup', {
    setUp: {
      summary: 'Create the first administrator',
      security: nothing,
      done: [201, 'The administrator', FirstAdmin],
    },
  }),
}

function ptyToken(summary: string): OperationDocument {
  return {
    tags: ['PTY Token'],
    summary,
    security: [{ BearerAuth: [] }],
    responses: {
      200: { description: 'Authorization token and proxy load balancer URL to connect to', schema: TokenResponse },
      '4XX': { description: 'Invalid request', schema: PtyProblem },
      '5XX': { description: 'Server error', schema: PtyProblem },
    },
  }
}
