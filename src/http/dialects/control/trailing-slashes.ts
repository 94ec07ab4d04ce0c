/** control: redirects the path of a page with a trailing slash to the page. */
import type { App } from '../../context.ts'

/** A page names its files relative to its own path, so that it is served only there. */
const pages = ['terminal', 'docs', 'setup'] as const

/**
 * Registers the paths of the pages with a trailing slash. A browser keeps the fragment over the redirect.
 *
 * The target is relative, because a proxy may serve Sallyport below a path of its own.
 *
 * @see RFC 9110 section 15.4.9
 */
export function registerTrailingSlashes(app: App): void {
  for (const page of pages) {
    app.get(`/${page}/`, { schema: { openapi: 'left out' } }, (request, reply) => {
      const at = request.url.indexOf('?')
      const query = at < 0 ? '' : request.url.slice(at)
      return reply.code(308).header('location', `../${page}${query}`).send()
    })
  }
}
