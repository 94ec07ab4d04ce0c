/** control: the shape that its operations have in the OpenAPI document. */
import { type TSchema, Type } from 'typebox'
import type {
  OperationDocument,
  ParameterDocument,
  ResponseDocument,
  SecurityRequirement,
} from '../../openapi/operation.ts'

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

/** What is said of one route. */
export type Route = {
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly security?: readonly SecurityRequirement[]
  readonly parameters?: readonly ParameterDocument[]
  /** Status, sentence and body of what went well; without a schema there is no body. */
  readonly done: readonly [status: number, sentence: string, schema?: TSchema]
  /** `application/json` by default. */
  readonly mediaType?: string
  /** Further answers by status. */
  readonly also?: Readonly<Record<string, ResponseDocument>>
}

/** Returns the document of a route whose refusals are problem details. */
export function route(operationId: string, { tag, done, mediaType, also, ...told }: Route): OperationDocument {
  const [status, description, schema] = done
  const answer: ResponseDocument = {
    description,
    ...(schema === undefined ? {} : { schema }),
    ...(mediaType === undefined ? {} : { mediaType }),
  }
  const refused = { schema: Problem, mediaType: 'application/problem+json' }
  return {
    operationId,
    tags: [tag],
    ...told,
    responses: {
      [status]: answer,
      ...also,
      '4XX': { description: 'Refused', ...refused },
      '5XX': { description: 'A fault of the server', ...refused },
    },
  }
}
