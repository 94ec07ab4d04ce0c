/** Tests that a document has exactly the limits that the route checks. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RouteOptions } from 'fastify'
import type { Dialect } from '../../src/core/dialects.ts'
import type { OpenApiDocument, OperationObject } from '../../src/http/openapi/document.ts'
import { describeLimits, limitsOf } from '../fixtures/openapi/limits.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const dialects: readonly Dialect[] = ['control', 'giantswarm', 'koyeb', 'pacerpro', 'sftpgo']

type Validated = Readonly<
  Record<'body' | 'params' | 'querystring' | 'headers', { readonly properties?: object } | undefined>
>

let sallyport: RunningSallyport
/** The schemas that each route validates, by method and path. */
const routes = new Map<string, Validated>()

before(async () => {
  const collect = (route: RouteOptions): void => {
    const path = route.url.replaceAll(/:([A-Za-z_]\w*)/g, '{$1}')
    for (const method of [route.method].flat()) routes.set(`${method} ${path}`, (route.schema ?? {}) as Validated)
  }
  sallyport = await runSallyport({ extend: (app) => app.addHook('onRoute', collect) })
})

after(() => sallyport.close())

for (const dialect of dialects) {
  test(`OAS-36 the document of ${dialect} has every limit that a route validates, and no other on a validated value`, () => {
    const document = sallyport.app.openApi.document(dialect, null)
    const differing = operationsOf(dialect, document).flatMap(({ key, operation, validated }) =>
      [...bodyOf(operation, validated, document), ...parametersOf(operation, validated, document)]
        .filter(({ documented, checked }) => JSON.stringify(documented) !== JSON.stringify(checked))
        .map(
          ({ what, documented, checked }) =>
            `${key} ${what}: documented [${documented.join(', ')}], checked [${checked.join(', ')}]`,
        ),
    )
    assert.deepEqual([operationsOf(dialect, document).length > 0, differing], [true, []])
  })
}

type Compared = { readonly what: string; readonly documented: string[]; readonly checked: string[] }
type Known = { readonly key: string; readonly operation: OperationObject; readonly validated: Validated }

function operationsOf(dialect: Dialect, document: OpenApiDocument): Known[] {
  const base = dialect === 'sftpgo' ? '/api/v2' : ''
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const key = `${method.toUpperCase()} ${base}${path}`
      const validated = routes.get(key)
      assert.ok(validated, `${key} is no route`)
      return { key, operation, validated }
    }),
  )
}

function bodyOf({ requestBody }: OperationObject, { body }: Validated, document: OpenApiDocument): Compared[] {
  if (body === undefined) return []
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema
  return [
    {
      what: 'body',
      documented: describeLimits(limitsOf(schema, document)),
      checked: describeLimits(limitsOf(body, null)),
    },
  ]
}

/** A parameter that is documented with another type is decoded from its text, so that the limits of the text do not apply. */
function parametersOf(
  { parameters = [] }: OperationObject,
  validated: Validated,
  document: OpenApiDocument,
): Compared[] {
  const schemas = { path: validated.params, query: validated.querystring, header: validated.headers }
  return Object.entries(schemas).flatMap(([place, schema]) =>
    Object.entries(schema?.properties ?? {}).flatMap(([name, checked]) => {
      const documented = parameters.find((one) => one.in === place && one.name === name)?.schema
      if (documented !== undefined && documented.type !== (checked as { readonly type?: unknown }).type) return []
      return [
        {
          what: `${place} ${name}`,
          documented: describeLimits(limitsOf(documented, document)),
          checked: describeLimits(limitsOf(checked, null)),
        },
      ]
    }),
  )
}
