/** giantswarm: the auth tokens of the Giant Swarm API (v4), and the calls that its clients make after a sign-in. */
import type { App, DialectPlugin, HttpContext } from '../../context.ts'
import { parseEveryBodyAsJson } from '../../steps/parse-json.ts'
import { registerAuthTokens } from './auth-tokens.ts'
import { giantswarmDocument } from './documents.ts'
import { answerRefusal } from './errors.ts'
import { registerInfo } from './info.ts'
import { registerOrganizations } from './organizations.ts'
import { echoRequestId } from './request-id.ts'
import { registerUsers } from './users.ts'

/** The plugin. `gsctl ping` requests `/`, which the root of the application answers. */
export const giantswarmPlugin: DialectPlugin = {
  name: 'giantswarm',
  pathPrefixes: ['/v4'],
  register: registerGiantswarm,
  document: giantswarmDocument,
  answerRefusal,
}

function registerGiantswarm(app: App, context: HttpContext): void {
  parseEveryBodyAsJson(app)
  app.addHook('onRequest', (request, reply, done) => {
    echoRequestId(request, reply)
    done()
  })
  registerAuthTokens(app, context)
  registerInfo(app, context)
  registerUsers(app, context)
  registerOrganizations(app, context)
}
