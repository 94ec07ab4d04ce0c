/** control: the shape that its operations have in the OpenAPI document. */
import { type TSchema, Type } from 'typebox'
import {
  type Operations,
  type ParameterDocument,
  type ResponseDocument,
  type SecurityRequirement,
  writeOperations,
} from '../../openapi/operation.ts'

/** An RFC 3339 time. */
export const time: Type.TString = Type.String({ format: 'date-time' })
/** An RFC 3339 time, or null. */
export const timeOrNull: TSchema = Type.Union([time, Type.Null()])
/** A string, or null. */
export const textOrNull: TSchema = Type.Union([Type.String(), Type.Null()])

/** Returns the schema of one page of a list. */
export function listOf(title: string, item: TSchema): TSchema {
  return Type.Object({ items: Type.Array(item), next: textOrNull }, { title })
}

const Problem = Type.Object(
  {
    type: Type.String({ description: 'A stable name, such as `credentials-invalid`.' }),
    title: Type.String(),
    status: Type.Integer({ format: 'int32' }),
    fields: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), description: Type.String() }, { title: 'ProblemField' })),
    ),
  },
  { title: 'Problem' },
)

/** What differs from one operation to the next. */
export type Route = {
  readonly summary: string
  readonly description?: string
  readonly security?: readonly SecurityRequirement[]
  readonly parameters?: readonly ParameterDocument[]
  /** Status, description and body of a success; without a schema the answer has no body. */
  readonly done: readonly [status: number, description: string, schema?: TSchema]
  /** `application/json` by default. */
  readonly mediaType?: string
  /** Further answers by status. */
  readonly also?: Readonly<Record<string, ResponseDocument>>
}

/** Returns the documents of the operations under one tag. Their refusals are problem details. */
export function operationsOf<Id extends string>(tag: string, routes: Readonly<Record<Id, Route>>): Operations<Id> {
  const refused = { schema: Problem, mediaType: 'application/problem+json' }
  return writeOperations<Id, Route>(routes, (operationId, { done, mediaType, also, ...facts }) => {
    const [status, description, schema] = done
    return {
      operationId,
      tags: [tag],
      ...facts,
      responses: {
        [status]: {
          description,
          ...(schema === undefined ? {} : { schema }),
          ...(mediaType === undefined ? {} : { mediaType }),
        },
        ...also,
        '4XX': { description: 'Refused', ...refused },
        '5XX': { description: 'A fault of the server', ...refused },
      },
    }
  })
}
