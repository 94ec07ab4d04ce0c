/** HTTP: what a document says of a dialect and of each of its routes; none of it reaches a validator or changes an answer. */
import type { TSchema } from 'typebox'

/** One way to be let in: the names of security schemes that are needed together. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>

/** A parameter that the route does not validate, or of which there is more to say than what it validates. */
export type ParameterDocument = {
  readonly in: 'header' | 'path' | 'query'
  /** As it is written on the wire. */
  readonly name: string
  readonly description?: string
  /** A path parameter is required in any case. */
  readonly isRequired?: boolean
  /** A string by default. */
  readonly schema?: TSchema
}

/** The body of a request. */
export type BodyDocument = {
  /** The schema that the route validates by default. */
  readonly schema?: TSchema
  readonly description?: string
  /** `application/json` by default; the range of all types where the original names none. */
  readonly mediaType?: string
  /** Name of the argument in generated clients, where it is not the name of the schema. */
  readonly name?: string
}

/** One row of the table of answers. */
export type ResponseDocument = {
  readonly description: string
  /** Left out: the answer has no body, or one that is not described. */
  readonly schema?: TSchema
  /** `application/json` by default. */
  readonly mediaType?: string
}

/** One route of a document; put on the route as `schema.openapi`. A schema with a `title` becomes a named component. */
export type OperationDocument = {
  /** Left out where the original has none and its clients name methods by path. */
  readonly operationId?: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  /** Left out: what the whole document asks for; empty: nothing. */
  readonly security?: readonly SecurityRequirement[]
  readonly parameters?: readonly ParameterDocument[]
  readonly body?: BodyDocument
  /** By status, range (`4XX`) or `default`. */
  readonly responses: Readonly<Record<string, ResponseDocument>>
}

/** The documents of operations by their ids. */
export type Operations<Id extends string> = Readonly<Record<Id, OperationDocument>>

/** Writes the documents of a table whose keys are the operation ids. */
export function writeOperations<Id extends string, Facts>(
  table: Readonly<Record<Id, Facts>>,
  write: (operationId: string, facts: Facts) => OperationDocument,
): Operations<Id> {
  const rows = Object.entries<Facts>(table).map(([id, facts]) => [id, write(id, facts)])
  return Object.fromEntries(rows) as Operations<Id>
}

/** A security scheme as it stands in the document. */
export type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: 'basic' | 'bearer'; readonly bearerFormat?: string }
  | {
      readonly type: 'apiKey'
      readonly in: 'header'
      readonly name: string
      readonly description?: string
      /** What stands before the key on the wire, as some clients read it. */
      readonly 'x-apikey-prefix'?: string
    }

/** What is said once for a whole dialect. */
export type DialectDocument = {
  readonly title: string
  /** Of the original's API that is kept to. */
  readonly version: string
  readonly description: string
  /** Begin of every path that stands in the server addresses instead; empty where they name a host alone. */
  readonly basePath: string
  /** Address of the original, which its clients take when told no other. */
  readonly originalServer: string
  readonly tags: Readonly<Record<string, string>>
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
  /** Asked of every route that does not say otherwise. */
  readonly security: readonly SecurityRequirement[]
}

declare module 'fastify' {
  interface FastifySchema {
    /** What the document of the dialect says of the route; `left out` of a route that is no part of the API. */
    readonly openapi?: OperationDocument | 'left out'
  }
}
