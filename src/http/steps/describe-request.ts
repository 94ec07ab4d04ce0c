/** HTTP step: collects the facts of a request for its audit events, without secrets. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../core/accounts/account.ts'
import { cleanUserAgent } from '../../core/accounts/names.ts'
import type { RequestFacts } from '../../core/audit/act.ts'
import { readTracking } from '../../core/audit/tracking.ts'
import type { Dialect } from '../../core/dialects.ts'
import type { Digests } from '../../core/ports.ts'
import type { ClientFacts } from '../../core/sessions/session.ts'
import { signedIn } from './authenticate.ts'

/** Returns the dialect, the client's address and the tracking headers of a request. */
export function describeRequest(request: FastifyRequest, by: Dialect): RequestFacts {
  return {
    by,
    ip: request.clientIp,
    ...readTracking({
      requestId: oneHeader(request, 'x-request-id'),
      activity: oneHeader(request, 'x-giant-swarm-activity'),
      commandLine: oneHeader(request, 'x-giant-swarm-cmdline'),
    }),
  }
}

/** Returns the signed-in account and the facts of its request. */
export function actorOf(
  request: FastifyRequest,
  dialect: Dialect,
): { readonly by: Account; readonly request: RequestFacts } {
  return { by: signedIn(request).account, request: describeRequest(request, dialect) }
}

/** Returns the facts of a client that signs in. Of the fingerprint only a digest is kept. */
export function describeClient(request: FastifyRequest, digests: Digests): ClientFacts {
  const fingerprint = oneHeader(request, 'seon-fp')
  return {
    ip: request.clientIp,
    userAgent: cleanUserAgent(oneHeader(request, 'user-agent')),
    fingerprintDigest: fingerprint === undefined ? null : digests.sha256(fingerprint),
  }
}

/** Returns a header's value; the first one if the request has several lines. */
export function oneHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
