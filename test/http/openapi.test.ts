import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { LightMyRequestResponse } from 'fastify'
import { Type } from 'typebox'
import type { Dialect } from '../../src/core/dialects.ts'
import { DocumentCatalogue } from '../../src/http/openapi/catalogue.ts'
import type { OpenApiDocument } from '../../src/http/openapi/document.ts'
import type { DialectDocument, OperationDocument } from '../../src/http/openapi/operation.ts'
import { Components } from '../../src/http/openapi/schema-object.ts'
import { staleOpenApi } from '../../tools/openapi.ts'
import { projectRoot } from '../../tools/source-tree.ts'
import { goodPassword } from '../fixtures/control-calls.ts'
import { type ClientDocument, clientDocument, type Generator, generators } from '../fixtures/openapi/client-document.ts'
import { giantswarmClient } from '../fixtures/openapi/giantswarm.ts'
import { koyebClient } from '../fixtures/openapi/koyeb.ts'
import { pacerproClient } from '../fixtures/openapi/pacerpro.ts'
import { ptyTokenClient } from '../fixtures/openapi/pty-token.ts'
import { sftpgoClient } from '../fixtures/openapi/sftpgo.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'
import { plant, temporaryFolder } from '../house/temporary-folder.ts'

const dialects: readonly Dialect[] = ['control', 'giantswarm', 'koyeb', 'pacerpro', 'sftpgo']

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport()
})

after(() => sallyport.close())

test('OAS-1 every route is documented or marked as left out', () => {
  assert.deepEqual(sallyport.app.openApi.undocumentedRoutes(), [])
})

test('OAS-1 an undocumented route is named', () => {
  const catalogue = new DocumentCatalogue()
  catalogue.add('koyeb', { method: ['GET', 'HEAD'], url: '/v1/new', handler: () => undefined })
  assert.deepEqual(catalogue.undocumentedRoutes(), ['GET /v1/new'])
})

for (const dialect of dialects) {
  test(`OAS-2 the document of ${dialect} is valid OpenAPI 3.0.3, in its file and when served`, async () => {
    for (const publicUrl of [null, 'https://door.example.org']) {
      const document = sallyport.app.openApi.document(dialect, publicUrl)
      const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>)
      assert.deepEqual([document.openapi, errors, valid], ['3.0.3', undefined, true])
    }
  })

  test(`OAS-2 every scheme, tag and component that the document of ${dialect} names is in it, and operation ids are unique`, () => {
    assert.deepEqual(looseEnds(sallyport.app.openApi.document(dialect, null)), [])
  })
}

test('OAS-3 the files in openapi/ match the routes', async () => {
  assert.deepEqual(await staleOpenApi(projectRoot), [])
})

test('OAS-3 a stale document, a missing one and one of no dialect are found', async (t) => {
  const folder = temporaryFolder(t)
  const stale = dialects.map((dialect) => `openapi/${dialect}.json is stale: run npm run docs.`)
  assert.deepEqual(await staleOpenApi(folder), stale)
  plant(folder, { 'openapi/koyeb.json': '{}\n', 'openapi/other.json': '{}\n' })
  assert.deepEqual(await staleOpenApi(folder), ['openapi/other.json is of no dialect.', ...stale])
})

test('OAS-4 requests without the documented headers and queries get the usual answers', async () => {
  await sallyport.addAccount({ username: 'ada', password: goodPassword, email: 'ada@example.org' })
  const { app } = sallyport
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, sent: object): Promise<LightMyRequestResponse> =>
    app.inject({ method, url, ...sent })
  const credentials = { email: 'ada@example.org', password: goodPassword }
  const basic = `Basic ${Buffer.from(`ada:${goodPassword}`).toString('base64')}`
  const encoded = Buffer.from(goodPassword).toString('base64')
  const sftpgo = await ask('GET', '/api/v2/user/token', { headers: { authorization: basic } })
  const koyeb = await ask('POST', '/v1/account/login', { payload: JSON.stringify(credentials) })
  const giantswarm = await ask('POST', '/v4/auth-tokens/', {
    payload: { email: 'ada@example.org', password_base64: encoded },
  })
  const pacerpro = await ask('POST', '/session', { payload: credentials })
  const spent = await Promise.all([
    ask('GET', '/api/v2/user/dirs', { headers: { authorization: `Bearer ${sftpgo.json().access_token}` } }),
    ask('GET', '/v1/account/profile', { headers: { authorization: koyeb.json().token.id } }),
    ask('GET', '/v1/account/organizations', { headers: { authorization: koyeb.json().token.id } }),
    ask('DELETE', '/v4/auth-tokens/', { headers: { authorization: `giantswarm ${giantswarm.json().auth_token}` } }),
    ask('GET', '/session', { headers: { authorization: `Bearer ${pacerpro.json().jwtToken}` } }),
  ])
  const answers = [sftpgo, koyeb, giantswarm, pacerpro, ...spent]
  assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
})

