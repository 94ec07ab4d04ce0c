/** control: creates the first administrator, for the user with the link that the server printed at its start. */
import { Type } from 'typebox'
import { addAccount } from '../../../core/administration/administer-accounts.ts'
import { Refusal } from '../../../core/errors.ts'
import { noStore, sendJson, sendText } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { pageHeaders } from './page-headers.ts'
import { setupPage, setupScript, setupStyle } from './setup-page.ts'

const Setup = Type.Object(
  {
    secret: Type.String({ maxLength: 256 }),
    username: Type.String({ minLength: 1, maxLength: 255 }),
    email: Type.Optional(Type.String({ maxLength: 254 })),
    password: Type.String({ maxLength: 4_096 }),
  },
  { title: 'SetupRequest' },
)

const headers = { ...pageHeaders({ script: setupScript, style: setupStyle }), ...noStore }

/** Registers the routes. */
export function registerSetup(app: App, context: HttpContext): void {
  const { ports } = context
  app.get('/setup', { schema: { openapi: 'left out' } }, (_request, reply) =>
    sendText(reply, 200, { text: setupPage, headers }),
  )
  app.post('/api/v1/setup', { schema: { openapi: operations.setUp, body: Setup } }, async (request, reply) => {
    const { secret, username, email, password } = request.body
    const isOver = await ports.store.wasAdministratorMade()
    if (isOver || !context.setup.accepts(secret)) {
      ports.refusals.count('SETUP_SECRET_INVALID', request.clientIp)
      throw new Refusal(isOver ? 'SETUP_DONE' : 'SETUP_SECRET_INVALID')
    }
    const admin = { username, email: email ?? null, role: 'admin', expiresAt: null, groups: [], password } as const
    const account = await addAccount(ports, admin, {
      by: null,
      request: describeRequest(request, 'control'),
      asFirstAdmin: true,
    })
    context.setup.end()
    return sendJson(reply, 201, { id: account.id, username: account.username, role: account.role })
  })
}
