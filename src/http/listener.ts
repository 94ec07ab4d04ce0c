/** HTTP: the listener's limits for slow, large and malformed messages. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import { noContentPolicy } from '../protocol/content-security-policy.ts'
import { sendEmpty } from './answer.ts'

/** Maximum sizes of a request, in bytes. */
const limits = {
  /** SFTPGo accepts 64 KiB; clients put whole JWTs into Basic passwords. */
  headerBytes: 64 * 1024,
  bodyBytes: 1024 * 1024,
} as const

/** Timeouts for slow clients, in milliseconds. */
export type Timeouts = {
  /** From the connection, or the first byte of a later request, to the end of the headers; also for a TLS handshake. */
  readonly headersMs: number
  /** To the last byte of the body. */
  readonly requestMs: number
  /** Between two requests of one connection. */
  readonly idleMs: number
  /** Interval of the check of all connections. A slow one is closed at most this much later. */
  readonly checkMs: number
  /** From the answer to a malformed message to the end of the connection, if its client does not close it. */
  readonly lingerMs: number
}

const defaultTimeouts: Timeouts = {
  headersMs: 30_000,
  requestMs: 60_000,
  // SFTPGo keeps idle connections for 60 s; ours must not close earlier.
  idleMs: 65_000,
  checkMs: 5_000,
  lingerMs: 2_000,
}

/** How to create the listener. */
export type ListenerOptions = {
  /** null: plain HTTP. */
  readonly tls?: SecureContextOptions | null
  readonly timeouts?: Timeouts
  /** Returns whether an upgrade request goes to the `upgrade` event. Every other one is answered as a plain request. */
  readonly takesUpgrade?: (request: IncomingMessage) => boolean
}

/** Security headers of every answer. */
export type SecurityHeaders = Readonly<Record<string, string>>

/** Seconds for which browsers use only TLS: a year, as in RFC 6797 section 6.1.1. */
const hstsSeconds = 31_536_000

/** Returns the security headers of a listener; `isSecure`: browsers reach it by TLS. */
export function securityHeaders({ isSecure }: { readonly isSecure: boolean }): SecurityHeaders {
  return {
    'x-content-type-options': 'nosniff',
    'content-security-policy': noContentPolicy,
    ...(isSecure ? { 'strict-transport-security': `max-age=${hstsSeconds}` } : {}),
  }
}

/** Returns the options of an application whose listener has these limits, on plain HTTP or TLS. */
export function listenerOptions(
  { tls = null, timeouts = defaultTimeouts, takesUpgrade = () => false }: ListenerOptions,
  security: SecurityHeaders,
): FastifyServerOptions {
  const server = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: timeouts.headersMs,
    connectionsCheckingInterval: timeouts.checkMs,
    // The step that refuses ambiguous messages also refuses a missing Host.
    requireHostHeader: false,
    shouldUpgradeCallback: takesUpgrade,
  }
  const options = {
    // Fastify passes each kind of server only its own options.
    ...(tls === null ? { http: server } : { https: { ...tls, ...server, handshakeTimeout: timeouts.headersMs } }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.idleMs,
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    // While the server closes, requests on open connections still get an answer from their dialect.
    return503OnClosing: false,
    // Path parameters have no limit of their own; the size of the headers limits them.
    routerOptions: { maxParamLength: limits.headerBytes },
    logger: false,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    clientErrorHandler: (error: ParseError, socket: Socket) => closeMalformed(error, socket, timeouts.lingerMs),
    frameworkErrors: (_error: Error, _request: FastifyRequest, reply: FastifyReply) => sendMalformed(reply, security),
  } as const
  return options
}

/** Answers an ambiguous message like one that Node.js cannot parse: 400 without a body, and the connection closes. */
export function sendMalformed(reply: FastifyReply, security: SecurityHeaders): FastifyReply {
  return sendEmpty(reply, 400, { ...security, connection: 'close' })
}

/** The error of Node.js for a message that it could not parse. */
type ParseError = Error & { readonly code?: string; readonly rawPacket?: unknown }

/** Returns whether the request line has bytes beyond ASCII and no control characters. */
function beginsWithRawBytes(packet: unknown): boolean {
  const [line = ''] = Buffer.isBuffer(packet) ? packet.toString('latin1').split('\r\n') : []
  return /^[A-Z]+ [ -~\x80-\xff]+$/.test(line) && /[\x80-\xff]/.test(line)
}

/** Body for a path with unencoded bytes (RFC 3986 section 2.1). */
const rawBytes = 'The path holds bytes that have to be percent-encoded.\n'

/** Answers a message that cannot be parsed, and closes the connection even if the client does not. */
function closeMalformed(error: ParseError, socket: Socket, lingerMs: number): void {
  if (!socket.writable) return
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  const body = error.code === 'HPE_INVALID_URL' && beginsWithRawBytes(error.rawPacket) ? rawBytes : ''
  const type = body === '' ? '' : 'Content-Type: text/plain; charset=utf-8\r\n'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`)
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
