/** control: start and join tokens of PTY sessions (PTY token API: `pty_token/start`, `pty_token/join`). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  mintJoinToken,
  mintStartToken,
  type PtyCaller,
  type PtyTicket,
} from '../../../core/terminals/mint-pty-token.ts'
import { noStore, sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { invalidField } from '../../refusals.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { requireSecondFactor } from './require-second-factor.ts'
import { controlTokens } from './tokens.ts'

const StartRequest = Type.Object(
  {
    purpose: Type.Union([Type.Literal('change_request'), Type.Literal('health_check')]),
    change_id: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])),
    server: Type.Object(
      {
        os_user: Type.String({ minLength: 1, maxLength: 64 }),
        server_ip: Type.String({ minLength: 1, maxLength: 64 }),
      },
      { title: 'StartRequestServer' },
    ),
  },
  { title: 'StartRequest' },
)

const JoinRequest = Type.Object(
  {
    pty_session_id: Type.String({ minLength: 1, maxLength: 64 }),
    start_role: Type.Union([Type.Literal('implementor'), Type.Literal('observer')]),
  },
  { title: 'JoinRequest' },
)

/** Registers the routes. */
export function registerPtyToken(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = [authenticate(context, controlTokens), requireSecondFactor]
  app.post(
    '/api/v1/pty_token/start',
    { onRequest, schema: { openapi: operations.startPtySession, body: StartRequest } },
    async (request, reply) => {
      const { purpose, server, change_id: changeId } = request.body
      if (purpose === 'change_request' && !changeId) {
        throw invalidField('change_id', 'is required')
      }
      const start = { purpose, changeId: changeId ?? null, serverAddress: server.server_ip, osUser: server.os_user }
      return sendTicket(reply, await mintStartToken(ports, callerOf(context, request), start))
    },
  )
  app.post(
    '/api/v1/pty_token/join',
    { onRequest, schema: { openapi: operations.joinPtySession, body: JoinRequest } },
    async (request, reply) => {
      const join = { ptySessionId: request.body.pty_session_id, role: request.body.start_role }
      return sendTicket(reply, await mintJoinToken(ports, callerOf(context, request), join))
    },
  )
}

function callerOf(context: HttpContext, request: FastifyRequest): PtyCaller {
  return {
    principal: signedIn(request),
    request: describeRequest(request, 'control'),
    gateways: context.gateways,
  }
}

function sendTicket(reply: FastifyReply, { token, proxyUrl }: PtyTicket): FastifyReply {
  return sendJson(reply.headers(noStore), 200, { token, proxyUrl })
}
