/** control: what the OpenAPI document says of each route; nothing here checks a request or changes an answer. */
import { Type } from 'typebox'
import type { DialectDocument, OperationDocument, SecurityRequirement } from '../../openapi/operation.ts'
import { route } from './documents-route.ts'

/** What is said once for all routes. */
export const controlDocument: DialectDocument = {
  title: 'Sallyport, control dialect',
  version: '1.0.0',
  description: 'Sessions, accounts, PTY sessions with their start and join tokens, and the inventory.',
  basePath: '',
  originalServer: 'http://localhost:55007',
  tags: {
    'PTY Token': 'Tokens that open one terminal socket, once.',
    'PTY sessions': 'Terminals that run or ran: listing, watching, replaying and ending.',
    Inventory: 'Servers and change requests that the caller may work on now.',
    Sessions: 'Signing in, refreshing, listing and ending.',
    Account: 'The caller’s own account.',
    Verification: 'What reverse proxies and verifiers ask.',
    Setup: 'The first run.',
  },
  securitySchemes: { BearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  security: [{ BearerAuth: [] }],
}

const time = Type.String({ format: 'date-time' })
const timeOrNull = Type.Union([time, Type.Null()])
const textOrNull = Type.Union([Type.String(), Type.Null()])

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
    current: Type.Boolean({ description: 'The session that asks.' }),
  },
  { title: 'SessionItem' },
)
const SessionList = Type.Object(
  { items: Type.Array(SessionItem), next: Type.Union([Type.String(), Type.Null()]) },
  { title: 'SessionList' },
)
const Account = Type.Object(
  {
    id: Type.Integer({ format: 'int64' }),
    uuid: Type.String({ format: 'uuid' }),
    username: Type.String(),
    email: textOrNull,
    role: Type.Union([Type.Literal('admin'), Type.Literal('user')]),
    permissions: Type.Array(Type.String({ description: 'What the account may do as an administrator.' })),
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
  { ...credentialFacts, secret: Type.String({ description: 'Shown this once.' }) },
  { title: 'ApplicationPasswordWithSecret' },
)
const ApplicationPasswordList = Type.Object(
  { items: Type.Array(ApplicationPassword), next: Type.Union([Type.String(), Type.Null()]) },
  { title: 'ApplicationPasswordList' },
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

/** Start; the original has no operation ids, so that its clients name methods by path. */
export const documentStart: OperationDocument = ptyToken('Mint a start token for a new PTY session')
/** Join. */
export const documentJoin: OperationDocument = ptyToken('Mint a join token for an existing PTY session')

/** Signing in. */
export const documentSignIn: OperationDocument = route('createSession', {
  tag: 'Sessions',
  summary: 'Sign in',
  description:
    'Exactly one of username and email is sent. A second factor that is due is asked for by a problem of type `second-factor-required`; a wrong code is one of type `second-factor-wrong`.',
  security: nothing,
  done: [201, 'The session with its tokens', Session],
})
/** Refreshing. */
export const documentRefresh: OperationDocument = route('refreshSession', {
  tag: 'Sessions',
  summary: 'Exchange a refresh token for its successor',
  description: 'A repeat within 30 seconds is answered with the same successor; a later one ends the session.',
  security: nothing,
  done: [200, 'The session with its new tokens', Session],
})
/** The list of sessions. */
export const documentSessions: OperationDocument = route('listSessions', {
  tag: 'Sessions',
  summary: 'List the live sessions of the account',
  done: [200, 'The sessions, oldest first', SessionList],
})
/** Ending all sessions. */
export const documentEndSessions: OperationDocument = route('endSessions', {
  tag: 'Sessions',
  summary: 'End every session of the account, this one too',
  done: [204, 'Ended'],
})
/** Ending the caller's session. */
export const documentEndCurrentSession: OperationDocument = route('endCurrentSession', {
  tag: 'Sessions',
  summary: 'End the session that asks',
  done: [204, 'Ended'],
})
/** Ending one session. */
export const documentEndSession: OperationDocument = route('endSession', {
  tag: 'Sessions',
  summary: 'End one session of the account',
  done: [204, 'Ended, now or before'],
})

/** The caller's account. */
export const documentAccount: OperationDocument = route('getAccount', {
  tag: 'Account',
  summary: 'Tell the caller’s account',
  done: [200, 'The account', Account],
})
/** What terminals need to know of the caller. */
export const documentMetadata: OperationDocument = route('getMetadata', {
  tag: 'Account',
  summary: 'Tell what terminals need to know of the caller',
  done: [200, 'The caller', Metadata],
})
/** A new password. */
export const documentPassword: OperationDocument = route('changePassword', {
  tag: 'Account',
  summary: 'Change the password; every other session ends',
  done: [204, 'Changed'],
})
/** Beginning a second factor. */
export const documentBeginTotp: OperationDocument = route('beginSecondFactor', {
  tag: 'Account',
  summary: 'Begin a second factor; nothing is asked until it is confirmed',
  done: [201, 'The secret', Enrolment],
})
/** Confirming a second factor. */
export const documentConfirmTotp: OperationDocument = route('confirmSecondFactor', {
  tag: 'Account',
  summary: 'Confirm the second factor with a code',
  done: [204, 'Confirmed'],
})
/** Removing a second factor. */
export const documentRemoveTotp: OperationDocument = route('removeSecondFactor', {
  tag: 'Account',
  summary: 'Remove the second factor',
  done: [204, 'Removed'],
})
/** New recovery codes. */
export const documentRecoveryCodes: OperationDocument = route('renewRecoveryCodes', {
  tag: 'Account',
  summary: 'Make a new set of recovery codes; the old ones end',
  done: [201, 'The codes', RecoveryCodes],
})
/** The list of application passwords. */
export const documentApplicationPasswords: OperationDocument = route('listApplicationPasswords', {
  tag: 'Account',
  summary: 'List the application passwords',
  done: [200, 'The passwords, without their secrets', ApplicationPasswordList],
})
/** A new application password. */
export const documentAddApplicationPassword: OperationDocument = route('addApplicationPassword', {
  tag: 'Account',
  summary: 'Make an application password for a dialect that cannot ask for a second factor',
  done: [201, 'The password; its secret is shown this once', ApplicationPasswordWithSecret],
})
/** Removing an application password. */
export const documentRemoveApplicationPassword: OperationDocument = route('removeApplicationPassword', {
  tag: 'Account',
  summary: 'Remove an application password; its sessions end',
  done: [204, 'Removed'],
})

/** What a reverse proxy asks. */
export const documentVerify: OperationDocument = route('verifyToken', {
  tag: 'Verification',
  summary: 'Tell who holds a token, in headers',
  description:
    'For nginx `auth_request` and the like. 200 with X-Auth-Account, X-Auth-Username, X-Auth-Organization and X-Auth-Groups, percent-encoded; 401 otherwise.',
  done: [200, 'The token is good'],
})
/** The public keys. */
export const documentJwks: OperationDocument = route('getJwks', {
  tag: 'Verification',
  summary: 'Tell the public keys of access tokens (RFC 7517)',
  security: nothing,
  done: [200, 'The keys', Jwks],
})
/** The first administrator. */
export const documentSetup: OperationDocument = route('setUp', {
  tag: 'Setup',
  summary: 'Make the first administrator',
  security: nothing,
  done: [201, 'The administrator', FirstAdmin],
})

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
