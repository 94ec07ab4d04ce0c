/** sftpgo: what the OpenAPI document says of API keys; nothing here checks a request. */
import { Type } from 'typebox'
import { pageParameters } from './account-shape-documents.ts'
import { ApiResponse, documentRoute, type RouteDocument } from './documents.ts'

const milliseconds = Type.Optional(Type.Integer({ format: 'int64', description: 'Unix time in milliseconds' }))

const ApiKey = Type.Object(
  {
    id: Type.Optional(Type.String()),
    name: Type.Optional(Type.String({ minLength: 1 })),
    scope: Type.Optional(Type.Integer({ enum: [1, 2], description: '1 administrators, 2 users' })),
    created_at: milliseconds,
    updated_at: milliseconds,
    last_use_at: milliseconds,
    expires_at: milliseconds,
    description: Type.Optional(Type.String()),
    user: Type.Optional(Type.String()),
    admin: Type.Optional(Type.String()),
  },
  { title: 'ApiKey' },
)

const ApiKeyReply = Type.Object(
  { message: Type.Optional(Type.String()), key: Type.Optional(Type.String()) },
  { title: 'ApiKeyReply' },
)

const facts = { tag: 'API keys', security: [{ BearerAuth: [] }] }
const parameters = [{ in: 'path', name: 'id', isRequired: true }] as const

/** Documents by operation, under the operation ids of the original. */
export const apiKeyDocuments: Readonly<Record<'list' | 'add' | 'read' | 'change' | 'remove', RouteDocument>> = {
  list: documentRoute('get_api_keys', {
    ...facts,
    summary: 'List the API keys, without their secrets',
    parameters: pageParameters,
    reply: Type.Array(ApiKey),
  }),
  add: documentRoute('add_api_key', {
    ...facts,
    summary: 'Add an API key; it is shown in this answer alone',
    body: { schema: ApiKey },
    reply: ApiKeyReply,
    status: 201,
  }),
  read: documentRoute('get_api_key_by_id', { ...facts, summary: 'Return one API key', parameters, reply: ApiKey }),
  change: documentRoute('update_api_key', {
    ...facts,
    summary: 'Replace one API key; its secret stays',
    parameters,
    body: { schema: ApiKey },
    reply: ApiResponse,
  }),
  remove: documentRoute('delete_api_key', { ...facts, summary: 'Remove one API key', parameters, reply: ApiResponse }),
}
