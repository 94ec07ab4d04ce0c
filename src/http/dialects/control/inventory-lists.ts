/** control: the servers and change requests that the caller may work on now. */
import { Type } from 'typebox'
import { ptySessionsUnder, reachableChanges, reachableServers } from '../../../core/terminals/list-reach.ts'
import type { ChangeRequestItem } from '../../../protocol/control.ts'
import { sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { terminalOperations } from './documents-terminals.ts'
import { readLimit } from './list-query.ts'
import { controlTokens } from './tokens.ts'
import { encodeChangeRequest, encodeServer } from './wire-terminals.ts'

const PageQuery = Type.Object({
  limit: Type.Optional(Type.String()),
  after: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
})

/** Default number of items on one page. */
const defaultLimit = 100

/** Registers the routes. */
export function registerInventoryLists(app: App, context: HttpContext): void {
  const { store, clock } = context.ports
  const onRequest = [authenticate(context, controlTokens)]
  app.get(
    '/api/v1/servers',
    { onRequest, schema: { openapi: terminalOperations.listServers, querystring: PageQuery } },
    async (request, reply) => {
      const page = { limit: readLimit(request.query.limit, defaultLimit), after: request.query.after ?? null }
      const { items, next } = await reachableServers(store, signedIn(request).account, page)
      return sendJson(reply, 200, { items: items.map(encodeServer), next })
    },
  )
  app.get(
    '/api/v1/change_requests',
    { onRequest, schema: { openapi: terminalOperations.listChangeRequests, querystring: PageQuery } },
    async (request, reply) => {
      const { account } = signedIn(request)
      const page = { limit: readLimit(request.query.limit, defaultLimit), after: request.query.after ?? null }
      const { items, next } = await reachableChanges(store, account, { ...page, nowMs: clock.wallMs() })
      const encoded: ChangeRequestItem[] = []
      for (const change of items) {
        encoded.push(encodeChangeRequest(change, await ptySessionsUnder(store, account, change)))
      }
      return sendJson(reply, 200, { items: encoded, next })
    },
  )
}
