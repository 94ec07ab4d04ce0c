/** control: leads whoever writes a page's path with a slash at its end to the page. */
import type { App } from '../../context.ts'

/** Files of a page are named relative to its path, so that it is served at that one alone. */
const pages = ['terminal', 'docs', 'setup'] as const

/**
 * Registers the paths of the pages with a slash at the end; a browser keeps the fragment.
 *
 * The address is a relative one, because a proxy may serve Sallyport below a path of its own.
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
