/** giantswarm: gives the client's own request id back, so that both ends can name one request. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readTracking } from '../../../core/audit/tracking.ts'
import { oneHeader } from '../../steps/describe-request.ts'

/**
 * Writes `X-Request-ID` as audit events have it: printable ASCII, at most 128 characters; nothing where nothing usable came.
 *
 * The id is no key: `gsctl` sends one id with both the end of an old token and the request for a new one.
 */
export function echoRequestId(request: FastifyRequest, reply: FastifyReply): void {
  const sent = oneHeader(request, 'x-request-id')
  if (sent === undefined) return
  const { requestId } = readTracking({ requestId: sent, activity: undefined, commandLine: undefined })
  if (requestId !== null) reply.header('x-request-id', requestId)
}
