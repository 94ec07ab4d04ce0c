/** Main: opens the store with the ports that a server and a command both need. Loads nothing of HTTP. */
import type { Config } from '../config.ts'
import { defaultThrottleRules } from '../core/accounts/throttle.ts'
import type { KeptHead } from '../core/audit/event.ts'
import { byDialect } from '../core/dialects.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { CoreSettings, Ports } from '../core/wiring.ts'
import { headMarkKey } from '../platform/audit-key.ts'
import { systemClock } from '../platform/clock.ts'
import { createCommonPasswords } from '../platform/common-passwords.ts'
import { createDigests } from '../platform/digests.ts'
import { createEncodings } from '../platform/encodings.ts'
import type { HashParameters } from '../platform/hash-worker.ts'
import { createLog } from '../platform/log.ts'
import { loadMasterKey } from '../platform/master-key.ts'
import { createOneTimeCodes } from '../platform/one-time-codes.ts'
import { createPasswordHasher, type PooledPasswordHasher } from '../platform/password-hasher.ts'
import { systemRandom } from '../platform/random.ts'
import { createSealer } from '../platform/sealer.ts'
import { hasOwnMark } from '../stores/sqlite/head-mark.ts'
import { openSqliteStore, type SqliteStore } from '../stores/sqlite/open-store.ts'

/** The input of the process. */
export type Start = {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  /** Replaced by tests that advance time. */
  readonly clock?: Clock
  readonly log?: Log
  /** Largest size of the embedded database; by default the disk is the limit. */
  readonly maxDatabaseBytes?: number
  /** Bytes reserved for writes that end something; by default 16 MiB. */
  readonly reserveBytes?: number
  /** Cost of a password hash; lower in tests with thousands of sign-ins. */
  readonly hashCost?: HashParameters
}

/** The parts that both a server and a command on the store need. */
export type StoreAccess = {
  readonly ports: Omit<
    Ports,
    'signer' | 'node' | 'liveResources' | 'gate' | 'throttleTime' | 'refusals' | 'mailer' | 'resetMails'
  >
  readonly store: SqliteStore
  readonly hasher: PooledPasswordHasher
  /** Returns whether a head of an audit chain was written with the master key. */
  readonly isOwnHead: (head: KeptHead) => boolean
  readonly close: () => Promise<void>
}

/**
 * Opens the store and its ports. Creates a master key only for an empty store.
 *
 * @param role a server locks the data directory against other servers; a command works beside a server.
 */
export async function openStoreAccess(start: Start, role: 'server' | 'command'): Promise<StoreAccess> {
  const { config } = start
  const log = start.log ?? createLog({ level: config.logLevel })
  const store = await openSqliteStore({
    dataDir: config.data,
    log,
    role,
    chain: role,
    ...(start.maxDatabaseBytes === undefined ? {} : { maxDatabaseBytes: start.maxDatabaseBytes }),
    ...(start.reserveBytes === undefined ? {} : { reserveBytes: start.reserveBytes }),
  })
  const masterKey = await loadKeyFor(store, start)
  const markKey = headMarkKey(masterKey)
  store.markHeads(markKey)
  const hasher = createPasswordHasher({
    maxQueue: config.hashQueue,
    ...(config.hashThreads === null ? {} : { threads: config.hashThreads }),
    ...(start.hashCost === undefined ? {} : { parameters: start.hashCost }),
  })
  const random = systemRandom()
  const ports = {
    clock: start.clock ?? systemClock(),
    random,
    digests: createDigests(masterKey),
    encodings: createEncodings(),
    hasher,
    sealer: createSealer(masterKey),
    codes: createOneTimeCodes(random),
    commonPasswords: createCommonPasswords(),
    log,
    store,
    settings: coreSettings(config),
  }
  const close = async (): Promise<void> => {
    await hasher.close()
    await store.close()
  }
  return { ports, store, hasher, isOwnHead: (head) => hasOwnMark(markKey, head), close }
}

function coreSettings(config: Config): CoreSettings {
  return {
    life: byDialect((dialect) => config[dialect]),
    throttle: config.throttle ? defaultThrottleRules : null,
    password: { ...config.password, maximum: 1_024 },
    ptyTokenSeconds: config.pty.tokenSeconds,
    gatewayGroup: config.pty.gatewayGroup,
    ptyLimits: { terminals: config.terminals.maxPerAccount, unusedTokens: config.pty.maxUnusedTokens },
    terminals: config.terminals,
  }
}

async function loadKeyFor(store: SqliteStore, { config, env }: Start): Promise<Uint8Array> {
  try {
    const isNew = (await store.keys()).length === 0 && !(await store.hasAccounts())
    return await loadMasterKey({ env, dataDir: config.data, createIfMissing: isNew })
  } catch (cause) {
    await store.close()
    throw cause
  }
}
