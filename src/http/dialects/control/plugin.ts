/** control: our own dialect. It has the PTY token API, and everything that the other dialects cannot express. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import { sendJson } from '../../answer.ts'
import type { App, DialectPlugin, HttpContext } from '../../context.ts'
import { parseEveryBodyAsJson } from '../../steps/parse-json.ts'
import { registerAccount } from './account.ts'
import { registerApplicationPasswords } from './application-passwords.ts'
import { controlDocument, operations } from './documents.ts'
import { answerRefusal } from './errors.ts'
import { registerInventoryLists } from './inventory-lists.ts'
import { registerPtySessions } from './pty-sessions.ts'
import { registerPtyToken } from './pty-token.ts'
import { registerRecordings } from './recordings.ts'
import { registerReference } from './reference.ts'
import { registerSessions } from './sessions.ts'
import { registerSetup } from './setup.ts'
import { registerTerminalPage } from './terminal-page.ts'
import { registerTrailingSlashes } from './trailing-slashes.ts'
import { registerVerify } from './verify.ts'

/** Seconds for which a cache may keep the key set; a key is published much longer than that before it is used. */
const jwksMaxAgeSeconds = 300

/** The plugin. */
export const controlPlugin: DialectPlugin = {
  name: 'control',
  pathPrefixes: ['/api/v1', '/setup', '/.well-known', '/v1/ws', '/openapi', '/docs', '/terminal'],
  register: registerControl,
  document: controlDocument,
  answerRefusal,
}

function registerControl(app: App, context: HttpContext): void {
  parseEveryBodyAsJson(app)
  registerSessions(app, context)
  registerAccount(app, context)
  registerApplicationPasswords(app, context)
  registerVerify(app, context)
  registerPtyToken(app, context)
  registerPtySessions(app, context)
  registerRecordings(app, context)
  registerInventoryLists(app, context)
  registerSetup(app, context)
  registerReference(app, context)
  registerTerminalPage(app, context)
  registerTrailingSlashes(app)
  app.get('/.well-known/jwks.json', { schema: { openapi: operations.getJwks } }, (_request, reply) =>
    sendJson(reply.header('cache-control', `public, max-age=${jwksMaxAgeSeconds}`), 200, context.jwks()),
  )
  app.get('/v1/ws', { schema: { openapi: 'left out' } }, (request: FastifyRequest) => {
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    throw new Refusal(isWebSocket ? 'NO_GATEWAY' : 'UPGRADE_REQUIRED')
  })
}
