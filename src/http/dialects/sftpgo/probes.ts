/** sftpgo: the reads by which its clients find out whether a server is one of theirs and a token still lives. */
import type { App, HttpContext } from '../../context.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import { documentDirectories, documentVersion } from './documents.ts'
import { adminRealm, userRealm } from './realms.ts'
import { serve } from './routes.ts'
import { encodeVersion, sendBody } from './wire.ts'

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
    handler: async (_request, reply) => sendBody(reply, 200, []),
  })
}
