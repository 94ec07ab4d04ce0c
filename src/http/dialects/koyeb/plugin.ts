/** koyeb: the Sessions API of Koyeb, and the calls that its clients make around it. */
import type { App, DialectPlugin, HttpContext } from '../../context.ts'
import { parseEveryBodyAsJson } from '../../steps/parse-json.ts'
import { registerAccount } from './account.ts'
import { registerCredentials } from './credentials.ts'
import { koyebDocument } from './documents.ts'
import { answerRefusal } from './errors.ts'
import { registerLogin } from './login.ts'
import { registerMembers } from './members.ts'
import { registerOrganizations } from './organizations.ts'
import { registerProbes } from './probes.ts'
import { registerSessions } from './sessions.ts'

/** The plugin. */
export const koyebPlugin: DialectPlugin = {
  name: 'koyeb',
  pathPrefixes: ['/v1', '/avatar.svg'],
  register: registerKoyeb,
  document: koyebDocument,
  answerRefusal,
}

function registerKoyeb(app: App, context: HttpContext): void {
  parseEveryBodyAsJson(app)
  // The Python client sends no media type and scripts send wrong ones; Fastify would refuse a malformed one.
  app.addHook('onRequest', (request, _reply, done) => {
    delete request.raw.headers['content-type']
    done()
  })
  registerLogin(app, context)
  registerSessions(app, context)
  registerAccount(app, context)
  registerOrganizations(app, context)
  registerMembers(app, context)
  registerCredentials(app, context)
  registerProbes(app, context)
}
