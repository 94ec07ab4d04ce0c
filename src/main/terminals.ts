/** Main: assembles the terminals: transports, recorders, screens and the gateway. */
import type { IncomingMessage } from 'node:http'
import type { Config } from '../config.ts'
import { auditEvent, byServer, type RequestFacts } from '../core/audit/act.ts'
import { isRefusal, Refusal } from '../core/errors.ts'
import { readCatalogues } from '../core/terminals/set-catalogue.ts'
import type { Job } from '../core/upkeep.ts'
import type { Ports } from '../core/wiring.ts'
import { checkHost } from '../http/steps/check-host.ts'
import { clientAddress, peerAddress } from '../http/steps/client-address.ts'
import { Gateway } from '../terminals/gateway.ts'
import type { CheckedLine, GatewayParts, OpenHealthCheck } from '../terminals/gateway-parts.ts'
import { type CommandOutcome, openHealthCheck } from '../terminals/health-check/health-check.ts'
import { createPatterns } from '../terminals/health-check/patterns.ts'
import { DiskRoom, freeBytesIn } from '../terminals/recording/disk-room.ts'
import { recordSigner } from '../terminals/recording/record-key.ts'
import { recordsFolderOf } from '../terminals/recording/record-path.ts'
import { removeExpired } from '../terminals/recording/retention.ts'
import { createRecorders } from '../terminals/recording/write-record.ts'
import { createScreens } from '../terminals/screen/create-screens.ts'
import { systemTimers, type Timers } from '../terminals/timers.ts'
import { LocalTransport, whyNoLocalShell } from '../terminals/transports/local.ts'
import { SpawnBound } from '../terminals/transports/spawn-bound.ts'
import { findSshProgram } from '../terminals/transports/ssh/find-program.ts'
import { sourceAddressRule } from '../terminals/transports/ssh/source-address.ts'
import { createSshTransport } from '../terminals/transports/ssh/ssh.ts'
import type { Transport } from '../terminals/transports/transport.ts'
import { loadAuthorityKey } from './authority-keys.ts'

const mebibyte = 1024 * 1024

/** Milliseconds between the gateway's checks of limits that depend on time. */
const defaultTickMs = 1_000

/** Parts that tests replace. */
export type TerminalTest = {
  /** Replaces ssh and local. */
  readonly transport?: Transport
  readonly tickMs?: number
  /** Replaces the query of the disk. */
  readonly freeBytes?: () => Promise<number>
}

/** The input of {@link openTerminals}. */
export type TerminalStart = {
  readonly config: Config
  readonly ports: Ports
  /** Our own base URLs, for the checks of Host and Origin. They are final once the server listens. */
  readonly publicUrls: () => readonly string[]
  readonly test?: TerminalTest
}

/** The terminals of this node. */
export type Terminals = {
  readonly gateway: Gateway
  readonly disk: DiskRoom
  /** Folder of the records. */
  readonly folder: string
  readonly jobs: readonly Job[]
  readonly close: () => Promise<void>
}

