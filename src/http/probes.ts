/** HTTP: the health probes. They are requested by address, so that every Host is accepted. */
import { noStore, sendJson, sendText } from './answer.ts'
import type { App, HttpContext } from './context.ts'
import { readinessAnswer } from './readiness.ts'

const alive = { text: 'ok', headers: { 'content-type': 'text/plain; charset=utf-8' } } as const

const paths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])

/** Returns whether a URL is that of a probe. */
export function isProbe(url: string): boolean {
  const query = url.indexOf('?')
  return paths.has(query === -1 ? url : url.slice(0, query))
}

/** Registers the paths. */
export function registerProbes(app: App, { readiness }: HttpContext): void {
  for (const path of ['/healthz', '/livez']) app.get(path, (_request, reply) => sendText(reply, 200, alive))
  app.get('/readyz', async (_request, reply) => {
    const { status, body } = readinessAnswer(await readiness())
    return sendJson(reply.headers(noStore), status, body)
  })
}
