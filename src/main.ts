/** The composition root: the only file that imports every layer. `assemble` starts the parts in order. */
import { readFile } from 'node:fs/promises'
import type { Server as HttpsServer } from 'node:https'
import { version } from './config/version.ts'
import type { Config } from './config.ts'
import { ResetMails } from './core/accounts/reset-mails.ts'
import { SignInGate } from './core/accounts/sign-in-gate.ts'
import { keepThrottleTime, openThrottleTime, type ThrottleTime } from './core/accounts/throttle-time.ts'
import { RefusalCounters } from './core/audit/refusal-counters.ts'
import { byDialect } from './core/dialects.ts'
import { isRefusal, Refusal } from './core/errors.ts'
import { RevocationNode } from './core/memory/node.ts'
import type { Mailer } from './core/ports.ts'
import { LiveResources } from './core/revocation/live-resources.ts'
import { defaultRotation } from './core/tokens/key-rotation.ts'
import { upkeepJobs, writeLastUses, writeRefusals } from './core/upkeep.ts'
import type { Ports } from './core/wiring.ts'
import { AddressCap } from './http/address-cap.ts'
import { createApp } from './http/app.ts'
import { BodyBudget } from './http/body-budget.ts'
import type { App, HttpContext, HttpSettings } from './http/context.ts'
import { dialectPlugins } from './http/dialects/plugins.ts'
import type { Timeouts } from './http/listener.ts'
import { isOwnerMissing } from './main/administrators.ts'
import { signTrail, startTrailSigner, trailJob } from './main/audit-trail.ts'
import { readinessReasons } from './main/readiness.ts'
import { openStoreAccess, type Start, type StoreAccess } from './main/store-access.ts'
import {
  isTerminalUpgrade,
  listenForTerminals,
  type TerminalListener,
  type TerminalListenerOptions,
  type TlsFiles,
} from './main/terminal-listener.ts'
import { openTerminalPage } from './main/terminal-page.ts'
import { terminalViews } from './main/terminal-views.ts'
import { openTerminals, type Terminals, type TerminalTest } from './main/terminals.ts'
import { jwksDocument } from './platform/jwks.ts'
import { Keyring } from './platform/keyring.ts'
import { createMailer } from './platform/mailer.ts'
import { qrCodeDataUrl } from './platform/qr-code.ts'
import { startJobs } from './platform/scheduler.ts'
import { createSigner } from './platform/signer.ts'
import { pacerproKey, sftpgoKey } from './platform/signing-keys.ts'
import { listenForNotifications } from './stores/sqlite/notify.ts'

/** Longest time that a node answers from memory without reading the revocation log. */
const leaseMs = 1_000

const dayMs = 86_400_000

/** The input of a server's start. */
export type ServerStart = Start & {
  /** Shorter in some tests. */
  readonly timeouts?: Timeouts
  /** Parts of the terminals that tests replace. */
  readonly terminals?: TerminalTest
}

/** A running server. */
export type RunningServer = {
  /** Scheme, host and port. */
  readonly url: string
  readonly app: App
  readonly ports: Ports
  /** The link that creates the first administrator; null if one was ever created. */
  readonly setupLink: string | null
  /** Whether no owner who can sign in remains. */
  readonly isOwnerMissing: boolean
  /** Reloads the TLS files. */
  readonly reloadTls: () => Promise<void>
  /**
   * Shuts down, as at SIGTERM. Takes no new requests, ends the terminals, answers the requests under way, stops the jobs,
   * writes the state in memory, signs the audit trail and closes the store: the `shutdown.defer` steps of `assemble`, the
   * last one first.
   */
  readonly close: () => Promise<void>
}

/**
 * Starts a server; resolves once it listens. If a part fails, the parts before it are shut down.
 *
 * @param extend registers further routes before the server listens; benches compare with a bare route.
 */
export async function startServer(
  start: ServerStart,
  extend?: (app: App, ports: Ports) => void,
): Promise<RunningServer> {
  const shutdown = new AsyncDisposableStack()
  try {
    return await assemble(start, shutdown, extend)
  } catch (cause) {
    await shutdown.disposeAsync()
    throw cause
  }
}

