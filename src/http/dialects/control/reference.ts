/** control: the OpenAPI documents of all enabled dialects, and a page that shows them without a request to another host. */
import { readFileSync } from 'node:fs'
import { sendText } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { pageHeaders } from './page-headers.ts'

const script = readFileSync(new URL('./reference/script.js', import.meta.url), 'utf8')
const style = readFileSync(new URL('./reference/style.css', import.meta.url), 'utf8')

/** Registers `/openapi/<dialect>.json` for every enabled dialect, and `/docs`. */
export function registerReference(app: App, { settings }: HttpContext): void {
  const headers = pageHeaders({ script, style })
  const schema = { openapi: 'left out' } as const
  const dialects = app.openApi.dialects()
  const page = pageOf(dialects)
  // The route needs no token, so that each document is written once and kept.
  const texts = new Map<string, string>()
  for (const dialect of dialects) {
    app.get(`/openapi/${dialect}.json`, { schema }, (_request, reply) => {
      const key = `${dialect} ${settings.publicUrl}`
      const text = texts.get(key) ?? JSON.stringify(app.openApi.document(dialect, settings.publicUrl))
      texts.set(key, text)
      return sendText(reply, 200, { text, headers: { 'content-type': 'application/json' } })
    })
  }
  app.get('/docs', { schema }, (_request, reply) => sendText(reply, 200, { text: page, headers }))
}

function pageOf(dialects: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sallyport: API reference</title>
<style>${style}</style>
<body data-documents="${dialects.join(' ')}">
<nav aria-label="Dialects"></nav>
<aside aria-label="Operations"></aside>
<main><noscript>This page shows the documents at /openapi with a script.</noscript></main>
<script>${script}</script>
</html>
`
}
