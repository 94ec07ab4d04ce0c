/** HTTP: the application. It finds the dialect of each path, also for paths that no route serves. */
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { Refusal, type RefusalCode } from '../core/errors.ts'
import { limitSockets, logRefusedSocket, tooManyConnections } from './address-cap.ts'
import { sendText } from './answer.ts'
import type { App, DialectPlugin, HttpContext } from './context.ts'
import {
  type ListenerOptions,
  listenerOptions,
  type SecurityHeaders,
  securityHeaders,
  sendMalformed,
} from './listener.ts'
import { MethodTable } from './method-table.ts'
import { DocumentCatalogue } from './openapi/catalogue.ts'
import { isProbe, registerProbes } from './probes.ts'
import { toRefusal } from './refusals.ts'
import { hasAuthentication } from './steps/authentication-steps.ts'
import { checkHost } from './steps/check-host.ts'
import { isAmbiguous, useOriginForm } from './steps/check-message.ts'
import { clientAddress, peerAddress } from './steps/client-address.ts'
import { allowOrigin, answerPreflight, isPreflight } from './steps/cross-origin.ts'

/** Maximum body of a route without authentication, in bytes; the largest sign-in needs far less. */
const unauthenticatedBodyBytes = 64 * 1024

/** Creates the application with the given dialects. It does not listen yet. */
export function createApp(
  context: HttpContext,
  plugins: readonly DialectPlugin[],
  listener: ListenerOptions = {},
): App {
  const security = securityHeaders({ isSecure: isSecure(context, listener) })
  const app = fastify(listenerOptions(listener, security) as object) as unknown as App
  const enabled = plugins.filter((plugin) => context.settings.dialects[plugin.name].isEnabled)
  const methods = new MethodTable()
  app.addHook('onRoute', (route) => {
    // `Allow` never names OPTIONS.
    const named = [route.method].flat().filter((method) => method !== 'OPTIONS')
    methods.add(route.url, named)
    if (!hasAuthentication(route.onRequest)) route.bodyLimit = unauthenticatedBodyBytes
  })
  // Each dialect parses bodies in its own way. For a path without a route no body is read, so that none can hide a 404 or 405.
  app.removeAllContentTypeParsers()
  app.decorateRequest('clientIp', '')
  app.decorateRequest('principal', null)
  app.decorate('openApi', new DocumentCatalogue())
  app.decorate('bodyBudget', context.bodies)
  addRootHook(app, context, security)
  capConnections(app, context)
  registerProbes(app, context)
  app.get('/', (_request, reply) =>
    sendText(reply, 200, { text: 'Sallyport\n', headers: { 'content-type': 'text/plain; charset=utf-8' } }),
  )
  const claims = new Map<string, DialectPlugin>()
  for (const plugin of enabled) {
    const { prefix } = context.settings.dialects[plugin.name]
    for (const path of plugin.pathPrefixes) claimPath(claims, plugin, `${prefix}${path}`)
    registerDialect(app, plugin, { context, claims })
  }
  const dialectOf = dialectFinder(context, enabled)
  app.setErrorHandler((thrown, request, reply) =>
    refuse(context, dialectOf(pathOf(request)), { thrown, request, reply }),
  )
  app.setNotFoundHandler((request, reply) => answerUnserved({ context, dialectOf, methods }, request, reply))
  return app
}

/** Returns whether browsers reach the server by TLS, directly or through a proxy. */
function isSecure({ settings }: HttpContext, { tls = null }: ListenerOptions): boolean {
  return tls !== null || settings.publicUrl.startsWith('https:')
}

function addRootHook(app: App, context: HttpContext, security: SecurityHeaders): void {
  const { settings } = context
  const securityPairs = Object.entries(security)
  app.addHook('onRequest', (request, reply, done) => {
    if (isAmbiguous(request.raw)) return void sendMalformed(reply, security)
    useOriginForm(request.raw)
    for (const [name, value] of securityPairs) reply.raw.setHeader(name, value)
    try {
      request.clientIp = clientAddress(request, settings)
      if (!isProbe(request.url)) checkHost(request.headers.host, settings.publicUrl)
      done()
    } catch (cause) {
      // If the client's address cannot be read, the log gets the proxy's address.
      if (request.clientIp === '') request.clientIp = peerAddress(request)
      done(cause as Error)
    }
  })
}

/** Limits sockets by peer. Behind a proxy all sockets are the proxy's, so that open requests are limited by client. */
function capConnections(app: App, { connections, ports, settings }: HttpContext): void {
  if (settings.trustedProxies.length === 0) {
    limitSockets(app.server, connections, (ip) => logRefusedSocket(ports, ip))
    return
  }
  app.addHook('onRequest', (request, reply, done) => {
    const release = connections.take(request.clientIp)
    if (release === null) return done(tooManyConnections())
    reply.raw.once('close', release)
    done()
  })
}

