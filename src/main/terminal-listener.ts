/** Main: the WebSockets of terminals, on the one listener or on a listener of their own. */
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

/** Clients append this path to `proxyUrl`. */
const terminalPath = '/v1/ws'

/** Most milliseconds for the headers of an upgrade. */
const headersMs = 30_000

/** Certificate and key, as PEM. */
export type TlsFiles = { readonly cert: string; readonly key: string }

/** The input of {@link listenForTerminals}. */
export type TerminalListenerOptions = {
  readonly config: Config
  readonly tls: TlsFiles | null
  readonly gateway: Gateway
  readonly ports: Ports
  /** Connections of clients, over both listeners together. */
  readonly connections: AddressCap
  /** The one listener; terminals share it unless they have their own. */
  readonly app: App
  /** Gets the step that closes the listener. */
  readonly shutdown: AsyncDisposableStack
}

/** A listener for terminals only. */
export type TerminalListener = {
  readonly url: string
  /** Replaces the certificate. @throws Error when the files cannot be used; the old ones stay. */
  readonly setTls: (tls: TlsFiles) => void
}

/** Returns whether a request asks for the WebSocket of a terminal. */
export function isTerminalUpgrade({ url = '', headers }: IncomingMessage): boolean {
  const path = URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost').pathname : ''
  return path === terminalPath && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Passes upgrades to the gateway. Returns its own listener; null if it shares the one listener. */
export async function listenForTerminals(options: TerminalListenerOptions): Promise<TerminalListener | null> {
  const { config, tls, gateway, app, shutdown } = options
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (countSocket(options, request, socket)) gateway.handleUpgrade(request, socket, head)
  }
  if (config.gateway.listen === null) {
    app.server.on('upgrade', onUpgrade)
    return null
  }
  const isSecure = tls !== null || config.gateway.publicUrl?.startsWith('https:') === true
  const server = createOwnServer(tls, securityHeaders({ isSecure }))
  server.on('upgrade', onUpgrade)
  if (config.trustedProxies.length === 0) {
    limitSockets(server, options.connections, (ip) => logRefusedSocket(options.ports, ip))
  }
  shutdown.defer(async () => {
    // `server.close` waits for every upgraded socket, so the gateway closes them first.
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
    setTls: (files) => {
      if (tls !== null) (server as TlsServer).setSecureContext(files)
    },
  }
}

/** Counts a WebSocket behind a proxy for its client, and refuses it over the limit. Without a proxy its socket was counted already. */
function countSocket(
  { config, connections, ports }: TerminalListenerOptions,
  request: IncomingMessage,
  socket: Duplex,
): boolean {
  if (config.trustedProxies.length === 0) return true
  const ip = clientOf(config, request)
  const release = ip === null ? null : connections.take(ip)
  if (release !== null) socket.once('close', release)
  if (ip === null || release !== null) return true
  logRefusedSocket(ports, ip)
  refuseUpgrade(socket, tooManyConnections())
  return false
}

/** Returns null if the address cannot be read; the gateway then refuses the request. */
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
  const isTerminalPath = request.url?.split('?')[0] === terminalPath
  const headers = { ...guard, 'content-length': 0, ...(isTerminalPath ? { upgrade: 'websocket' } : {}) }
  response.writeHead(isTerminalPath ? 426 : 404, headers)
  response.end()
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
