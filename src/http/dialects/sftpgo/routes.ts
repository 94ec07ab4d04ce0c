/** sftpgo: how its operations are put on the listener; every one is below `/api/v2`, with and without a slash at the end. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import type { App } from '../../context.ts'
import type { RouteDocument } from './documents.ts'

/** One operation. */
export type Operation = {
  /** GET by default; GET also serves HEAD. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly schema: RouteDocument
  readonly onRequest?: (request: FastifyRequest) => Promise<void>
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
}

/** A path without the name that belongs into it is none. @throws ROUTE_NOT_FOUND */
async function requireNames(request: FastifyRequest): Promise<void> {
  const names = Object.values(request.params as Readonly<Record<string, string>>)
  if (names.includes('')) throw new Refusal('ROUTE_NOT_FOUND')
}

/** Serves an operation at both forms of its path; only the one without the slash is documented. */
export function serve(app: App, path: string, { method = 'GET', schema, onRequest, handler }: Operation): void {
  const steps = { onRequest: onRequest === undefined ? [requireNames] : [requireNames, onRequest] }
  const url = `/api/v2${path}`
  app.route({ method, url, ...steps, schema, handler })
  app.route({ method, url: `${url}/`, ...steps, schema: { openapi: 'left out' }, handler })
}
