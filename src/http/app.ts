/** HTTP: the one listener; decides which dialect a path belongs to and who answers what nobody serves. */
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { Refusal, type RefusalCode } from '../core/errors.ts'
import { limitSockets, logRefusedSocket, tooManyRequests } from './address-cap.ts'
import { sendText } from './answer.ts'
import type { App, DialectPlugin, HttpContext } from './context.ts'
import { type GuardHeaders, guardHeaders, type ListenerOptions, listenerOptions, sendMalformed } from './listener.ts'
import { MethodTable } from './method-table.ts'
import { DocumentCatalogue } from './openapi/catalogue.ts'
import { isProbe, registerProbes } from './probes.ts'
import { hasAuthentication } from './steps/authentication-steps.ts'
import { checkHost } from './steps/check-host.ts'
import { isAmbiguous, useOriginForm } from './steps/check-message.ts'
import { clientAddress, peerAddress } from './steps/client-address.ts'
import { allowOrigin, answerPreflight, isPreflight } from './steps/cross-origin.ts'
import { toRefusal } from './to-refusal.ts'

/** Bytes of a body at most where nobody has to sign in first: what the largest sign-in takes is far less. */
const bodyBytesOfStrangers = 64 * 1024

/** Makes the application with the given dialects; nothing listens yet. */
export function createApp(
  context: HttpContext,
  plugins: readonly DialectPlugin[],
  listener: ListenerOptions = {},
): App {
  const guard = guardHeaders({ isSecure: isSecure(context, listener) })
  const app = fastify(listenerOptions(listener, guard) as object) as unknown as App
  const enabled = plugins.filter((plugin) => context.settings.dialects[plugin.name].isEnabled)
  const methods = new MethodTable()
  // OPTIONS asks about the others.
  app.addHook('onRoute', (route) =>
    methods.add(
      route.url,
      [route.method].flat().filter((one) => one !== 'OPTIONS'),
    ),
  )
  app.addHook('onRoute', (route) => {
    if (!hasAuthentication(route.onRequest)) route.bodyLimit = bodyBytesOfStrangers
  })
  // Each dialect reads bodies in its own way; of what nobody serves no body is read, so that none can hide a 404 or 405.
  app.removeAllContentTypeParsers()
  app.decorateRequest('clientIp', '')
  app.decorateRequest('principal', null)
  app.decorate('openApi', new DocumentCatalogue())
  app.decorate('bodyBudget', context.bodies)
  addRootHook(app, context, guard)
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
  const owner = ownerOf(context, enabled)
  app.setErrorHandler((thrown, request, reply) => refuse(context, owner(pathOf(request)), { thrown, request, reply }))
  app.setNotFoundHandler((request, reply) => answerUnserved({ context, owner, methods }, request, reply))
  return app
}

/** Browsers that came once by TLS, to the listener or to a proxy in front of it, are to come no other way. */
function isSecure({ settings }: HttpContext, { tls = null }: ListenerOptions): boolean {
  return tls !== null || settings.publicUrl.startsWith('https:')
}

function addRootHook(app: App, context: HttpContext, guard: GuardHeaders): void {
  const { settings } = context
  const guards = Object.entries(guard)
  app.addHook('onRequest', (request, reply, done) => {
    if (isAmbiguous(request.raw)) return void sendMalformed(reply, guard)
    useOriginForm(request.raw)
    for (const [name, value] of guards) reply.raw.setHeader(name, value)
    try {
      request.clientIp = clientAddress(request, settings)
      if (!isProbe(request.url)) checkHost(request.headers.host, settings.publicUrl)
      done()
    } catch (cause) {
      // The proxy's own, where it does not say whom it asks for.
      if (request.clientIp === '') request.clientIp = peerAddress(request)
      done(cause as Error)
    }
  })
}

