/** sftpgo: the reads by which its clients find out whether a server is one of theirs and a token still lives. */
import type { FastifyRequest } from 'fastify'
import type { App, HttpContext } from '../../context.ts'
import { cleanPath } from './account-shape-rules.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import { documentDirectories, documentVersion } from './documents.ts'
import { adminRealm, userRealm } from './realms.ts'
import { serve } from './routes.ts'
import { encodeVersion, sendBody } from './wire.ts'

/** There are no files here, so that the root is the one directory; the first `path` of a query counts. */
function isRoot(request: FastifyRequest): boolean {
  const { path = '/' } = request.query as { readonly path?: string | readonly string[] }
  return cleanPath([path].flat()[0] ?? '/') === '/'
}

/** Registers version, for administrators, and the listing, for users. */
export function registerProbes(app: App, context: HttpContext): void {
  serve(app, '/version', {
    schema: documentVersion,
    onRequest: authenticateRealm(context, adminRealm, { isServedWhileDue: true }),
    handler: async (_request, reply) => sendBody(reply, 200, encodeVersion(context.build)),
  })
  serve(app, '/user/dirs', {
    schema: documentDirectories,
    onRequest: authenticateRealm(context, userRealm),
    handler: async (request, reply) =>
      isRoot(request) ? sendBody(reply, 200, []) : sendBody(reply, 404, { error: 'Not Found', message: '' }),
  })
}