test('OAS-5 a keyword that OpenAPI 3.0 does not have is an error', () => {
  const schema = Type.Object({ size: Type.Integer({ exclusiveMinimum: 0 }) })
  assert.throws(() => new Components().convert(schema), {
    message: 'OpenAPI 3.0 has no schema keyword exclusiveMinimum.',
  })
})

test('OAS-5 two different schemas with one name are an error, and the same one twice is not', () => {
  const components = new Components()
  components.convert(Type.Object({ id: Type.String() }, { title: 'Thing' }))
  components.convert(Type.Object({ id: Type.String() }, { title: 'Thing' }))
  const other = Type.Object({ id: Type.Integer() }, { title: 'Thing' })
  assert.throws(() => components.convert(other), { message: 'Two different schemas are called Thing.' })
})

test('OAS-6 a document has what a route validates, in OpenAPI 3.0', () => {
  const body = Type.Object(
    {
      role: Type.Union([Type.Literal('admin'), Type.Literal('user')]),
      change_id: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
      labels: Type.Optional(Type.Record(Type.String(), Type.Integer())),
    },
    { title: 'Wish' },
  )
  const { paths, components } = documentOf('/x/api/things/:id', {
    body,
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    querystring: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1 })) }),
  })
  assert.deepEqual(
    [paths['/things/{id}']?.post?.parameters, paths['/things/{id}']?.post?.requestBody],
    [
      [
        { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 64 } },
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1 } },
      ],
      { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Wish' } } } },
    ],
  )
  assert.deepEqual(components.schemas, {
    Wish: {
      type: 'object',
      required: ['role', 'change_id'],
      properties: {
        role: { type: 'string', enum: ['admin', 'user'] },
        change_id: { nullable: true, type: 'string', maxLength: 64 },
        labels: { type: 'object', additionalProperties: { type: 'integer' } },
      },
    },
  })
})

type Original = {
  readonly title: string
  readonly dialect: Dialect
  readonly tag: string
  readonly generator: Generator
  readonly client: ClientDocument
}

const originals: readonly Original[] = [
  {
    title: 'OAS-11 the PTY token API',
    dialect: 'control',
    tag: 'PTY Token',
    generator: generators.typescriptAxios,
    client: ptyTokenClient,
  },
  { title: 'OAS-12 SFTPGo’s tokens', dialect: 'sftpgo', tag: 'token', generator: generators.go, client: sftpgoClient },
  {
    title: 'OAS-13 PacerPro’s sessions',
    dialect: 'pacerpro',
    tag: 'authentication',
    generator: generators.ruby,
    client: pacerproClient,
  },
  {
    title: 'OAS-14 Giant Swarm’s auth tokens',
    dialect: 'giantswarm',
    tag: 'auth tokens',
    generator: generators.javascript,
    client: giantswarmClient,
  },
  {
    title: 'OAS-15 Koyeb’s sessions',
    dialect: 'koyeb',
    tag: 'Sessions',
    generator: generators.python,
    client: koyebClient,
  },
]

for (const { title, dialect, tag, generator, client } of originals) {
  test(`${title}: the client document is given back, line by line`, () => {
    assert.deepEqual(clientDocument(sallyport.app.openApi.document(dialect, null), tag, generator), client)
  })
}

function documentOf(url: string, schema: object): OpenApiDocument {
  const dialect: DialectDocument = {
    title: 'Things',
    version: '1',
    description: 'Things.',
    basePath: '/api',
    originalServer: '/api',
    tags: { things: 'Things.' },
    securitySchemes: {},
    security: [],
  }
  const openapi: OperationDocument = { tags: ['things'], summary: 'Wish', responses: { 204: { description: 'Done' } } }
  const catalogue = new DocumentCatalogue()
  catalogue.open('koyeb', dialect, '/x')
  catalogue.add('koyeb', { method: 'POST', url, schema: { ...schema, openapi }, handler: () => undefined })
  return catalogue.document('koyeb', 'https://door.example.org')
}

function looseEnds(document: OpenApiDocument): string[] {
  const { schemas, securitySchemes } = document.components
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item))
  const tags = new Set(document.tags.map(({ name }) => name))
  const ids = operations.flatMap(({ operationId }) => operationId ?? [])
  const schemes = [document.security, ...operations.map(({ security }) => security ?? [])]
    .flat()
    .flatMap((way) => Object.keys(way))
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  )
  return [
    ...operations.flatMap((operation) => operation.tags.filter((tag) => !tags.has(tag))),
    ...ids.filter((id, index) => ids.indexOf(id) !== index),
    ...schemes.filter((name) => securitySchemes[name] === undefined),
    ...references.filter((name) => schemas[name] === undefined),
    ...Object.keys(schemas).filter((name) => !references.includes(name)),
  ]
}
