/** control: the page for terminals and its assets. No path of a request reaches the file system. */
import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import { terminalPagePolicy } from '../../../protocol/content-security-policy.ts'
import { noStore, sendEmpty, sendText } from '../../answer.ts'
import type { App, HttpContext, TerminalPage } from '../../context.ts'
import { isNamedTag } from './byte-range.ts'
import { hashSource } from './page-headers.ts'

/** Path of the assets, relative to the page. */
const assetsPath = 'terminal/assets'

/** 128 bits, as CSP level 3 recommends. */
const nonceBytes = 16

const schema = { openapi: 'left out' } as const

/** A browser revalidates each asset at each load and gets 304, so that after an upgrade no page mixes two versions for long. */
const assetHeaders = { 'cache-control': 'no-cache', 'cross-origin-resource-policy': 'same-origin' } as const

/** Registers `/terminal` and its assets. */
export function registerTerminalPage(app: App, { terminalPage, settings }: HttpContext): void {
  const importMap = JSON.stringify({
    imports: Object.fromEntries(
      Object.entries(terminalPage.packages).map(([name, path]) => [name, `./${assetsPath}/${path}`]),
    ),
  })
  const importMapHash = hashSource(importMap)
  app.get('/terminal', { schema }, (request, reply) => {
    const nonce = randomBytes(nonceBytes).toString('base64')
    return sendText(reply, 200, {
      text: pageOf(terminalPage, { importMap, nonce }),
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': terminalPagePolicy({
          importMap: importMapHash,
          nonce,
          sockets: socketSources(request, settings.publicUrl, terminalPage.gatewayUrls()),
        }),
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        ...noStore,
      },
    })
  })
  app.get<{ Params: { '*': string } }>(`/${assetsPath}/*`, { schema }, (request, reply) => {
    const asset = terminalPage.asset(request.params['*'])
    if (asset === null) throw new Refusal('ROUTE_NOT_FOUND')
    reply.headers({ ...assetHeaders, etag: asset.etag })
    if (isNamedTag(request.headers['if-none-match'], asset.etag)) return sendEmpty(reply, 304)
    return reply.code(200).header('content-type', asset.type).send(asset.body)
  })
}

/** Returns the origins of the gateways and of the requested host: not every browser lets 'self' cover WebSockets. */
function socketSources(request: FastifyRequest, publicUrl: string, gatewayUrls: readonly string[]): string[] {
  const { host } = request.headers
  const own = host === undefined ? [] : [`${new URL(publicUrl).protocol}//${host}`]
  return [...new Set([...own, ...gatewayUrls].map((url) => new URL(url).origin.replace(/^http/, 'ws')))]
}

function pageOf(
  page: TerminalPage,
  { importMap, nonce }: { readonly importMap: string; readonly nonce: string },
): string {
  const [entry = '', ...others] = page.modules()
  const styles = page.styles.map((path) => `<link rel="stylesheet" href="${assetsPath}/${path}">`)
  const modules = [...others, ...Object.values(page.packages)].map(
    (path) => `<link rel="modulepreload" href="${assetsPath}/${path}">`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="dark">
<title>Sallyport: terminals</title>
<link rel="icon" href="data:,">
<script type="importmap">${importMap}</script>
${[...styles, ...modules].join('\n')}
<style nonce="${nonce}"></style>
<script type="module" src="${assetsPath}/${entry}"></script>
<body>
<noscript>This page opens terminals with a script, which this browser does not run.</noscript>
</html>
`
}
