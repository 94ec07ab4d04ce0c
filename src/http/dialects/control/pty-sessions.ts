/** control: lists, shows and ends PTY sessions. */
import { Type } from 'typebox'
import { endPtySession } from '../../../core/terminals/end-pty-session.ts'
import { listPtySessions, type PtySessionInput, showPtySession } from '../../../core/terminals/list-pty-sessions.ts'
import type { PtySessionItem } from '../../../protocol/control.ts'
import { sendEmpty, sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { actorOf } from '../../steps/describe-request.ts'
import { terminalOperations } from './documents-terminals.ts'
import { encodeRowCursor, readLimit, readRowCursor, readTime } from './list-query.ts'
import { requireSecondFactor } from './require-second-factor.ts'
import { controlTokens } from './tokens.ts'
import { encodePtySession, encodePtySessionDetail } from './wire-terminals.ts'

const name = Type.Optional(Type.String({ minLength: 1, maxLength: 255 }))

const PtySessionQuery = Type.Object({
  state: Type.Optional(Type.Enum(['created', 'active', 'closed'])),
  purpose: Type.Optional(Type.Enum(['change_request', 'health_check'])),
  change_id: name,
  server: name,
  started_by: name,
  created_from: name,
  created_to: name,
  limit: name,
  after: name,
})

const PtySessionId = Type.Object({ id: Type.String() })

/** Default number of items on one page. */
const defaultLimit = 20

/** Registers the routes. */
export function registerPtySessions(app: App, context: HttpContext): void {
  const { ports, terminals } = context
  const onRequest = [authenticate(context, controlTokens)]
  app.get(
    '/api/v1/pty_sessions',
    { onRequest, schema: { openapi: terminalOperations.listPtySessions, querystring: PtySessionQuery } },
    async (request, reply) => {
      const { query } = request
      const page = { limit: readLimit(query.limit, defaultLimit), before: readRowCursor(query.after) }
      const wanted = { input: readFilter(query), page }
      const { items, hasMore } = await listPtySessions(ports, signedIn(request).account, wanted)
      const encoded: PtySessionItem[] = []
      for (const view of items) {
        encoded.push(encodePtySession(view, await terminals.hasRecording(view.ptySession.id)))
      }
      const last = items.at(-1)
      const next = hasMore && last !== undefined ? encodeRowCursor(last.ptySession) : null
      return sendJson(reply, 200, { items: encoded, next })
    },
  )
  app.get(
    '/api/v1/pty_sessions/:id',
    { onRequest, schema: { openapi: terminalOperations.getPtySession, params: PtySessionId } },
    async (request, reply) => {
      const { id } = request.params
      const view = await showPtySession(ports, signedIn(request).account, id)
      return sendJson(reply, 200, encodePtySessionDetail(view, await terminals.hasRecording(id)))
    },
  )
  app.post(
    '/api/v1/pty_sessions/:id/end',
    {
      onRequest: [...onRequest, requireSecondFactor],
      schema: { openapi: terminalOperations.endPtySession, params: PtySessionId },
    },
    async (request, reply) => {
      await endPtySession(ports, request.params.id, actorOf(request, 'control'))
      return sendEmpty(reply, 204)
    },
  )
}

function readFilter(query: Type.Static<typeof PtySessionQuery>): PtySessionInput {
  return {
    state: query.state ?? null,
    purpose: query.purpose ?? null,
    changeId: query.change_id ?? null,
    serverName: query.server ?? null,
    startedBy: query.started_by ?? null,
    createdFromMs: readTime('created_from', query.created_from),
    createdToMs: readTime('created_to', query.created_to),
  }
}