async function assemble(
  start: ServerStart,
  shutdown: AsyncDisposableStack,
  extend?: (app: App, ports: Ports) => void,
): Promise<RunningServer> {
  const { config } = start
  const storeAccess = await openStoreAccess(start, 'server')
  shutdown.defer(storeAccess.close)
  const trail = await startTrailSigner(storeAccess)
  shutdown.defer(() => signTrail(storeAccess, trail))
  const keyring = await openKeyring(storeAccess, config)
  const mailer = openMailer(config, storeAccess.ports.log)
  if (mailer !== null) shutdown.defer(() => mailer.close())
  const ports = completePorts(storeAccess, {
    config,
    keyring,
    mailer,
    throttleTime: await openThrottleTime(storeAccess.ports),
  })
  shutdown.defer(() => writeMemoryState(ports))
  // Before the node joins: a command that appends to the log must always reach a server that serves.
  const notifications = await listenForNotifications(storeAccess.store.socketPath, () => ports.node.renew())
  shutdown.defer(() => notifications.close())
  await ports.node.join()
  const setup = await openSetup(ports)
  const settings = httpSettings(config)
  const terminals = await openTerminals({
    config,
    ports,
    publicUrls: () => [settings.publicUrl, settings.gatewayUrl],
    ...(start.terminals === undefined ? {} : { test: start.terminals }),
  })
  shutdown.defer(() => terminals.close())
  const keyJob = { name: 'refresh the signing keys', everyMs: 60_000, run: () => keyring.refresh() }
  const jobs = startJobs([...upkeepJobs(ports), keyJob, trailJob(trail), ...terminals.jobs], ports.log)
  shutdown.defer(() => jobs.stop())
  const context: HttpContext = {
    ...addressLimits(config, ports),
    ports,
    settings,
    gateways: gatewayLocator(terminals, settings),
    terminals: terminalViews(terminals),
    terminalPage: openTerminalPage(() => [settings.gatewayUrl]),
    jwks: () => jwksDocument(keyring.published()),
    build: { version: version.number, builtAt: version.builtAt },
    readiness: () => readinessReasons(storeAccess.store, terminals.disk),
    qrCode: qrCodeDataUrl,
    setup,
  }
  const app = createApp(context, dialectPlugins, {
    tls: await readTls(config),
    ...(start.timeouts === undefined ? {} : { timeouts: start.timeouts }),
    ...(config.gateway.listen === null ? { takesUpgrade: isTerminalUpgrade } : {}),
  })
  shutdown.defer(() => app.close())
  // Again, because this step must run before `app.close`, which waits for every connection.
  shutdown.defer(() => terminals.close())
  extend?.(app, ports)
  const { gateway } = terminals
  const { url, terminalListener } = await listen(app, { ...context, config, settings, shutdown, gateway })
  ports.log.info({ fingerprint: trail.keyId }, 'audit trail is signed by this key')
  return {
    url,
    app,
    ports,
    ...(await administratorFacts(ports, { secret: setup.secret, publicUrl: settings.publicUrl })),
    reloadTls: () => reloadTls(config, { app, terminalListener }),
    close: () => shutdown.disposeAsync(),
  }
}

function gatewayLocator(
  { disk, gateway }: Pick<Terminals, 'disk' | 'gateway'>,
  settings: { readonly gatewayUrl: string },
): HttpContext['gateways'] {
  return {
    forStart: () => {
      if (disk.state !== 'enough') throw new Refusal('DISK_LOW', { retryAfterSeconds: 30 })
      return gateway.hasRoom() ? settings.gatewayUrl : null
    },
    forJoin: () => settings.gatewayUrl,
  }
}

/** Limits of client addresses, over both listeners together. */
function addressLimits(config: Config, { clock }: Ports): Pick<HttpContext, 'bodies' | 'connections'> {
  return {
    bodies: new BodyBudget(config.bodiesMebibytes * 1024 * 1024, clock),
    connections: new AddressCap(config.connectionsPerAddress),
  }
}

type ListenOptions = Omit<TerminalListenerOptions, 'tls' | 'app'> & {
  /** Gets the addresses of both listeners. */
  readonly settings: { publicUrl: string; gatewayUrl: string }
}

/** `terminalListener` is null if terminals share the one listener, which is at `url`. */
type Listeners = { readonly url: string; readonly terminalListener: TerminalListener | null }

async function listen(app: App, options: ListenOptions): Promise<Listeners> {
  const { config, settings } = options
  const url = await app.listen({ host: config.listen.host, port: config.listen.port })
  settings.publicUrl = config.publicUrl ?? url
  const terminalListener = await listenForTerminals({ ...options, tls: await readTls(config), app })
  settings.gatewayUrl = config.gateway.publicUrl ?? terminalListener?.url ?? settings.publicUrl
  return { url, terminalListener }
}

type ServerParts = {
  readonly config: Config
  readonly keyring: Keyring
  readonly mailer: Mailer | null
  readonly throttleTime: ThrottleTime
}

