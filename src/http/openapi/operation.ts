/** HTTP: the documentation of a dialect and of its routes. It reaches no validator and changes no answer. */
import type { TSchema } from 'typebox'

/** One way to authenticate: the names of security schemes that are needed together. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>

/** A parameter that the route does not validate, or that needs more documentation than its schema. */
export type ParameterDocument = {
  readonly in: 'header' | 'path' | 'query'
  /** Its name on the wire. */
  readonly name: string
  readonly description?: string
  /** A path parameter is always required. */
  readonly isRequired?: boolean
  /** A string by default. */
  readonly schema?: TSchema
}

/** The body of a request. */
export type BodyDocument = {
  /** By default the schema that the route validates. */
  readonly schema?: TSchema
  readonly description?: string
  /** `application/json` by default; the range of all types if the original names none. */
  readonly mediaType?: string
  /** Name of the argument in generated clients, if it is not the name of the schema. */
  readonly name?: string
}

/** One row of the table of answers. */
export type ResponseDocument = {
  readonly description: string
  /** Left out: the answer has no body, or an undocumented one. */
  readonly schema?: TSchema
  /** `application/json` by default. */
  readonly mediaType?: string
}

/** The documentation of one operation, in `schema.openapi` of its route. A schema with a `title` becomes a named component. */
export type OperationDocument = {
  /** Left out if the original has none, so that its clients name methods by path. */
  readonly operationId?: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  /** Left out: the requirements of the whole document; empty: none. */
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

/** A Security Scheme Object. */
export type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: 'basic' | 'bearer'; readonly bearerFormat?: string }
  | {
      readonly type: 'apiKey'
      readonly in: 'header'
      readonly name: string
      readonly description?: string
      /** Prefix of the key on the wire, for some clients. */
      readonly 'x-apikey-prefix'?: string
    }

/** The documentation of a whole dialect. */
export type DialectDocument = {
  readonly title: string
  /** Version of the original's API. */
  readonly version: string
  readonly description: string
  /** The part of every path that is in the server URLs instead; empty if they have no path. */
  readonly basePath: string
  /** URL of the original, which its clients use by default. */
  readonly originalServer: string
  readonly tags: Readonly<Record<string, string>>
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
  /** The requirements of every route that does not name its own. */
  readonly security: readonly SecurityRequirement[]
}

declare module 'fastify' {
  interface FastifySchema {
    /** The route's documentation; `left out` for a route that is not part of the API. */
    readonly openapi?: OperationDocument | 'left out'
  }
}
