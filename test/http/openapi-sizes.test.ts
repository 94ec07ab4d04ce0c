/** Tries the documented limits of texts in bodies on the running server: at each limit, beyond it, and without one. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { OpenApiDocument } from '../../src/http/openapi/document.ts'
import { call } from '../fixtures/control-calls.ts'
import { limitsOf, resolve } from '../fixtures/openapi/limits.ts'
import { type Sample, type SampleWorld, samples, sampleWorld } from '../fixtures/openapi/samples.ts'

let world: SampleWorld
let calls = 0

before(async () => {
  world = await sampleWorld()
})

after(() => world.close())

/** Longer than any stored text, and shorter than the limit of a body. */
const longText = 5_000

for (const [dialect, known] of Object.entries(samples)) {
  test(`OAS-37 every operation of ${dialect} with a body has a sample`, () => {
    const { paths } = world.app.openApi.document(dialect as 'control', null)
    const wanted = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, { requestBody }]) => requestBody !== undefined)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    )
    assert.deepEqual(Object.keys(known).sort(), wanted.sort())
  })

  for (const [line, sample] of Object.entries(known)) {
    test(`OAS-37 the texts of ${line} of ${dialect} are refused for their length exactly when its document says so`, async () => {
      const document = world.app.openApi.document(dialect as 'control', null)
      assert.equal(await isRefused(line, sample, {}), sample.refusedFor !== undefined, 'the sample itself')
      if (sample.refusedFor !== undefined) return assert.deepEqual(limitsOf(bodyOf(document, line), document), [])
      const found: string[] = []
      for (const [member, { shortest, longest }] of textsOf(document, line)) {
        if (sample.unread?.[member] !== undefined) continue
        const isMeant = sample.meant?.[member] !== undefined
        const outcome = async (length: number): Promise<string> =>
          (await isRefused(line, sample, { [member]: 'a'.repeat(length) })) ? 'refused' : 'taken'
        const tried = {
          'one too short': shortest === 0 ? 'refused' : await outcome(shortest - 1),
          'short enough': isMeant ? 'taken' : await outcome(shortest),
          'long enough': isMeant ? 'taken' : await outcome(longest ?? longText),
          'one too long': longest === undefined ? 'refused' : await outcome(longest + 1),
        }
        const right = {
          'one too short': 'refused',
          'short enough': 'taken',
          'long enough': 'taken',
          'one too long': 'refused',
        }
        if (JSON.stringify(tried) !== JSON.stringify(right)) found.push(`${member}: ${JSON.stringify(tried)}`)
      }
      assert.deepEqual(found, [])
    })
  }
}

/** The callers that may read every list. */
const callers = {
  control: 'control',
  giantswarm: 'giantswarm',
  koyeb: 'koyeb',
  pacerpro: 'nobody',
  sftpgo: 'sftpgo administrator',
} as const

for (const dialect of Object.keys(callers) as (keyof typeof callers)[]) {
  test(`OAS-38 a number in a query of ${dialect} is refused exactly outside the documented limits`, async () => {
    const { paths } = world.app.openApi.document(dialect, null)
    const base = dialect === 'sftpgo' ? '/api/v2' : ''
    const numbers = Object.entries(paths).flatMap(([path, { get }]) =>
      (get?.parameters ?? [])
        .filter(({ in: place, schema }) => place === 'query' && schema.type === 'integer')
        .map(({ name, schema }) => ({ path: `${base}${path}`, name, schema })),
    )
    const isTaken = async (path: string, query: string): Promise<boolean> =>
      (await call(world, { path: `${path}?${query}`, headers: world.headers[callers[dialect]] })).status === 200
    for (const { path, name, schema } of numbers) {
      const { minimum, maximum } = schema as { readonly minimum: number; readonly maximum?: number }
      const least = [await isTaken(path, `${name}=${minimum}`), await isTaken(path, `${name}=${minimum - 1}`)]
      const most = maximum === undefined ? [true, false] : []
      if (maximum !== undefined) {
        most.push(await isTaken(path, `${name}=${maximum}`), await isTaken(path, `${name}=${maximum + 1}`))
      }
      assert.deepEqual([path, name, least, most], [path, name, [true, false], [true, false]])
    }
    assert.equal(numbers.length > 0, ['control', 'sftpgo'].includes(dialect))
  })
}

type Sizes = { readonly shortest: number; readonly longest: number | undefined }

/** Returns the texts of a body by their names, with their documented lengths. */
function textsOf(document: OpenApiDocument, line: string): Map<string, Sizes> {
  const schema = bodyOf(document, line)
  const members = Object.entries((schema.properties ?? {}) as Readonly<Record<string, { readonly type?: string }>>)
  return new Map(
    members
      .filter(([, one]) => one.type === 'string')
      .map(([name, one]) => {
        const limits = limitsOf(one, document)
        const value = (keyword: string): number | undefined =>
          limits.find((limit) => limit.keyword === keyword)?.value as number | undefined
        return [name, { shortest: value('minLength') ?? 0, longest: value('maxLength') }]
      }),
  )
}

function bodyOf(document: OpenApiDocument, line: string): Readonly<Record<string, unknown>> {
  const [method = '', path = ''] = line.split(' ')
  const body = document.paths[path]?.[method.toLowerCase()]?.requestBody
  return resolve(Object.values(body?.content ?? {})[0]?.schema, document)
}

/** Sends the sample with one change, and returns whether it is refused for its body. */
async function isRefused(line: string, sample: Sample, change: Readonly<Record<string, string>>): Promise<boolean> {
  calls += 1
  const unique = `drill-${calls}`
  const [method = '', path = ''] = line.split(' ')
  const left = Object.keys(change).map((name) => sample.insteadOf?.[name])
  const usual = Object.entries(sample.body(world, unique)).filter(([name]) => !left.includes(name))
  const { status, body } = await call(world, {
    method: method as 'POST',
    path: `${line in (samples.sftpgo ?? {}) ? '/api/v2' : ''}${sample.path?.(world, unique) ?? path}`,
    headers: world.headers[sample.as],
    body: { ...Object.fromEntries(usual), ...change },
  })
  // The type of a problem of control names the fault; other dialects answer 400, and the PTY token API 422, only for a body.
  return status === 422 || (status === 400 && (body.type === undefined || body.type === 'input-invalid'))
}