function completePorts(storeAccess: StoreAccess, { config, keyring, mailer, throttleTime }: ServerParts): Ports {
  const { store, ports } = storeAccess
  const node = new RevocationNode({ ...ports, leaseMs, maxTokens: config.maxSessions })
  store.onRevocations((entries) => node.receive(entries))
  const liveResources = new LiveResources(ports.log)
  node.onApply((entry) => liveResources.apply(entry))
  return {
    ...ports,
    signer: createSigner({ keys: () => keyring.material(), clock: ports.clock }),
    node,
    liveResources,
    gate: new SignInGate(),
    throttleTime,
    refusals: new RefusalCounters(),
    mailer,
    resetMails: new ResetMails(),
  }
}

/** A store that is unavailable does not stop the shutdown: no answer depended on this state. */
async function writeMemoryState(ports: Ports): Promise<void> {
  try {
    await writeLastUses(ports, 1)
    await writeRefusals(ports)
    await keepThrottleTime(ports)
  } catch (cause) {
    if (!isRefusal(cause, 'STORE_UNAVAILABLE')) throw cause
    ports.log.warn({ err: cause }, 'last uses and refusals of the last minute could not be written')
  }
}

/** Returns null when no SMTP server is configured. */
function openMailer({ smtp: { url, from } }: Config, log: Ports['log']): ReturnType<typeof createMailer> | null {
  return url === null || from === null ? null : createMailer({ url, from, log })
}

async function openKeyring({ ports, store }: StoreAccess, config: Config): Promise<Keyring> {
  const { jwtKey } = config.pacerpro
  const { signingPassphrase } = config.sftpgo
  const keyring = new Keyring({
    store,
    sealer: ports.sealer,
    clock: ports.clock,
    configured: [
      ...(jwtKey === null ? [] : [pacerproKey(jwtKey)]),
      ...(signingPassphrase === null ? [] : [sftpgoKey(signingPassphrase)]),
    ],
    rotation: {
      ...defaultRotation,
      periodMs: config.keyRotationDays * dayMs,
      longestTokenMs: (config.control.tokenSeconds ?? 0) * 1000,
    },
  })
  await keyring.refresh()
  return keyring
}

/** Returns the facts about administrators for the person who starts the server. */
async function administratorFacts(
  ports: Ports,
  { secret, publicUrl }: { readonly secret: string | null; readonly publicUrl: string },
): Promise<Pick<RunningServer, 'setupLink' | 'isOwnerMissing'>> {
  return {
    setupLink: secret === null ? null : `${publicUrl}/setup#${secret}`,
    isOwnerMissing: await isOwnerMissing(ports),
  }
}

type OpenSetup = HttpContext['setup'] & { readonly secret: string | null }

async function openSetup(ports: Ports): Promise<OpenSetup> {
  let secret = (await ports.store.wasAdministratorMade()) ? null : ports.encodings.toBase64url(ports.random.bytes(32))
  return {
    secret,
    accepts: (presented) =>
      secret !== null && ports.digests.equal(ports.digests.sha256(presented), ports.digests.sha256(secret)),
    end: () => {
      secret = null
    },
  }
}

/** `listen` replaces `publicUrl` and `gatewayUrl` once it knows the ports. */
function httpSettings(config: Config): HttpSettings & { publicUrl: string; gatewayUrl: string } {
  return {
    gatewayUrl: '',
    publicUrl: config.publicUrl ?? `http://${config.listen.host.includes(':') ? '[::1]' : config.listen.host}`,
    trustedProxies: config.trustedProxies,
    clientIpHeader: config.clientIpHeader,
    dialects: byDialect((dialect) => {
      const { enabled, prefix, allowedOrigins } = config[dialect]
      return { isEnabled: enabled, prefix, allowedOrigins }
    }),
    sftpgo: {
      // Each of the two options can disable it.
      isBoundToAddress: config.sftpgo.bindAddress && (config.sftpgo.tokenValidation & 1) === 0,
      endsTokensOnAnyChange: (config.sftpgo.tokenValidation & 2) !== 0,
      disabledLoginMethods: config.sftpgo.disabledLoginMethods,
    },
    pacerpro: { acceptsBareToken: config.pacerpro.acceptBareToken },
    giantswarm: config.giantswarm,
    koyeb: config.koyeb,
  }
}

async function readTls({ tlsCert, tlsKey }: Config): Promise<TlsFiles | null> {
  if (tlsCert === null || tlsKey === null) return null
  return { cert: await readFile(tlsCert, 'utf8'), key: await readFile(tlsKey, 'utf8') }
}

async function reloadTls(
  config: Config,
  { app, terminalListener }: { readonly app: App } & Pick<Listeners, 'terminalListener'>,
): Promise<void> {
  const files = await readTls(config)
  if (files === null) return
  ;(app.server as HttpsServer).setSecureContext(files)
  terminalListener?.setTls(files)
}
