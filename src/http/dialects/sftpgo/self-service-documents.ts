/** sftpgo: what the OpenAPI document says of what accounts do to themselves; the two realms differ in names alone. */
import { type TSchema, Type } from 'typebox'
import type { SecurityRequirement } from '../../openapi/operation.ts'
import { secret } from './account-shape-secrets.ts'
import { ApiResponse, documentRoute, type RouteDocument } from './documents.ts'
import type { Realm } from './realms.ts'

/** The operations, each of which both realms have. */
export type SelfOperation =
  | 'read profile'
  | 'write profile'
  | 'change password'
  | 'list totp configurations'
  | 'generate totp secret'
  | 'validate totp passcode'
  | 'save totp configuration'
  | 'read recovery codes'
  | 'generate recovery codes'
  | 'forgot password'
  | 'reset password'

type SelfFacts = {
  /** `%` stands for the role. */
  readonly id: string
  readonly summary: string
  readonly body?: (realm: Realm) => TSchema
  readonly reply: TSchema | ((realm: Realm) => TSchema)
  readonly security?: readonly SecurityRequirement[]
}

const text = Type.Optional(Type.String())
const texts = Type.Optional(Type.Array(Type.String()))
const flag = Type.Optional(Type.Boolean())

const profileOfAdmin = { email: text, description: text, allow_api_key_auth: flag }
const AdminProfile = Type.Object(profileOfAdmin, { title: 'AdminProfile' })
const UserProfile = Type.Object(
  { ...profileOfAdmin, additional_emails: texts, public_keys: texts, tls_certs: texts },
  { title: 'UserProfile' },
)
const PwdChange = Type.Object({ current_password: text, new_password: text }, { title: 'PwdChange' })
const TOTPConfig = Type.Object({ name: text, issuer: text, algo: text }, { title: 'TOTPConfig' })
const factorOfAdmin = { enabled: flag, config_name: text, secret: Type.Optional(secret.schema) }
const AdminTOTPConfig = Type.Object(factorOfAdmin, { title: 'AdminTOTPConfig' })
const UserTOTPConfig = Type.Object({ ...factorOfAdmin, protocols: texts }, { title: 'UserTOTPConfig' })
const RecoveryCode = Type.Object({ code: text, used: flag }, { title: 'RecoveryCode' })
const TotpConfigName = Type.Object({ config_name: text }, { title: 'TotpConfigName' })
const TotpSecret = Type.Object(
  { config_name: text, issuer: text, secret: text, url: text, qr_code: text },
  { title: 'TotpSecret' },
)
const TotpPasscode = Type.Object({ config_name: text, passcode: text, secret: text }, { title: 'TotpPasscode' })
const PasswordReset = Type.Object({ code: text, password: text }, { title: 'PasswordReset' })

const profileOf = ({ role }: Realm): TSchema => (role === 'admin' ? AdminProfile : UserProfile)

const operations: Readonly<Record<SelfOperation, SelfFacts>> = {
  'read profile': { id: 'get_%_profile', summary: 'Return the profile of the caller', reply: profileOf },
  'write profile': {
    id: 'update_%_profile',
    summary: 'Replace the profile of the caller',
    body: profileOf,
    reply: ApiResponse,
  },
  'change password': {
    id: 'change_%_password',
    summary: 'Change the password of the caller, which ends the presented token',
    body: () => PwdChange,
    reply: ApiResponse,
  },
  'list totp configurations': {
    id: 'get_%_totp_configs',
    summary: 'List the configurations of one-time codes',
    reply: Type.Array(TOTPConfig),
  },
  'generate totp secret': {
    id: 'generate_%_totp_secret',
    summary: 'Make a secret for one-time codes; nothing is stored',
    body: () => TotpConfigName,
    reply: TotpSecret,
  },
  'validate totp passcode': {
    id: 'validate_%_totp_secret',
    summary: 'Try a one-time code, which is used up when it is right',
    body: () => TotpPasscode,
    reply: ApiResponse,
  },
  'save totp configuration': {
    id: 'save_%_totp_config',
    summary: 'Save, change or remove the second factor of the caller',
    body: ({ role }) => (role === 'admin' ? AdminTOTPConfig : UserTOTPConfig),
    reply: ApiResponse,
  },
  'read recovery codes': {
    id: 'get_%_recovery_codes',
    summary: 'Show the recovery codes of the caller',
    reply: Type.Array(RecoveryCode),
  },
  'generate recovery codes': {
    id: 'generate_%_recovery_codes',
    summary: 'Make new recovery codes, which ends the old ones',
    reply: Type.Array(Type.String()),
  },
  'forgot password': {
    id: '%_forgot_password',
    summary: 'Ask for a confirmation code by mail; this server sends none',
    reply: ApiResponse,
    security: [],
  },
  'reset password': {
    id: '%_reset_password',
    summary: 'Set a password by a confirmation code; this server hands none out',
    body: () => PasswordReset,
    reply: ApiResponse,
    security: [],
  },
}

/** Returns the document of an operation in a realm. */
export function documentSelf(operation: SelfOperation, realm: Realm): RouteDocument {
  const { id, summary, body, reply, security = [{ BearerAuth: [] }] } = operations[operation]
  return documentRoute(id.replace('%', realm.role), {
    tag: realm.role === 'admin' ? 'admins' : security.length === 0 ? 'users' : 'user APIs',
    summary,
    security,
    ...(body === undefined ? {} : { body: { schema: body(realm) } }),
    reply: typeof reply === 'function' ? reply(realm) : reply,
  })
}
