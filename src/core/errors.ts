/** Core: the closed table of refusals. Every reason to refuse a request has one code here. */

/** What a refusal means to the caller; each dialect maps a kind to its own status and form. */
export type RefusalKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'missing'
  | 'conflict'
  | 'too-many'
  | 'unavailable'
  | 'internal'

/** How a kind is reported: HTTP status, WebSocket close code, exit code of the command line, and whether a retry may help. */
export type KindFacts = {
  readonly httpStatus: number
  readonly closeCode: number
  readonly exitCode: number
  readonly retry: 'no' | 'after signing in' | 'later'
}

/** The facts of every kind; close codes 44xx are ours (RFC 6455 section 7.4.2 leaves them to applications). */
export const kinds: Readonly<Record<RefusalKind, KindFacts>> = {
  invalid: { httpStatus: 400, closeCode: 4400, exitCode: 1, retry: 'no' },
  unauthenticated: { httpStatus: 401, closeCode: 4401, exitCode: 1, retry: 'after signing in' },
  forbidden: { httpStatus: 403, closeCode: 4403, exitCode: 1, retry: 'no' },
  missing: { httpStatus: 404, closeCode: 4404, exitCode: 1, retry: 'no' },
  conflict: { httpStatus: 409, closeCode: 4409, exitCode: 1, retry: 'no' },
  'too-many': { httpStatus: 429, closeCode: 4429, exitCode: 1, retry: 'later' },
  unavailable: { httpStatus: 503, closeCode: 4503, exitCode: 1, retry: 'later' },
  internal: { httpStatus: 500, closeCode: 4500, exitCode: 1, retry: 'later' },
}

type CodeFacts = {
  readonly kind: RefusalKind
  readonly sentence: string
  /** The HTTP status, if it is not the one of the kind. */
  readonly httpStatus?: number
}

