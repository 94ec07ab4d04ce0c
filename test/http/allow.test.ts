/** Tests that `Allow` is right for every path of a document and for every page. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Dialect } from '../../src/core/dialects.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const dialects: readonly Dialect[] = ['control', 'giantswarm', 'koyeb', 'pacerpro', 'sftpgo']
const methods = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'] as const
/** Paths that are in no document. */
const pages = ['/', '/healthz', '/setup', '/terminal', '/docs', '/openapi/control.json', '/avatar.svg', '/v1/ws']

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({ config: { throttle: false } })
})

after(() => sallyport.close())

for (const dialect of dialects) {
  test(`OAS-35 Allow names exactly the methods that each path of ${dialect} answers`, async () => {
    const { paths } = sallyport.app.openApi.document(dialect, null)
    const base = dialect === 'sftpgo' ? '/api/v2' : ''
    const results = await Promise.all(Object.keys(paths).map((path) => lookAt(`${base}${path}`)))
    assert.deepEqual([results.length > 0, results.filter(({ allowed, answered }) => allowed !== answered)], [true, []])
    const undocumented = Object.entries(paths).flatMap(([path, item], index) =>
      Object.keys(item)
        .map((method) => method.toUpperCase())
        .filter((method) => !results[index]?.answered.split(', ').includes(method))
        .map((method) => `${method} ${path}`),
    )
    assert.deepEqual(undocumented, [])
  })
}

test('OAS-35 Allow names exactly the methods that each page answers', async () => {
  const results = await Promise.all(pages.map(lookAt))
  assert.deepEqual(
    results.filter(({ allowed, answered }) => allowed !== answered || answered === ''),
    [],
  )
})

type Result = { readonly path: string; readonly allowed: string; readonly answered: string }

/** Returns the methods of a path that are not answered 405. */
async function lookAt(template: string): Promise<Result> {
  const path = template.replaceAll(/\{[^}]+\}/g, '00000000-0000-4000-8000-000000000000')
  const ask = (method: string): Promise<LightMyRequestResponse> =>
    sallyport.app.inject({ method: method as NonNullable<InjectOptions['method']>, url: path })
  const answers = await Promise.all(methods.map(ask))
  const answered = methods.filter((_, index) => answers[index]?.statusCode !== 405)
  const refused = await Promise.all([...answers.filter(({ statusCode }) => statusCode === 405), ask('OPTIONS')])
  const allowed = new Set(refused.map(({ headers }) => listOf(headers.allow)))
  return { path, allowed: [...allowed].join(' or '), answered: answered.join(', ') }
}

function listOf(allow: number | string | string[] | undefined): string {
  return String(allow ?? '')
    .split(', ')
    .sort()
    .join(', ')
}
