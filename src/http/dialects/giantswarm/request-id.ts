/** giantswarm: returns the client's request id, so that the client and the server can name the same request. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readTracking } from '../../../core/audit/tracking.ts'
import { oneHeader } from '../../steps/describe-request.ts'

/**
 * Sets `X-Request-ID` to the id that audit events get: at most 128 characters of printable ASCII. An id that is not
 * printable ASCII is dropped.
 *
 * The id is not unique: `gsctl` sends the same one when it ends an old token and when it requests a new one.
 */
export function echoRequestId(request: FastifyRequest, reply: FastifyReply): void {
  const sent = oneHeader(request, 'x-request-id')
  if (sent === undefined) return
  const { requestId } = readTracking({ requestId: sent, activity: undefined, commandLine: undefined })
  if (requestId !== null) reply.header('x-request-id', requestId)
}