const codes = {
  BODY_TOO_LARGE: { kind: 'invalid', sentence: 'The body is too large.', httpStatus: 413 },
  METHOD_NOT_ALLOWED: { kind: 'invalid', sentence: 'This method is not offered here.', httpStatus: 405 },
  HOST_NOT_SERVED: { kind: 'invalid', sentence: 'Requests for this host are not served here.', httpStatus: 421 },
  CLIENT_ADDRESS_UNREADABLE: {
    kind: 'invalid',
    sentence: 'The proxy names the address of the client in a form that cannot be read.',
  },
  UPGRADE_REQUIRED: { kind: 'invalid', sentence: 'This address speaks WebSocket only.', httpStatus: 426 },
  RANGE_NOT_SATISFIABLE: { kind: 'invalid', sentence: 'The range lies behind the end.', httpStatus: 416 },
  INPUT_INVALID: { kind: 'invalid', sentence: 'The request is not well formed.' },
  PASSWORD_REJECTED: { kind: 'invalid', sentence: 'The password does not meet the password rules.' },
  PASSWORD_CURRENT_WRONG: { kind: 'forbidden', sentence: 'The current password does not match.' },
  PASSWORD_TOO_SHORT_ALONE: {
    kind: 'conflict',
    sentence: 'The password is too short to be the only factor; set a longer one first.',
  },
  RESET_CODE_WRONG: { kind: 'invalid', sentence: 'The confirmation code is not right, was used, or is too old.' },
  SECOND_FACTOR_CODE_WRONG: { kind: 'invalid', sentence: 'The code is not right, or was already used.' },
  CREDENTIALS_MISSING: { kind: 'unauthenticated', sentence: 'Credentials are needed.' },
  CREDENTIALS_INVALID: { kind: 'unauthenticated', sentence: 'The name or the password is not right.' },
  SECOND_FACTOR_REQUIRED: { kind: 'unauthenticated', sentence: 'A code of the second factor is needed.' },
  SECOND_FACTOR_WRONG: {
    kind: 'unauthenticated',
    sentence: 'The code of the second factor is not right, or was already used.',
  },
  ACCOUNT_EXPIRED: { kind: 'unauthenticated', sentence: 'The account has expired.' },
  TOKEN_MISSING: { kind: 'unauthenticated', sentence: 'A token is needed.' },
  TOKEN_INVALID: { kind: 'unauthenticated', sentence: 'The token is not valid.' },
  TOKEN_EXPIRED: { kind: 'unauthenticated', sentence: 'The token has expired.' },
  TOKEN_REVOKED: { kind: 'unauthenticated', sentence: 'The token is no longer valid.' },
  TOKEN_WRONG_AUDIENCE: { kind: 'unauthenticated', sentence: 'The token may not be spent here.' },
  TOKEN_WRONG_ADDRESS: { kind: 'unauthenticated', sentence: 'The token was issued to another address.' },
  API_KEY_INVALID: { kind: 'invalid', sentence: 'The API key is not valid.' },
  API_KEY_WRONG_SCOPE: { kind: 'forbidden', sentence: 'The API key is of another scope.' },
  API_KEY_REFUSED: { kind: 'unauthenticated', sentence: 'The API key, or the account behind it, is not accepted.' },
  API_KEY_NOT_ALLOWED: { kind: 'forbidden', sentence: 'This takes a token, not an API key.' },
  PASSWORD_CHANGE_DUE: { kind: 'forbidden', sentence: 'The account has to set a new password first.' },
  SECOND_FACTOR_MISSING: { kind: 'forbidden', sentence: 'The account has no second factor.' },
  NOTHING_TO_CHANGE: {
    kind: 'forbidden',
    sentence: 'Every part of this that could change is taken away from the account.',
  },
  SECOND_FACTOR_DUE: { kind: 'forbidden', sentence: 'The account has to set up a second factor first.' },
  SESSION_EXPIRED: { kind: 'unauthenticated', sentence: 'The session has expired.' },
  REFRESH_REUSED: { kind: 'unauthenticated', sentence: 'The refresh token was used before; the session was ended.' },
  SETUP_SECRET_INVALID: { kind: 'forbidden', sentence: 'The setup link is not valid, or was already used.' },
  SECOND_FACTOR_NOT_PROVEN: {
    kind: 'forbidden',
    sentence: 'This needs a session that proved the second factor of the account.',
  },
  SIGN_IN_DENIED: { kind: 'forbidden', sentence: 'A rule of the account denies this sign-in.' },
  ACCESS_DENIED: { kind: 'forbidden', sentence: 'A rule of the account does not allow this.' },
  ACTION_DUE: { kind: 'forbidden', sentence: 'The account has to do something else first.' },
  NOT_A_MEMBER: { kind: 'forbidden', sentence: 'The account is not a member of the organization.' },
  CREDENTIAL_DENIED: { kind: 'forbidden', sentence: 'A credential of this kind does not allow this.' },
  ROLE_DENIED: { kind: 'forbidden', sentence: 'The role of the account does not allow this.' },
  BEYOND_OWN_PERMISSIONS: {
    kind: 'forbidden',
    sentence: 'The act gives or touches more than what the account itself is permitted.',
  },
  OWN_ACCOUNT: { kind: 'forbidden', sentence: 'You cannot change this for your own account.' },
  GROUP_DENIED: { kind: 'forbidden', sentence: 'No group of the account may reach this server as this OS user.' },
  CHANGE_NOT_APPROVED: { kind: 'forbidden', sentence: 'The change request is not approved.' },
  CHANGE_OUTSIDE_WINDOW: { kind: 'forbidden', sentence: 'The change request is outside its window.' },
  CHANGE_DOES_NOT_NAME: { kind: 'forbidden', sentence: 'The change request does not name this server and OS user.' },
  OBSERVER_DENIED: { kind: 'forbidden', sentence: 'No group of the account may observe this session.' },
  PARTY_TO_CHANGE: {
    kind: 'forbidden',
    sentence: 'The requester and the approver of a change request cannot take part in its sessions.',
  },
  SIGN_IN_NOT_INTERACTIVE: {
    kind: 'forbidden',
    sentence: 'If a session needs observers, only users who signed in themselves can take part, and no programs.',
  },
  ORIGIN_DENIED: { kind: 'forbidden', sentence: 'Requests of this origin are not accepted.' },
  ROUTE_NOT_FOUND: { kind: 'missing', sentence: 'There is nothing at this address.' },
  ADDRESS_NOT_FOUND: { kind: 'missing', sentence: 'Nothing counts against this address.' },
  ACCOUNT_NOT_FOUND: { kind: 'missing', sentence: 'There is no such account.' },
  CREDENTIAL_NOT_FOUND: { kind: 'missing', sentence: 'There is no such credential.' },
  SESSION_NOT_FOUND: { kind: 'missing', sentence: 'There is no such session.' },
  ORGANIZATION_NOT_FOUND: { kind: 'missing', sentence: 'There is no such organization.' },
  SERVER_NOT_FOUND: { kind: 'missing', sentence: 'There is no such server.' },
  CHANGE_NOT_FOUND: { kind: 'missing', sentence: 'There is no such change request.' },
  POLICY_NOT_FOUND: { kind: 'missing', sentence: 'There is no such policy.' },
  PTY_SESSION_NOT_FOUND: { kind: 'missing', sentence: 'There is no such PTY session.' },
  RECORDING_NOT_FOUND: { kind: 'missing', sentence: 'There is no recording of this PTY session here.' },
  NAME_TAKEN: { kind: 'conflict', sentence: 'The name is taken.' },
  EMAIL_TAKEN: { kind: 'conflict', sentence: 'The e-mail address is taken.' },
  ADDRESS_TAKEN: { kind: 'conflict', sentence: 'Another server of the inventory has this address.' },
  SETUP_DONE: { kind: 'conflict', sentence: 'An administrator was made already.' },
  LAST_OWNER: {
    kind: 'conflict',
    sentence: 'This is the last owner who can sign in; make another owner first.',
  },
  SECOND_FACTOR_EXISTS: { kind: 'conflict', sentence: 'The account has a second factor already.' },
  SECOND_FACTOR_NOT_PENDING: { kind: 'conflict', sentence: 'No second factor waits to be confirmed.' },
  STATE_CHANGED: { kind: 'conflict', sentence: 'Something changed meanwhile; look again and repeat.' },
  CHANGE_CLOSED: { kind: 'conflict', sentence: 'The change request was closed, and stays closed.' },
  PTY_SESSION_NOT_ACTIVE: { kind: 'conflict', sentence: 'The PTY session is not active.' },
  IMPLEMENTOR_PRESENT: { kind: 'conflict', sentence: 'The PTY session has an implementor already.' },
  TERMINAL_LIMIT_REACHED: {
    kind: 'too-many',
    sentence: 'The account has as many terminals as it may have; end one of them first.',
  },
  PTY_TOKEN_LIMIT_REACHED: {
    kind: 'too-many',
    sentence: 'The account has as many unused PTY tokens as it may have; use one, or wait until one expires.',
  },
  SIGN_IN_THROTTLED: { kind: 'too-many', sentence: 'Too many failed sign-ins; wait before the next one.' },
  HASH_QUEUE_FULL: { kind: 'unavailable', sentence: 'Too many sign-ins at once; try again shortly.' },
  OTHER_NODE: { kind: 'unavailable', sentence: 'Another node runs this PTY session; ask for a new join token.' },
  RECORDER_UNAVAILABLE: { kind: 'unavailable', sentence: 'The session cannot be recorded, and was not opened.' },
  DISK_LOW: { kind: 'unavailable', sentence: 'The disk has too little room left to record another terminal.' },
  STORE_UNAVAILABLE: { kind: 'unavailable', sentence: 'The store cannot be used at the moment.' },
  NO_GATEWAY: { kind: 'unavailable', sentence: 'No gateway is there to open a terminal.' },
  INTERNAL: { kind: 'internal', sentence: 'Something went wrong on our side.' },
} as const

