import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Dialect } from '../../src/core/dialects.ts'
import { integer } from '../../src/http/dialects/sftpgo/account-shape-kinds.ts'
import type { OpenApiDocument } from '../../src/http/openapi/document.ts'
import { openApiFolder } from '../../tools/openapi.ts'
import { projectRoot } from '../../tools/source-tree.ts'
import { collisions, languages } from '../fixtures/openapi/generated-names.ts'

const dialects: readonly Dialect[] = ['control', 'giantswarm', 'koyeb', 'pacerpro', 'sftpgo']

for (const dialect of dialects) {
  test(`OAS-31 every body of a request or an answer has a schema in the document of ${dialect}`, () => {
    const { paths } = documentOf(dialect)
    const contents = Object.values(paths).flatMap((item) =>
      Object.values(item).flatMap(({ requestBody, responses }) =>
        [requestBody, ...Object.values(responses)].flatMap((body) => Object.entries(body?.content ?? {})),
      ),
    )
    assert.deepEqual(
      [
        contents.length > 0,
        contents.filter(([, { schema }]) => schema === undefined || Object.keys(schema).length === 0),
      ],
      [true, []],
    )
  })

  test(`OAS-32 no code generator derives one name from two parts of the document of ${dialect}`, () => {
    assert.deepEqual(collisions(documentOf(dialect)), [])
  })

  test(`OAS-33 every object with members has a name in the document of ${dialect}`, () => {
    assert.deepEqual(namelessIn(documentOf(dialect)), [])
  })
}

for (const dialect of dialects) {
  test(`OAS-39 every integer in the document of ${dialect} has the format int32 or int64`, () => {
    const numbers = integersWithin(documentOf(dialect), '')
    const fitting = (one: Whole): boolean => one.enum !== undefined || (one.maximum ?? largestInt32 + 1) <= largestInt32
    const silent = numbers.filter(({ schema }) => schema.format === undefined && !fitting(schema))
    const tooLarge = numbers.filter(({ schema }) => schema.format === 'int32' && (schema.maximum ?? 0) > largestInt32)
    assert.deepEqual([numbers.length > 0 || dialect === 'koyeb', silent, tooLarge], [true, [], []])
  })
}

test('OAS-39 a number of sftpgo is int32 only if a larger one is refused', () => {
  const reading = { name: 'n', sealer: null, before: undefined }
  const kinds = [integer(), integer({ least: 0 }), integer({ least: 0, clears: true }), integer({ most: largestInt32 })]
  const formats = kinds.map((kind) => (kind.schema as Whole).format)
  const takesMore = kinds.map((kind) => {
    try {
      return kind.read(largestInt32 + 1, reading) === largestInt32 + 1
    } catch {
      return false
    }
  })
  assert.deepEqual(takesMore, [true, true, true, false])
  assert.deepEqual(
    formats,
    takesMore.map((takes) => (takes ? 'int64' : 'int32')),
  )
})

const largestInt32 = 2_147_483_647

type Whole = { readonly format?: string; readonly maximum?: number; readonly enum?: readonly number[] }

function integersWithin(value: unknown, at: string): { readonly at: string; readonly schema: Whole }[] {
  if (value === null || typeof value !== 'object') return []
  const own = (value as { readonly type?: unknown }).type === 'integer' ? [{ at, schema: value as Whole }] : []
  return [...own, ...Object.entries(value).flatMap(([key, one]) => integersWithin(one, `${at}/${key}`))]
}

const text = { type: 'string' }
const samples: readonly (readonly [
  title: string,
  schemas: Readonly<Record<string, object>>,
  found: readonly string[],
])[] = [
  ['a constructor', { Thing: {}, NewThing: {} }, ['go: package: NewThing is made of schema Thing and schema NewThing']],
  ['a type of the client', { APIKey: {} }, ['go: package: APIKey is made of schema APIKey and every client']],
  [
    'an accessor',
    { Thing: { properties: { password: text, has_password: text } } },
    ['go: Thing: HasPassword is made of member password and member has_password'],
  ],
  [
    'two members',
    { Thing: { required: ['a_b', 'aB'], properties: { a_b: text, aB: text } } },
    ['go: Thing: AB', 'java: Thing: aB', 'python: Thing: a_b', 'typescript-fetch: Thing: aB', 'ruby: Thing: a_b'],
  ],
  [
    'files on a disk without case',
    { Thing: {}, THING: {} },
    [
      ...['go: files: model_thing.go', 'java: files: thing.java', 'python: files: thing.py'],
      ...['typescript-fetch: files: thing.ts', 'ruby: files: thing.rb', 'javascript: files: thing.js'],
    ],
  ],
  [
    'a renamed type',
    { Error: {}, ModelError: {} },
    [
      ...['java: package: ModelError', 'java: files: modelerror.java', 'typescript-axios: package: ModelError'],
      ...['typescript-fetch: package: ModelError', 'javascript: package: ModelError'],
    ],
  ],
  [
    'an enum',
    { Thing: { properties: { kind: { type: 'string', enum: ['a'] } } }, ThingKindEnum: {} },
    ['typescript-axios: package: ThingKindEnum', 'typescript-fetch: package: ThingKindEnum'],
  ],
]

for (const [title, schemas, found] of samples) {
  test(`OAS-32 a name that is derived twice is found: ${title}`, () => {
    const sentences = collisions({ components: { schemas: schemas as never, securitySchemes: {} }, paths: {} })
    const absent = found.filter((start) => !sentences.some((sentence) => sentence.startsWith(start)))
    assert.deepEqual(absent, [], sentences.join('\n'))
  })
}

for (const language of Object.keys(languages)) {
  test(`OAS-32 an operation and its longer name are found in ${language}`, () => {
    const operation = (operationId: string): object => ({ get: { operationId, tags: ['t'] } })
    const twice = [
      'doIt',
      'do_it',
      ...['Execute', 'WithHttpInfo', 'Raw', '_with_http_info'].map((end) => `do_it${end}`),
    ]
    const paths = Object.fromEntries(twice.map((id) => [`/${id}`, operation(id)])) as never
    const sentences = collisions({ components: { schemas: {}, securitySchemes: {} }, paths })
    assert.ok(
      sentences.some((sentence) => sentence.startsWith(`${language}: tag t:`)),
      sentences.join('\n'),
    )
  })
}

function documentOf(dialect: Dialect): OpenApiDocument {
  return JSON.parse(readFileSync(`${projectRoot}${openApiFolder}/${dialect}.json`, 'utf8')) as OpenApiDocument
}

/** Each generator invents its own name for an object without one. */
function namelessIn({ paths, components }: OpenApiDocument): string[] {
  const inBodies = Object.entries(paths).flatMap(([path, item]) => objectsWithin(item, path))
  const inSchemas = Object.entries(components.schemas).flatMap(([name, { properties, items }]) =>
    objectsWithin({ ...(properties as object), items }, name),
  )
  return [...inBodies, ...inSchemas]
}

/** Returns the places of object schemas with members within a value. */
function objectsWithin(value: unknown, at: string): string[] {
  if (value === null || typeof value !== 'object') return []
  const { type, properties } = value as { readonly type?: unknown; readonly properties?: object }
  if (type === 'object' && Object.keys(properties ?? {}).length > 0) return [at]
  return Object.entries(value).flatMap(([key, one]) => objectsWithin(one, `${at}/${key}`))
}
