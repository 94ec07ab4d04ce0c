/** sftpgo: ends the presented token, and nothing else of the account (SFTPGo REST API, logout and user/logout). */
import { signOut } from '../../../core/sessions/end-session.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import { documentLogout } from './documents.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { sendBody } from './wire.ts'

/** Registers the logout of a realm. */
export function registerSignOut(app: App, context: HttpContext, realm: Realm): void {
  serve(app, `${realm.path}/logout`, {
    schema: documentLogout(realm),
    onRequest: authenticateRealm(context, realm, { isServedWhileDue: true, isSignOut: true, refusesApiKey: true }),
    handler: async (request, reply) => {
      await signOut(context.ports, signedIn(request), describeRequest(request, 'sftpgo'))
      return sendBody(reply, 200, { message: 'Your token has been invalidated' })
    },
  })
}
