/** Main: where terminals are reached; on the one listener, or on one of their own that serves nothing else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Config } from '../config.ts'
import { isRefusal } from '../core/errors.ts'
import type { Ports } from '../core/wiring.ts'
import { type AddressCap, limitSockets, logRefusedSocket, tooManyConnections } from '../http/address-cap.ts'
import type { App } from '../http/context.ts'
import { type SecurityHeaders, securityHeaders } from '../http/listener.ts'
import { clientAddress } from '../http/steps/client-address.ts'
import type { Gateway } from '../terminals/gateway.ts'
import { refuseUpgrade } from '../terminals/refuse-upgrade.ts'

/** The path that clients append to `proxyUrl`. */
const terminalPath = '/v1/ws'

/** Milliseconds for the headers of an upgrade. */
const headersMs = 30_000

/** Certificate and key, as PEM. */
export type TlsFiles = { readonly cert: string; readonly key: string }

/** What listening takes. */
export type TerminalListenerOptions = {
  readonly config: Config
  readonly tls: TlsFiles | null
  readonly gateway: Gateway
  readonly ports: Ports
  /** What clients have of both listeners together. */
  readonly connections: AddressCap
  /** The one listener, which is used where terminals have none of their own. */
  readonly app: App
  readonly opened: AsyncDisposableStack
}

/** A listener that serves terminals alone. */
export type TerminalListener = {
  readonly url: string
  /** Presents another certificate from now on. @throws Error when the files cannot be used; nothing changes then. */
  readonly present: (tls: TlsFiles) => void
}

/** Tells whether a request asks for the WebSocket of a terminal. */
export function isTerminalUpgrade({ url = '', headers }: IncomingMessage): boolean {
  const path = URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost').pathname : ''
  return path === terminalPath && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Lets the gateway take upgrades; returns its listener where it has one of its own, else null. */
export async function listenForTerminals(listening: TerminalListenerOptions): Promise<TerminalListener | null> {
  const { config, tls, gateway, app, opened } = listening
  const take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (countSocket(listening, request, socket)) gateway.handleUpgrade(request, socket, head)
  }
  if (config.gateway.listen === null) {
    app.server.on('upgrade', take)
    return null
  }
  const isSecure = tls !== null || config.gateway.publicUrl?.startsWith('https:') === true
  const server = createOwnServer(tls, securityHeaders({ isSecure }))
  server.on('upgrade', take)
  if (config.trustedProxies.length === 0) {
    limitSockets(server, listening.connections, (ip) => logRefusedSocket(listening.ports, ip))
  }
  opened.defer(async () => {
    // A server waits for every socket that it handed over.
    await gateway.drain()
    await closeServer(server)
  })
  const { host, port } = config.gateway.listen
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    present: (files) => {
      if (tls !== null) (server as TlsServer).setSecureContext(files)
    },
  }
}

/** Behind a proxy a WebSocket counts for its client; else its socket was counted when it came. Returns whether it may be. */
function countSocket(
  { config, connections, ports }: TerminalListenerOptions,
  request: IncomingMessage,
  socket: Duplex,
): boolean {
  if (config.trustedProxies.length === 0) return true
  const ip = clientOf(config, request)
  const giveBack = ip === null ? null : connections.take(ip)
  if (giveBack !== null) socket.once('close', giveBack)
  if (ip === null || giveBack !== null) return true
  logRefusedSocket(ports, ip)
  refuseUpgrade(socket, tooManyConnections())
  return false
}

/** null: it cannot be read, and the gateway refuses it. */
function clientOf(config: Config, request: IncomingMessage): string | null {
  try {
    return clientAddress({ raw: request, headers: request.headers }, config)
  } catch (cause) {
    if (isRefusal(cause)) return null
    throw cause
  }
}

function createOwnServer(tls: TerminalListenerOptions['tls'], guard: SecurityHeaders): Server {
  const options = { headersTimeout: headersMs, shouldUpgradeCallback: isTerminalUpgrade }
  const answer = (request: IncomingMessage, response: ServerResponse): void => refuse(guard, request, response)
  return tls === null ? createServer(options, answer) : createTlsServer({ ...options, ...tls }, answer)
}

function refuse(guard: SecurityHeaders, request: IncomingMessage, response: ServerResponse): void {
  const isOurs = request.url?.split('?')[0] === terminalPath
  const headers = { ...guard, 'content-length': 0, ...(isOurs ? { upgrade: 'websocket' } : {}) }
  response.writeHead(isOurs ? 426 : 404, headers)
  response.end()
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