/** The stable name of one reason. */
export type RefusalCode = keyof typeof codes

/** Every code with its kind and its public sentence; `docs/errors.md` is generated from it. */
export const refusalCodes: Readonly<Record<RefusalCode, CodeFacts>> = codes

/** Returns the HTTP status of a code, for dialects without a table of their own. */
export function httpStatusOf(code: RefusalCode): number {
  return refusalCodes[code].httpStatus ?? kinds[refusalCodes[code].kind].httpStatus
}

/** One rejected field of a request, with its dotted path as the client wrote it. */
export type FieldFault = { readonly field: string; readonly description: string }

/** Additions to a refusal: `detail` goes only to the log; `message` replaces the public sentence and holds no secret. */
export type RefusalExtras = {
  readonly message?: string
  readonly detail?: string
  readonly cause?: unknown
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds?: number
  /** The missing permissions, for the log and the audit trail. */
  readonly missing?: readonly string[]
  readonly fields?: readonly FieldFault[]
}

/** Aborts a request with one code of the closed table. It is thrown anywhere and caught once in each dialect. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly kind: RefusalKind
  readonly detail: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly fields: readonly FieldFault[]
  readonly missing: readonly string[]

  constructor(code: RefusalCode, extras: RefusalExtras = {}) {
    super(
      extras.message ?? refusalCodes[code].sentence,
      extras.cause === undefined ? undefined : { cause: extras.cause },
    )
    this.name = 'Refusal'
    this.code = code
    this.kind = refusalCodes[code].kind
    this.detail = extras.detail
    this.retryAfterSeconds = extras.retryAfterSeconds
    this.fields = extras.fields ?? []
    this.missing = extras.missing ?? []
  }
}

/** Returns whether a caught value is a refusal, and of the given code if there is one. */
export function isRefusal(value: unknown, code?: RefusalCode): value is Refusal {
  return value instanceof Refusal && (code === undefined || value.code === code)
}