/** Opens the terminals. Closes in the store the PTY sessions of an earlier process. */
export async function openTerminals(start: TerminalStart): Promise<Terminals> {
  const { config, ports } = start
  await closeLostSessions(ports)
  const timers = systemTimers
  const folder = recordsFolderOf(config.data)
  const { privateKey } = await loadAuthorityKey(ports, 'recording')
  const { recordingLimitMib, openFloorMib, endFloorMib } = config.terminals
  const disk = new DiskRoom({
    floors: { openBytes: openFloorMib * mebibyte, endBytes: endFloorMib * mebibyte },
    freeBytes: start.test?.freeBytes ?? (() => freeBytesIn(folder)),
    log: ports.log,
  })
  await disk.look()
  const screens = createScreens({ log: ports.log })
  const testTransport = start.test?.transport
  const transports =
    testTransport === undefined ? openTransports(start, timers) : { ssh: testTransport, local: testTransport }
  const parts: GatewayParts = {
    ports,
    transports,
    openHealthCheck: healthChecks(ports, timers),
    recorders: createRecorders({
      folder,
      sign: recordSigner(privateKey),
      clock: ports.clock,
      timers,
      log: ports.log,
      onSegment: () => void disk.look(),
    }),
    recordingLimitBytes: recordingLimitMib * mebibyte,
    disk,
    screens,
    timers,
    maxSessions: config.terminals.maxSessions,
    tickMs: start.test?.tickMs ?? defaultTickMs,
    admitRequest: (request) => admitRequest(start, request),
  }
  const gateway = new Gateway(parts)
  const close = async (): Promise<void> => {
    await gateway.drain()
    await Promise.all(Object.values(transports).map((transport) => transport.close()))
    await screens.close()
  }
  let closing: Promise<void> | null = null
  return {
    gateway,
    disk,
    folder,
    jobs: [{ name: 'remove recordings', everyMs: 3_600_000, run: () => removeOldRecords(ports, { folder, gateway }) }],
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

async function removeOldRecords(
  { clock, store }: Ports,
  { folder, gateway }: Pick<Terminals, 'folder' | 'gateway'>,
): Promise<void> {
  const nowMs = clock.wallMs()
  const removed = await removeExpired(folder, { nowMs, isLive: (id) => gateway.find(id) !== undefined })
  const events = removed.map(({ ptySessionId }) =>
    auditEvent(
      byServer,
      { account: null, atMs: nowMs },
      { action: 'recording-remove', subject: `pty_session:${ptySessionId}` },
    ),
  )
  if (events.length > 0) await store.execute('appendAudit', { events })
}

async function closeLostSessions({ store, clock, log }: Ports): Promise<void> {
  const nowMs = clock.wallMs()
  const audit = auditEvent(
    byServer,
    { account: null, atMs: nowMs },
    { action: 'pty-end', detail: { reason: 'node-lost' } },
  )
  const { ids } = await store.execute('closeLostPtySessions', { nowMs, audit })
  if (ids.length > 0) log.warn({ ptySessions: ids }, 'terminals of an earlier process were closed without an end')
}

function openTransports(
  { config, ports }: TerminalStart,
  timers: Timers,
): { readonly ssh: Transport; readonly local: Transport } {
  const bound = new SpawnBound(timers)
  const { keyType, sourceAddress } = config.ssh
  const authority = {
    load: async () => {
      const { privateKey, publicKey } = await loadAuthorityKey(ports, 'ssh-user-ca', { keyType })
      return { privateKey, publicLine: publicKey }
    },
  }
  const { clock, random, log } = ports
  return {
    ssh: createSshTransport(
      { authority, clock, random, timers, bound, log },
      { keyType, sourceAddress: sourceAddressRule(sourceAddress), program: findSshProgram(process.env.PATH) },
    ),
    local: new LocalTransport({
      timers,
      bound,
      isAllowed: async (isOwnUser) => {
        const hasSshServers = await ports.store.hasSshServers()
        return whyNoLocalShell({ isAsked: config.allowLocalShell, isOwnUser, hasSshServers })
      },
    }),
  }
}

function healthChecks({ store }: Ports, timers: Timers): OpenHealthCheck {
  const patterns = createPatterns()
  return ({ transport, typist, groups, request, listener, hold, onCommand }) =>
    openHealthCheck(
      {
        transport,
        timers,
        typist,
        hold,
        catalogues: async () => {
          const catalogues = await readCatalogues({ store, patterns }, groups())
          return [...catalogues.values()]
        },
        onCommand: ({ line, outcome, by }) => {
          const facts = outcome.kind === 'ended' ? endFacts(outcome) : {}
          return onCommand({ line, outcome: outcome.kind, facts, by })
        },
      },
      request,
      listener,
    )
}

function endFacts({ exit, stopped, outputBytes }: Extract<CommandOutcome, { kind: 'ended' }>): CheckedLine['facts'] {
  return {
    ...(exit === null ? {} : { exit_code: exit.code }),
    ...(stopped === null ? {} : { stopped }),
    output_bytes: outputBytes,
  }
}

/** Accepts the host of any of our URLs: terminals may have another host than the API. */
function checkHosts(host: string | undefined, urls: readonly string[]): void {
  const isServed = urls.some((url) => {
    try {
      checkHost(host, url)
      return true
    } catch (cause) {
      if (isRefusal(cause, 'HOST_NOT_SERVED')) return false
      throw cause
    }
  })
  if (!isServed) throw new Refusal('HOST_NOT_SERVED')
}

/** Accepts our own pages, the configured origins, and programs, which send no Origin. */
function admitRequest({ config, ports, publicUrls }: TerminalStart, request: IncomingMessage): RequestFacts {
  const { host, origin } = request.headers
  checkHosts(host, publicUrls())
  const isAllowed =
    origin === undefined ||
    publicUrls().includes(origin) ||
    config.gateway.allowedOrigins.includes(origin) ||
    (URL.canParse(origin) && new URL(origin).host === host)
  if (!isAllowed) throw new Refusal('ORIGIN_DENIED')
  const ip = addressOf(config, ports, request)
  return { by: 'control', ip, requestId: null, activity: null, commandLine: null }
}

function addressOf(config: Config, { log, refusals }: Ports, request: IncomingMessage): string {
  const target = { raw: request, headers: request.headers }
  try {
    return clientAddress(target, config)
  } catch (cause) {
    if (isRefusal(cause) && refusals.count(cause.code, peerAddress(target))) {
      log.error({ code: cause.code, path: request.url }, cause.message)
    }
    throw cause
  }
}
