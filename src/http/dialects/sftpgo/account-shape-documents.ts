/** sftpgo: what the OpenAPI document says of accounts; nothing here checks a request. */
import { type TSchema, Type } from 'typebox'
import type { ParameterDocument } from '../../openapi/operation.ts'
import { adminFields } from './account-shape-admin.ts'
import { documentFields } from './account-shape-fields.ts'
import { userFields } from './account-shape-user.ts'
import { ApiResponse, documentRoute, type RouteDocument } from './documents.ts'

const { has_password: isThere, password, ...usersOfBoth } = documentFields(userFields) as Record<string, TSchema>
/** A user as it is read. */
const User: TSchema = Type.Object({ ...usersOfBoth, has_password: isThere as TSchema }, { title: 'User' })
/** A user as it is written. Of one type with both, Go would call a field and a method `HasPassword`. */
const UserInput: TSchema = Type.Object({ ...usersOfBoth, password: password as TSchema }, { title: 'UserInput' })

/** An administrator. */
const Admin: TSchema = Type.Object(documentFields(adminFields), { title: 'Admin' })

/** Parameters of every list. */
export const pageParameters: readonly ParameterDocument[] = [
  { in: 'query', name: 'offset', schema: Type.Integer({ format: 'int32', minimum: 0, default: 0 }) },
  {
    in: 'query',
    name: 'limit',
    description: 'Items on one page; more than 500 count as 500',
    schema: Type.Integer({ format: 'int32', minimum: 1, default: 100 }),
  },
  { in: 'query', name: 'order', schema: Type.String({ enum: ['ASC', 'DESC'] }), description: 'Order of the names' },
]

/** Documents by operation, under the operation ids of the original. */
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
      summary: `Return one ${role}`,
      parameters,
      reply: schema,
    }),
    change: documentRoute(`update_${role}`, {
      ...facts,
      summary: `Replace one ${role}; an absent password keeps the old one`,
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
