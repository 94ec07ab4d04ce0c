/** The page for terminals as HTTP serves it: its policy, and the files that it loads. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { openTerminalPage } from '../../src/main/terminal-page.ts'
import { nodesOf, projectRoot, readSources } from '../../tools/source-tree.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({ config: { gateway: { publicUrl: 'https://gate.example.org' } } })
})

after(() => sallyport.close())

const guard = "default-src 'none'; frame-ancestors 'none'"

function ask(path: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
  return sallyport.app.inject({ url: path, headers: { host: '127.0.0.1:8080', ...headers } })
}

/** Paths of all assets that the page names. */
async function assetPaths(): Promise<string[]> {
  const { body } = await ask('/terminal')
  const linked = [...body.matchAll(/(?:href|src)="(terminal\/assets\/[^"]+)"/g)].map(([, path = '']) => `/${path}`)
  return [...new Set(linked)]
}

test('TPG-1 the page runs files of its own origin and its import map alone, styles what bears its nonce, and speaks to its own host and the gateway', async () => {
  const { statusCode, headers, body } = await ask('/terminal')
  const importMap = /<script type="importmap">(.*)<\/script>/.exec(body)?.[1] ?? ''
  const nonce = /<style nonce="([^"]+)">/.exec(body)?.[1] ?? ''
  assert.deepEqual(
    [statusCode, headers['content-type'], headers['cache-control'], headers['x-content-type-options']],
    [200, 'text/html; charset=utf-8', 'no-store', 'nosniff'],
  )
  assert.deepEqual([headers['referrer-policy'], headers['cross-origin-opener-policy']], ['no-referrer', 'same-origin'])
  assert.deepEqual(String(headers['content-security-policy']).split('; '), [
    "default-src 'none'",
    `script-src 'self' 'sha256-${createHash('sha256').update(importMap).digest('base64')}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self' ws://127.0.0.1:8080 wss://gate.example.org",
    "img-src 'self' data:",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ])
  const again = (await ask('/terminal')).body
  assert.equal(Buffer.from(nonce, 'base64').length, 16)
  assert.equal(again.includes(nonce), false)
  assert.equal(again.replace(/nonce="[^"]+"/, ''), body.replace(/nonce="[^"]+"/, ''))
})

test('TPG-2 every asset has its type, nosniff, a policy and an entity tag of its content, and is answered by 304 if the client has it', async () => {
  const paths = await assetPaths()
  assert.ok(paths.length > 20)
  for (const path of paths) {
    const { statusCode, headers, rawPayload } = await ask(path)
    const etag = `"${createHash('sha256').update(rawPayload).digest('base64url')}"`
    const type = path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8'
    const seen = ['content-type', 'x-content-type-options', 'content-security-policy', 'cache-control', 'etag'].map(
      (name) => headers[name],
    )
    assert.deepEqual([statusCode, ...seen], [200, type, 'nosniff', guard, 'no-cache', etag], path)
    const held = await ask(path, { 'if-none-match': `"other", W/${etag}` })
    assert.deepEqual([held.statusCode, held.rawPayload.length, held.headers.etag], [304, 0, etag], path)
    const other = await ask(path, { 'if-none-match': '"other"' })
    assert.equal(other.statusCode, 200, path)
  }
})

test('TPG-2 a path that is not on the list is 404, also if it would lead to a file', async () => {
  const answers = await Promise.all(
    [
      'console/none.ts',
      '../main.ts',
      '..%2f..%2fpackage.json',
      'console/..%2f..%2f..%2fetc/passwd',
      '%2fetc%2fpasswd',
      'console/../../../package.json',
      'console/main.ts%00.css',
      'core/errors.ts',
      'main/terminals.ts',
      '@xterm/xterm/package.json',
      'console/',
      '',
      'constructor',
      '__proto__',
    ].map(async (path) => [path, (await ask(`/terminal/assets/${path}`)).statusCode]),
  )
  assert.deepEqual(
    answers.filter(([, status]) => status !== 404),
    [],
  )
  assert.equal((await ask('/terminal/assets')).statusCode, 404)
  const [first = ''] = await assetPaths()
  const { statusCode, headers } = await sallyport.app.inject({
    method: 'POST',
    url: first,
    headers: { host: 'localhost' },
  })
  assert.deepEqual([statusCode, headers.allow], [405, 'GET, HEAD'])
})

test('TPG-3 every module that the page loads is JavaScript, is named by the page, and imports nothing that is not served', async () => {
  const page = openTerminalPage(() => [])
  const named = new Set(await assetPaths())
  const served = [...page.modules(), ...Object.values(page.packages)]
  assert.deepEqual(
    served.filter((path) => !named.has(`/terminal/assets/${path}`)),
    [],
  )
  assert.equal(page.modules()[0], 'console/main.ts')
  const unknown = served.flatMap((path) => {
    const source = page.asset(path)?.body.toString() ?? ''
    // A name that ends in .js: a type that was left in does not parse.
    return importsOf(`${path}.js`, source).filter((specifier) => {
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1)
      return specifier.startsWith('.') ? page.asset(target) === null : page.packages[specifier] === undefined
    })
  })
  assert.deepEqual(unknown, [])
  const styles = page.styles.map((path) => page.asset(path)?.body.toString() ?? '')
  assert.deepEqual(
    styles.map((style) => /@import|url\(/.test(style)),
    [false, false],
  )
})

/** Everything that makes markup or code out of a text. */
const sinks =
  /\b(?:innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|setHTMLUnsafe|parseFromString|srcdoc|eval|execScript)\b|document\.write|new Function|javascript:|setTimeout\(['"`]/

test('TPG-4 no source of the page makes markup or code of a text', () => {
  const sources = readSources(projectRoot, ['src/console', 'src/client'])
  assert.ok(sources.has('src/console/main.ts'))
  assert.deepEqual(
    [...sources].filter(([, source]) => sinks.test(source)).map(([path]) => path),
    [],
  )
  const planted = ['a.innerHTML = b', 'a.insertAdjacentHTML("x", b)', 'document.write(b)', 'new Function(b)', 'eval(b)']
  assert.deepEqual(
    planted.filter((source) => !sinks.test(source)),
    [],
  )
})

function importsOf(path: string, source: string): string[] {
  return nodesOf(path, source).flatMap((node) => {
    const isNaming =
      node.type === 'ImportDeclaration' ||
      node.type === 'ExportNamedDeclaration' ||
      node.type === 'ExportAllDeclaration'
    return isNaming && node.source !== null ? [node.source.value] : []
  })
}