/** Behind a proxy sockets are the proxy's, so that what is under way is counted, for the client that it names. */
function capConnections(app: App, { connections, ports, settings }: HttpContext): void {
  if (settings.trustedProxies.length === 0) {
    limitSockets(app.server, connections, (ip) => logRefusedSocket(ports, ip))
    return
  }
  app.addHook('onRequest', (request, reply, done) => {
    const release = connections.take(request.clientIp)
    if (release === null) return done(tooManyRequests())
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
  const holder = claims.get(path) ?? plugin
  claims.set(path, holder)
  if (holder.name === plugin.name) return
  throw new Error(
    `The dialects ${holder.name} and ${plugin.name} both claim ${path}; give one of them a prefix, or switch one off.`,
  )
}

/** Refusals that load or a neighbour brings about; where they come from in our code tells nothing. */
const expectedCodes: ReadonlySet<RefusalCode> = new Set(['HASH_QUEUE_FULL', 'CLIENT_ADDRESS_UNREADABLE'])

type Failure = { readonly thrown: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply }

function refuse(context: HttpContext, plugin: DialectPlugin, { thrown, request, reply }: Failure): FastifyReply {
  const refusal = toRefusal(thrown)
  const { ports } = context
  const { code, kind, detail, message } = refusal
  const facts = { code, detail, method: request.method, path: pathOf(request) }
  if (kind === 'internal') ports.log.error({ ...facts, err: thrown }, message)
  // What comes in floods is told once, and then counted: the disk is not to be filled by who is refused.
  const isTold = kind === 'unavailable' || code === 'CLIENT_ADDRESS_UNREADABLE'
  if (isTold && ports.refusals.count(code, request.clientIp)) {
    ports.log.error(expectedCodes.has(code) ? facts : { ...facts, err: thrown }, message)
  }
  const isByRule = code === 'ACCESS_DENIED' || code === 'ACTION_DUE'
  if (isByRule && ports.refusals.count(code, request.clientIp)) ports.log.warn(facts, message)
  if (/^(?:TOKEN|API_KEY)_/.test(code)) ports.refusals.count(code, request.clientIp)
  if (refusal.missing.length > 0) ports.refusals.count(code, request.clientIp, refusal.missing)
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds))
  return plugin.answerRefusal(refusal, request, reply)
}

type Roots = {
  readonly context: HttpContext
  readonly owner: (path: string) => DialectPlugin
  readonly methods: MethodTable
}

function answerUnserved(roots: Roots, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = pathOf(request)
  const plugin = roots.owner(path)
  const methods = roots.methods.methodsOf(path)
  const { allowedOrigins } = roots.context.settings.dialects[plugin.name]
  if (methods.length > 0 && isPreflight(request) && allowOrigin(request, reply, allowedOrigins)) {
    return answerPreflight(reply, methods)
  }
  if (methods.length > 0) reply.header('allow', methods.join(', '))
  const thrown = new Refusal(methods.length > 0 ? 'METHOD_NOT_ALLOWED' : 'ROUTE_NOT_FOUND')
  return refuse(roots.context, plugin, { thrown, request, reply })
}

/** Returns a function that finds the dialect whose pathPrefixes has the longest prefix of a path; `control` takes the rest. */
function ownerOf(context: HttpContext, enabled: readonly DialectPlugin[]): (path: string) => DialectPlugin {
  const claims = enabled
    .flatMap((plugin) =>
      plugin.pathPrefixes.map((path) => ({ plugin, path: `${context.settings.dialects[plugin.name].prefix}${path}` })),
    )
    .sort((one, other) => other.path.length - one.path.length)
  const last = enabled.find((plugin) => plugin.name === 'control') ?? enabled[0]
  if (last === undefined) throw new Error('no dialect is enabled')
  return (path) => claims.find((claim) => isWithin(path, claim.path))?.plugin ?? last
}

function isWithin(path: string, pathPrefixes: string): boolean {
  return path === pathPrefixes || path.startsWith(pathPrefixes.endsWith('/') ? pathPrefixes : `${pathPrefixes}/`)
}

function pathOf(request: FastifyRequest): string {
  const query = request.url.indexOf('?')
  return query === -1 ? request.url : request.url.slice(0, query)
}
