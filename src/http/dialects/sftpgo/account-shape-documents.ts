/** sftpgo: what the OpenAPI document says of accounts; nothing here checks a request. */
import { type TSchema, Type } from 'typebox'
import type { ParameterDocument } from '../../openapi/operation.ts'
import { ApiResponse, documentRoute, type RouteDocument } from './documents.ts'

/** A secret as it is written and as it is read. */
export const Secret: TSchema = Type.Object(
  {
    status: Type.Optional(Type.String({ description: 'Plain to set it; Redacted to keep it; Secretbox when read' })),
    payload: Type.Optional(Type.String()),
    key: Type.Optional(Type.String()),
    additional_data: Type.Optional(Type.String()),
    mode: Type.Optional(Type.Integer()),
  },
  { title: 'Secret' },
)
const texts = Type.Optional(Type.Array(Type.String()))
const flag = Type.Optional(Type.Boolean())
const integer = Type.Optional(Type.Integer())
const milliseconds = Type.Optional(Type.Integer({ format: 'int64', description: 'Unix time in milliseconds' }))
const status = Type.Optional(Type.Integer({ enum: [0, 1], description: '0 disabled, 1 enabled' }))
const password = Type.Optional(Type.String({ format: 'password', description: 'Never shown' }))
const totp = {
  enabled: flag,
  config_name: Type.Optional(Type.String()),
  secret: Type.Optional(Secret),
}
const recoveryCodes = Type.Optional(
  Type.Array(Type.Object({ secret: Type.Optional(Secret), used: flag }, { title: 'StoredRecoveryCode' })),
)

const TimePeriod = Type.Object(
  {
    day_of_week: Type.Optional(Type.Integer({ minimum: 0, maximum: 6, description: '0 is Sunday' })),
    from: Type.Optional(Type.String({ description: 'HH:MM, UTC' })),
    to: Type.Optional(Type.String({ description: 'HH:MM, UTC' })),
  },
  { title: 'TimePeriod' },
)

const UserFilters = Type.Object(
  {
    allowed_ip: texts,
    denied_ip: texts,
    denied_login_methods: texts,
    denied_protocols: texts,
    web_client: texts,
    two_factor_protocols: texts,
    require_password_change: flag,
    password_expiration: integer,
    access_time: Type.Optional(Type.Array(TimePeriod)),
    allow_api_key_auth: flag,
    is_anonymous: flag,
    additional_emails: texts,
    tls_certs: texts,
    totp_config: Type.Optional(Type.Object({ ...totp, protocols: texts }, { title: 'UserTOTPConfig' })),
    recovery_codes: recoveryCodes,
  },
  { title: 'UserFilters' },
)

const userFacts = {
  id: integer,
  status,
  username: Type.Optional(Type.String()),
  email: Type.Optional(Type.String({ format: 'email' })),
  description: Type.Optional(Type.String()),
  expiration_date: milliseconds,
  public_keys: texts,
  max_sessions: integer,
  permissions: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
  last_login: milliseconds,
  last_password_change: milliseconds,
  created_at: milliseconds,
  updated_at: milliseconds,
  filters: Type.Optional(UserFilters),
  additional_info: Type.Optional(Type.String()),
  role: Type.Optional(Type.String()),
}
/** A user as it is read; members that are not listed are kept as they come. */
const User: TSchema = Type.Object({ ...userFacts, has_password: flag }, { title: 'User' })
/** A user as it is written. Of one type with both, Go would call a field and a method `HasPassword`. */
const UserInput: TSchema = Type.Object({ ...userFacts, password }, { title: 'UserInput' })

const AdminFilters = Type.Object(
  {
    allow_list: texts,
    allow_api_key_auth: flag,
    require_two_factor: flag,
    require_password_change: flag,
    totp_config: Type.Optional(Type.Object(totp, { title: 'AdminTOTPConfig' })),
    recovery_codes: recoveryCodes,
  },
  { title: 'AdminFilters' },
)

/** An administrator; members that are not listed are kept as they come. */
const Admin: TSchema = Type.Object(
  {
    id: integer,
    status,
    username: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    password,
    email: Type.Optional(Type.String({ format: 'email' })),
    permissions: texts,
    filters: Type.Optional(AdminFilters),
    additional_info: Type.Optional(Type.String()),
    role: Type.Optional(Type.String()),
    created_at: milliseconds,
    updated_at: milliseconds,
    last_login: milliseconds,
  },
  { title: 'Admin' },
)

/** Parameters of every list. */
export const pageParameters: readonly ParameterDocument[] = [
  { in: 'query', name: 'offset', schema: Type.Integer({ minimum: 0, default: 0 }) },
  { in: 'query', name: 'limit', schema: Type.Integer({ minimum: 1, maximum: 500, default: 100 }) },
  { in: 'query', name: 'order', schema: Type.String({ enum: ['ASC', 'DESC'] }), description: 'Order of the names' },
]

/** Documents by what is done, under the operation ids of the original. */
export function documentAccounts(role: 'user' | 'admin'): Readonly<Record<string, RouteDocument>> {
  const [schema, written] = role === 'user' ? [User, UserInput] : [Admin, Admin]
  const [tag, security] = [`${role}s`, [{ BearerAuth: [] }, { APIKeyAuth: [] }]]
  const username = { in: 'path', name: 'username', isRequired: true } as const
  const [facts, parameters] = [{ tag, security }, [username]]
  return {
    list: documentRoute(`get_${role}s`, {
      ...facts,
      summary: `List the ${role}s`,
      parameters: pageParameters,
      reply: Type.Array(schema),
    }),
    add: documentRoute(`add_${role}`, {
      ...facts,
      summary: `Add ${role}`,
      body: { schema: written },
      reply: schema,
      status: 201,
    }),
    read: documentRoute(`get_${role}_by_username`, {
      ...facts,
      summary: `Tell of one ${role}`,
      parameters,
      reply: schema,
    }),
    change: documentRoute(`update_${role}`, {
      ...facts,
      summary: `Replace one ${role}; an empty password keeps the old one`,
      parameters,
      body: { schema: written },
      reply: ApiResponse,
    }),
    remove: documentRoute(`delete_${role}`, {
      ...facts,
      summary: `Remove one ${role}`,
      parameters,
      reply: ApiResponse,
    }),
    disableFactor: documentRoute(`disable_${role}_2fa`, {
      ...facts,
      summary: `Remove the second factor of one ${role}`,
      parameters,
      reply: ApiResponse,
    }),
  }
}
