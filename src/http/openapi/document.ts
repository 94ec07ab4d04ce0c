/** HTTP: writes the OpenAPI document of one dialect from its registered routes. The same routes give the same bytes. */
import type {
  BodyDocument,
  DialectDocument,
  OperationDocument,
  ParameterDocument,
  SecurityRequirement,
  SecurityScheme,
} from './operation.ts'
import { Components, type SchemaObject } from './schema-object.ts'

/** A registered route with its documentation. */
export type DocumentedRoute = {
  /** Lower case, as OpenAPI has it. */
  readonly method: string
  /** With the operator's prefix; `:name` stands for a parameter. */
  readonly url: string
  readonly operation: OperationDocument
  /** The schemas that the route validates; the document contains them. */
  readonly validated: {
    readonly body?: object
    readonly params?: ObjectSchema
    readonly querystring?: ObjectSchema
    readonly headers?: ObjectSchema
  }
}

type ObjectSchema = { readonly properties?: Readonly<Record<string, object>>; readonly required?: readonly string[] }

/** The base URL at which a document is served, and the operator's prefix of the dialect. */
export type ServedAt = { readonly publicUrl: string; readonly prefix: string }

/** A Parameter Object. */
export type ParameterObject = {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly required?: boolean
  readonly schema: SchemaObject
}

type Content = Readonly<Record<string, { readonly schema: SchemaObject }>>

/** An Operation Object. */
export type OperationObject = {
  readonly operationId?: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly ParameterObject[]
  readonly requestBody?: {
    readonly description?: string
    readonly required?: boolean
    readonly content: Content
    /** Name of the body's argument, for Swagger Codegen. */
    readonly 'x-codegen-request-body-name'?: string
  }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
  readonly security?: readonly SecurityRequirement[]
  /** Name of the body's argument, for OpenAPI Generator. */
  readonly 'x-codegen-request-body-name'?: string
}

/** A whole document (OpenAPI 3.0.3, OpenAPI Object). */
export type OpenApiDocument = {
  readonly openapi: '3.0.3'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string; readonly description: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, SchemaObject>>
    readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
  }
  readonly security: readonly SecurityRequirement[]
}

/** Returns the document; `servedAt` is null for the document in a file. */
export function writeDocument(
  dialect: DialectDocument,
  routes: readonly DocumentedRoute[],
  servedAt: ServedAt | null,
): OpenApiDocument {
  const components = new Components()
  const base = `${servedAt?.prefix ?? ''}${dialect.basePath}`
  const paths: Record<string, Record<string, OperationObject>> = {}
  const sorted = [...routes].sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
  for (const route of sorted) {
    const path = templateOf(route.url.slice(base.length))
    paths[path] = { ...paths[path], [route.method]: writeOperation(route, components) }
  }
  return {
    openapi: '3.0.3',
    info: { title: dialect.title, version: dialect.version, description: dialect.description },
    servers: serversOf(dialect, servedAt),
    tags: Object.entries(dialect.tags).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: components.toObject(), securitySchemes: dialect.securitySchemes },
    security: dialect.security,
  }
}

function orderOf({ url, method }: DocumentedRoute): string {
  return `${url} ${method}`
}

function templateOf(url: string): string {
  return url.replaceAll(/:([A-Za-z_]\w*)/g, '{$1}')
}

/** Clients send passwords to a server that the document names, so that a served document names no other host. */
function serversOf(
  { originalServer, basePath }: DialectDocument,
  servedAt: ServedAt | null,
): OpenApiDocument['servers'] {
  const isRelative = originalServer.startsWith('/')
  const original = { url: originalServer, description: isRelative ? 'The host of this document.' : 'The original.' }
  if (servedAt === null) return [original]
  const here = { url: `${servedAt.publicUrl}${servedAt.prefix}${basePath}`, description: 'This server.' }
  return isRelative ? [{ ...original, url: `${servedAt.prefix}${originalServer}` }, here] : [here]
}

function writeOperation(route: DocumentedRoute, components: Components): OperationObject {
  const { operationId, tags, summary, description, security, responses } = route.operation
  const parameters = parametersOf(route, components)
  const body = bodyOf(route)
  return {
    ...(operationId === undefined ? {} : { operationId }),
    tags,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : writeBody(body, components)),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, { description: sentence, schema, mediaType }]) => {
        const content = schema === undefined ? {} : { content: contentOf(components.convert(schema), mediaType) }
        return [status, { description: sentence, ...content }]
      }),
    ),
    ...(security === undefined ? {} : { security }),
  }
}

type KnownBody = BodyDocument & { readonly schema: object }

function bodyOf({ operation, validated }: DocumentedRoute): KnownBody | null {
  const schema = operation.body?.schema ?? validated.body
  return schema === undefined ? null : ({ ...operation.body, schema } as KnownBody)
}

function writeBody(
  { schema, description, mediaType, name }: KnownBody,
  components: Components,
): Pick<OperationObject, 'requestBody' | 'x-codegen-request-body-name'> {
  const content = contentOf(components.convert(schema), mediaType)
  const nameOfArgument = name === undefined ? {} : { 'x-codegen-request-body-name': name }
  return {
    requestBody: { ...(description === undefined ? {} : { description }), required: true, content, ...nameOfArgument },
    ...nameOfArgument,
  }
}

function contentOf(schema: SchemaObject, mediaType = 'application/json'): Content {
  return { [mediaType]: { schema } }
}

/** Returns path parameters first, then validated ones, then those that are only documented. Both kinds are merged by name. */
function parametersOf({ url, operation, validated }: DocumentedRoute, components: Components): ParameterObject[] {
  const inPath = [...url.matchAll(/:([A-Za-z_]\w*)/g)].map(([, name = '']) => ({ in: 'path', name }) as const)
  const known: ParameterDocument[] = [
    ...inPath,
    ...validatedIn('path', validated.params),
    ...validatedIn('query', validated.querystring),
    ...validatedIn('header', validated.headers),
    ...(operation.parameters ?? []),
  ]
  const byKey = new Map<string, ParameterDocument>()
  for (const one of known) {
    const key = `${one.in} ${one.name}`
    const before = byKey.get(key)
    byKey.set(key, { ...before, ...one, ...joinSchemas(before?.schema, one.schema) })
  }
  return [...byKey.values()].map((one) => writeParameter(one, components))
}

/** If the documented type differs, the route decodes it from the validated text, whose limits then do not apply. */
function joinSchemas(
  validated: ParameterDocument['schema'],
  documented: ParameterDocument['schema'],
): Pick<ParameterDocument, 'schema'> {
  const schema = documented ?? validated
  if (schema === undefined) return {}
  return { schema: typeOf(validated) === typeOf(documented) ? { ...validated, ...documented } : schema }
}

function typeOf(schema: object | undefined): unknown {
  return schema === undefined || !('type' in schema) ? undefined : schema.type
}

function validatedIn(place: ParameterDocument['in'], schema: ObjectSchema | undefined): ParameterDocument[] {
  return Object.entries(schema?.properties ?? {}).map(([name, one]) => ({
    in: place,
    name,
    isRequired: schema?.required?.includes(name) ?? false,
    schema: one,
  }))
}

function writeParameter(parameter: ParameterDocument, components: Components): ParameterObject {
  const isRequired = parameter.in === 'path' || parameter.isRequired === true
  return {
    name: parameter.name,
    in: parameter.in,
    ...(parameter.description === undefined ? {} : { description: parameter.description }),
    ...(isRequired ? { required: true } : {}),
    schema: parameter.schema === undefined ? { type: 'string' } : components.convert(parameter.schema),
  }
}