function registerDialect(
  app: App,
  plugin: DialectPlugin,
  { context, claims }: { readonly context: HttpContext; readonly claims: Map<string, DialectPlugin> },
): void {
  const { prefix, allowedOrigins } = context.settings.dialects[plugin.name]
  app.openApi.open(plugin.name, plugin.document, prefix)
  void app.register(
    (scope, _options, done) => {
      const dialect = scope as unknown as App
      dialect.addHook('onRoute', (route) => {
        claimPath(claims, plugin, route.url)
        app.openApi.add(plugin.name, route)
      })
      dialect.setErrorHandler((thrown, request, reply) => refuse(context, plugin, { thrown, request, reply }))
      if (allowedOrigins.length > 0) {
        dialect.addHook('onRequest', (request, reply, next) => {
          allowOrigin(request, reply, allowedOrigins)
          next()
        })
      }
      plugin.register(dialect, context)
      done()
    },
    { prefix },
  )
}

function claimPath(claims: Map<string, DialectPlugin>, plugin: DialectPlugin, path: string): void {
  const first = claims.get(path) ?? plugin
  claims.set(path, first)
  if (first.name === plugin.name) return
  throw new Error(
    `The dialects ${first.name} and ${plugin.name} both claim ${path}; give one of them a prefix, or switch one off.`,
  )
}

/** Refusals that load or a proxy causes. The log gets no stack for them. */
const expectedCodes: ReadonlySet<RefusalCode> = new Set(['HASH_QUEUE_FULL', 'CLIENT_ADDRESS_UNREADABLE'])

type Failure = { readonly thrown: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply }

function refuse(context: HttpContext, plugin: DialectPlugin, { thrown, request, reply }: Failure): FastifyReply {
  const refusal = toRefusal(thrown)
  const { ports } = context
  const { code, kind, detail, message } = refusal
  const facts = { code, detail, method: request.method, path: pathOf(request) }
  if (kind === 'internal') ports.log.error({ ...facts, err: thrown }, message)
  // Logs only some of the refusals that may come in floods, so that refused clients cannot fill the disk.
  const isLogged = kind === 'unavailable' || code === 'CLIENT_ADDRESS_UNREADABLE'
  if (isLogged && ports.refusals.count(code, request.clientIp)) {
    ports.log.error(expectedCodes.has(code) ? facts : { ...facts, err: thrown }, message)
  }
  const isByRule = code === 'ACCESS_DENIED' || code === 'ACTION_DUE'
  if (isByRule && ports.refusals.count(code, request.clientIp)) ports.log.warn(facts, message)
  if (/^(?:TOKEN|API_KEY)_/.test(code)) ports.refusals.count(code, request.clientIp)
  if (refusal.missing.length > 0) ports.refusals.count(code, request.clientIp, refusal.missing)
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds))
  return plugin.answerRefusal(refusal, request, reply)
}

type Routing = {
  readonly context: HttpContext
  readonly dialectOf: (path: string) => DialectPlugin
  readonly methods: MethodTable
}

function answerUnserved(routing: Routing, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = pathOf(request)
  const plugin = routing.dialectOf(path)
  const methods = routing.methods.methodsOf(path)
  const { allowedOrigins } = routing.context.settings.dialects[plugin.name]
  if (methods.length > 0 && isPreflight(request) && allowOrigin(request, reply, allowedOrigins)) {
    return answerPreflight(reply, methods)
  }
  if (methods.length > 0) reply.header('allow', methods.join(', '))
  const thrown = new Refusal(methods.length > 0 ? 'METHOD_NOT_ALLOWED' : 'ROUTE_NOT_FOUND')
  return refuse(routing.context, plugin, { thrown, request, reply })
}

/** Returns a function that finds the dialect with the longest prefix of a path; `control` gets every other path. */
function dialectFinder(context: HttpContext, enabled: readonly DialectPlugin[]): (path: string) => DialectPlugin {
  const claims = enabled
    .flatMap((plugin) =>
      plugin.pathPrefixes.map((path) => ({ plugin, path: `${context.settings.dialects[plugin.name].prefix}${path}` })),
    )
    .sort((one, other) => other.path.length - one.path.length)
  const last = enabled.find((plugin) => plugin.name === 'control') ?? enabled[0]
  if (last === undefined) throw new Error('no dialect is enabled')
  return (path) => claims.find((claim) => isWithin(path, claim.path))?.plugin ?? last
}

function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

function pathOf(request: FastifyRequest): string {
  const query = request.url.indexOf('?')
  return query === -1 ? request.url : request.url.slice(0, query)
}
