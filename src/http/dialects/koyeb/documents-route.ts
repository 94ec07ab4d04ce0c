/** koyeb: the shape that its operations have in the OpenAPI document. */
import { type TSchema, Type } from 'typebox'
import {
  type Operations,
  type ParameterDocument,
  type ResponseDocument,
  type SecurityRequirement,
  writeOperations,
} from '../../openapi/operation.ts'

/** Koyeb's API names no media types, so that its generated clients send none and accept all. */
const anyType = '*/*'

const text = Type.Optional(Type.String())
const ErrorReply = Type.Object(
  {
    status: Type.Optional(Type.Integer({ format: 'int32', description: 'The HTTP status.' })),
    code: text,
    message: text,
  },
  { title: 'Error' },
)
const ErrorField = Type.Object({ field: text, description: text }, { title: 'ErrorField' })
const ErrorWithFields = Type.Object(
  { ...ErrorReply.properties, fields: Type.Optional(Type.Array(ErrorField)) },
  { title: 'ErrorWithFields' },
)
const Status = Type.Object(
  {
    code: Type.Optional(Type.Integer({ format: 'int32' })),
    message: text,
    details: Type.Optional(Type.Array(Type.Object({ '@type': text }, { title: 'google.protobuf.Any' }))),
  },
  { title: 'google.rpc.Status' },
)

/** What differs from one operation to the next. */
export type Route = {
  readonly summary: string
  readonly description?: string
  readonly security?: readonly SecurityRequirement[]
  readonly parameters?: readonly ParameterDocument[]
  /** Documented only: the route decodes its body by hand, to answer a missing member in the original's words. */
  readonly body?: TSchema
  readonly reply: TSchema
}

/** Returns the documents of the operations under one tag. */
export function operationsOf<Id extends string>(tag: string, routes: Readonly<Record<Id, Route>>): Operations<Id> {
  return writeOperations<Id, Route>(routes, (operationId, { reply, body, ...facts }) => ({
    operationId,
    tags: [tag],
    ...facts,
    ...(body === undefined ? {} : { body: { schema: body, mediaType: anyType, name: 'body' } }),
    responses: {
      200: answer('A successful response.', reply),
      400: answer('Validation error', ErrorWithFields),
      401: answer('Returned when the token is not valid.', ErrorReply),
      403: answer('Returned when the user does not have permission to access the resource.', ErrorReply),
      404: answer('Returned when the resource does not exist.', ErrorReply),
      500: answer('Returned in case of server error.', ErrorReply),
      503: answer('Service is unavailable.', ErrorReply),
      default: answer('An unexpected error response.', Status),
    },
  }))
}

function answer(description: string, schema: TSchema): ResponseDocument {
  return { description, schema, mediaType: anyType }
}
