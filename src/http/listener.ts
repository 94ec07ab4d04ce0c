/** HTTP: how the listener bears what is slow, large or malformed; nothing of it knows a dialect. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import { noContentPolicy } from '../protocol/content-security-policy.ts'
import { sendEmpty } from './answer.ts'

/** Sizes of a request at most, in bytes. */
const limits = {
  /** SFTPGo takes 64 KiB; clients put whole JWTs into Basic passwords. */
  headerBytes: 64 * 1024,
  bodyBytes: 1024 * 1024,
} as const

/** How long slow clients are borne, in milliseconds. */
export type Timeouts = {
  /** From the connection, or the first byte of a later request, to the end of the headers; also for a TLS handshake. */
  readonly headersMs: number
  /** To the last byte of the body. */
  readonly requestMs: number
  /** Between two requests of one connection. */
  readonly idleMs: number
  /** Between two looks at all connections: a slow one is cut so much later at most. */
  readonly checkMs: number
  /** From the answer to what could not be parsed to the end of a connection that its client does not close. */
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

/** How the listener is made. */
export type ListenerOptions = {
  /** null: plain HTTP. */
  readonly tls?: SecureContextOptions | null
  readonly timeouts?: Timeouts
  /** Whether a request that asks for an upgrade is one for whoever listens to them; all others are answered as if they did not ask. */
  readonly takesUpgrade?: (request: IncomingMessage) => boolean
}

/** Headers that guard every answer, whoever gives it. */
export type GuardHeaders = Readonly<Record<string, string>>

/** Seconds for which browsers that came by TLS come by nothing else: a year, as RFC 6797 section 6.1.1 shows. */
const hstsSeconds = 31_536_000

/** Returns the headers that guard every answer of a listener; `isSecure`: browsers reach it by TLS. */
export function guardHeaders({ isSecure }: { readonly isSecure: boolean }): GuardHeaders {
  return {
    'x-content-type-options': 'nosniff',
    'content-security-policy': noContentPolicy,
    ...(isSecure ? { 'strict-transport-security': `max-age=${hstsSeconds}` } : {}),
  }
}

/** Returns the options of an application whose listener has its limits, plain or on TLS. */
export function listenerOptions(
  { tls = null, timeouts = defaultTimeouts, takesUpgrade = () => false }: ListenerOptions,
  guard: GuardHeaders,
): FastifyServerOptions {
  const server = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: timeouts.headersMs,
    connectionsCheckingInterval: timeouts.checkMs,
    // A missing Host is looked at beside all else that makes a message ambiguous, and refused as that is.
    requireHostHeader: false,
    shouldUpgradeCallback: takesUpgrade,
  }
  const options = {
    // Fastify gives a server its own kind of options alone.
    ...(tls === null ? { http: server } : { https: { ...tls, ...server, handshakeTimeout: timeouts.headersMs } }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.idleMs,
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    // What still comes on open connections is answered by its dialect, and the connection is closed after it.
    return503OnClosing: false,
    // Ids are looked up whatever their length; the size of the headers bounds it.
    routerOptions: { maxParamLength: limits.headerBytes },
    logger: false,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    clientErrorHandler: (error: Unparsed, socket: Socket) => closeMalformed(error, socket, timeouts.lingerMs),
    frameworkErrors: (_error: Error, _request: FastifyRequest, reply: FastifyReply) => sendMalformed(reply, guard),
  } as const
  return options
}

/** Answers what Node.js could parse and nobody may read as it answers what it could not: 400, no body, the connection closed. */
export function sendMalformed(reply: FastifyReply, guard: GuardHeaders): FastifyReply {
  return sendEmpty(reply, 400, { ...guard, connection: 'close' })
}

/** What Node.js says of a message that it could not parse. */
type Unparsed = Error & { readonly code?: string; readonly rawPacket?: unknown }

/** Tells whether the request line holds bytes beyond ASCII, as a client sends them that encodes nothing, and no controls. */
function beginsWithRawBytes(packet: unknown): boolean {
  const [line = ''] = Buffer.isBuffer(packet) ? packet.toString('latin1').split('\r\n') : []
  return /^[A-Z]+ [ -~\x80-\xff]+$/.test(line) && /[\x80-\xff]/.test(line)
}

/** Said of a path in which bytes stand as they are; RFC 3986 section 2.1 has them percent-encoded. */
const rawBytes = 'The path holds bytes that have to be percent-encoded.\n'

/** What cannot be parsed gets its status and no body but one that helps, and the connection ends, whether its client closes it or not. */
function closeMalformed(error: Unparsed, socket: Socket, lingerMs: number): void {
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
