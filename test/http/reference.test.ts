import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import type { OpenApiDocument } from '../../src/http/openapi/document.ts'
import { noBrowser, renderPage } from '../fixtures/chromium.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({ config: { koyeb: { enabled: false }, pacerpro: { prefix: '/qa' } } })
})

after(() => sallyport.close())

test('OAS-21 the document of an enabled dialect is served as JSON, and that of a disabled one is 404', async () => {
  const answers = await Promise.all(
    ['control', 'sftpgo', 'pacerpro', 'giantswarm', 'koyeb', 'other'].map(async (name) => {
      const { statusCode, headers } = await ask(`/openapi/${name}.json`)
      return [name, statusCode, headers['content-type']]
    }),
  )
  assert.deepEqual(answers, [
    ['control', 200, 'application/json'],
    ['sftpgo', 200, 'application/json'],
    ['pacerpro', 200, 'application/json'],
    ['giantswarm', 200, 'application/json'],
    ['koyeb', 404, 'application/problem+json'],
    ['other', 404, 'application/problem+json'],
  ])
})

test('OAS-22 a served document names this server with its prefix and no other host, and its paths have none', async () => {
  const { url } = sallyport
  const served = await Promise.all(['control', 'sftpgo', 'pacerpro', 'giantswarm'].map(documentOf))
  assert.deepEqual(
    served.map(({ servers }) => servers.map((server) => server.url)),
    [[url], ['/api/v2', `${url}/api/v2`], [`${url}/qa`], [url]],
  )
  assert.deepEqual(Object.keys(served[2]?.paths ?? {}), ['/session'])
})

test('OAS-23 the page names its script and its style by their hashes, and no other host', async () => {
  const { statusCode, headers, body } = await ask('/docs')
  const [script = '', style = ''] = ['script', 'style'].map(
    (tag) => new RegExp(`<${tag}>(.*)</${tag}>`, 's').exec(body)?.[1],
  )
  assert.deepEqual(
    [statusCode, headers['content-type'], headers['content-security-policy']],
    [
      200,
      'text/html; charset=utf-8',
      `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
    ],
  )
  const outward = /\b(?:https?|wss?):|\burl\(|@import|innerHTML|insertAdjacentHTML|document\.write/g
  assert.deepEqual(
    [...body.matchAll(outward)].map(([found]) => found),
    [],
  )
})

test('OAS-24 the page shows every operation with its parameters, answers and a curl line', {
  skip: noBrowser,
}, async () => {
  const names = ['control', 'sftpgo']
  const pages = await Promise.all(names.map(async (name) => textOf(await renderPage(`${sallyport.url}/docs#${name}`))))
  const documents = await Promise.all(names.map(documentOf))
  const absent = documents.map((document, index) => textsOf(document).filter((text) => !pages[index]?.includes(text)))
  assert.deepEqual([documents.every((document) => textsOf(document).length > 20), absent], [true, [[], []]])
  const { url } = sallyport
  const curlLines = [
    `curl '${url}/api/v1/pty_token/start' \\
  -H 'Authorization: Bearer TOKEN' \\
  -H 'Content-Type: application/json' \\
  -d '{"purpose":"change_request","server":{"os_user":"OS_USER","server_ip":"SERVER_IP"}}'`,
    `curl -X DELETE '${url}/api/v1/sessions/ID' \\\n  -H 'Authorization: Bearer TOKEN'`,
    `curl '${url}/api/v2/user/token' \\\n  -u 'USERNAME:PASSWORD'`,
  ]
  assert.deepEqual(
    curlLines.filter((line) => !pages.some((page) => page.includes(line))),
    [],
  )
})

test('OAS-24 markup in a document is shown as text, and a document that fails as a sentence', {
  skip: noBrowser,
}, async (t) => {
  const markup = '<img src=x onerror=alert(1)><script>document.title = "taken"</script>'
  const page = await ask('/docs')
  const hostile = {
    info: { title: markup, version: markup, description: markup },
    servers: [{ url: '/' }],
    tags: [{ name: markup, description: markup }],
    paths: {
      [`/${markup}`]: {
        get: {
          tags: [markup],
          summary: markup,
          description: markup,
          parameters: [{ name: markup, in: 'query', description: markup, schema: { type: markup } }],
          responses: { 200: { description: markup } },
        },
      },
    },
    components: { schemas: {}, securitySchemes: {} },
    security: [],
  }
  const server = createServer((request, response) => {
    if (request.url === '/docs') return response.writeHead(200, page.headers as Record<string, string>).end(page.body)
    return response.writeHead(request.url === '/openapi/control.json' ? 200 : 500).end(JSON.stringify(hostile))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/docs`
  const shown = await renderPage(`${base}#control`)
  const faulty = await renderPage(`${base}#sftpgo`)
  assert.deepEqual(
    {
      images: /<img/.test(shown),
      scripts: shown.split('<script>').length - 1,
      title: /<title>(.*?)<\/title>/.exec(shown)?.[1],
      times: textOf(shown).split(markup).length - 1 > 8,
      fault: textOf(faulty).includes('The server answered 500 for the document of sftpgo.'),
    },
    { images: false, scripts: 1, title: 'Sallyport: API reference', times: true, fault: true },
  )
})

async function ask(url: string): Promise<LightMyRequestResponse> {
  return sallyport.app.inject({ url, headers: { host: 'localhost' } })
}

/** Everything about the operations that the page must show. */
function textsOf({ paths }: OpenApiDocument): string[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.values(item).flatMap(({ summary, parameters, responses }) => [
      path,
      summary,
      ...(parameters ?? []).flatMap((parameter) => [parameter.name, parameter.description ?? '']),
      ...Object.entries(responses).map(([status, { description }]) => `${status} ${description}`),
    ]),
  )
}

async function documentOf(name: string): Promise<OpenApiDocument> {
  return (await ask(`/openapi/${name}.json`)).json() as OpenApiDocument
}

/** Returns the visible text of a page, one line for each text, without its script and style. */
function textOf(html: string): string {
  return html
    .replaceAll(/<(script|style)>.*?<\/\1>/gs, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&amp;', '&')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
