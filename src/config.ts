/** Config: reads options from flags, environment and file, in that order; an unknown key or a bad value is an error that names it. */
import { environmentName, flagName, type Option, options } from './config/options.ts'
import { byDialect, type Dialect } from './core/dialects.ts'

/** How one dialect is served and how long its sessions live, in seconds; null: without end. */
export type DialectConfig = {
  readonly enabled: boolean
  readonly prefix: string
  readonly allowedOrigins: readonly string[]
  readonly tokenSeconds: number | null
  readonly idleSeconds: number | null
  readonly absoluteSeconds: number | null
  readonly keepNewest: number | null
}

/** Every choice of the operator. */
export type Config = {
  readonly listen: { readonly host: string; readonly port: number }
  readonly data: string
  readonly databaseUrl: string | null
  readonly publicUrl: string | null
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  readonly behindProxy: boolean
  readonly trustedProxies: readonly string[]
  readonly clientIpHeader: string
  readonly connectionsPerAddress: number
  readonly bodiesMebibytes: number
  readonly allowLocalShell: boolean
  readonly logLevel: 'info' | 'warn' | 'error' | 'silent'
  readonly throttle: boolean
  readonly maxSessions: number
  readonly hashThreads: number | null
  readonly hashQueue: number
  readonly password: { readonly minimumAlone: number; readonly minimumWithSecondFactor: number }
  readonly keyRotationDays: number
  readonly sftpgo: {
    readonly bindAddress: boolean
    /** Bit 1 stands exactly where `bindAddress` is off. */
    readonly tokenValidation: number
    readonly disabledLoginMethods: number
    readonly signingPassphrase: string | null
  }
  readonly pacerpro: { readonly jwtKey: string | null; readonly acceptBareToken: boolean }
  readonly giantswarm: { readonly installationName: string }
  readonly koyeb: { readonly oldTokenGraceSeconds: number | null }
  /** null: no mail is sent. */
  readonly smtp: { readonly url: string; readonly from: string } | null
  readonly pty: { readonly tokenSeconds: number; readonly gatewayGroup: string; readonly maxUnusedTokens: number }
  readonly gateway: {
    /** null: terminals share the one listener. */
    readonly listen: { readonly host: string; readonly port: number } | null
    /** null: terminals are reached where all else is. */
    readonly publicUrl: string | null
    readonly allowedOrigins: readonly string[]
  }
  readonly terminals: {
    readonly observers: number
    readonly idleMinutes: number
    readonly healthCheckIdleMinutes: number
    readonly headlessMinutes: number
    readonly retentionMonths: number
    readonly maxSessions: number
    readonly maxPerAccount: number
    readonly recordingLimitMib: number
    readonly openFloorMib: number
    readonly endFloorMib: number
  }
  readonly ssh: {
    readonly keyType: 'ed25519' | 'ecdsa'
    /** `auto`, `off`, or addresses and CIDRs with commas between them. */
    readonly sourceAddress: string
  }
  readonly dialects: Readonly<Record<Dialect, DialectConfig>>
}

/** A choice that cannot be obeyed; the message is one sentence that names flag, variable or key. */
export class ConfigError extends Error {}

/** Where choices come from. */
export type ConfigSources = {
  /** By option name; text as it was typed, true for a flag without a value. */
  readonly flags: Readonly<Record<string, string | readonly string[] | boolean | undefined>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** The parsed JSON of the configuration file. */
  readonly file: unknown
}

type Value = string | number | boolean | readonly string[] | null

/**
 * Returns the choices that hold.
 *
 * @throws ConfigError for an unknown key of the file, or a value that an option does not take.
 */
export function readConfig(sources: ConfigSources): Config {
  const fromFile = flatten(sources.file)
  for (const key of fromFile.keys()) {
    if (!options.some((option) => option.name === key))
      throw new ConfigError(`The configuration file has an unknown key ${key}.`)
  }
  const values = new Map<string, Value>()
  for (const option of options) values.set(option.name, choose(option, sources, fromFile))
  return assemble(values)
}

function choose(option: Option, { flags, env }: ConfigSources, fromFile: ReadonlyMap<string, unknown>): Value {
  const flag = flags[option.name]
  if (flag !== undefined) return parse(option, flag, flagName(option.name))
  const variable = env[environmentName(option.name)]
  if (variable !== undefined && variable !== '') return parse(option, variable, environmentName(option.name))
  const inFile = fromFile.get(option.name)
  if (inFile !== undefined) return parse(option, inFile, `The key ${option.name}`)
  return option.default
}

function parse(option: Option, value: unknown, where: string): Value {
  switch (option.type) {
    case 'text':
      if (typeof value === 'string') return value
      throw new ConfigError(`${where} takes a text.`)
    case 'integer':
      return parseInteger(option, value, where)
    case 'flag':
      if (value === true || value === 'true' || value === '1' || value === 'on') return true
      if (value === false || value === 'false' || value === '0' || value === 'off') return false
      throw new ConfigError(`${where} takes true or false.`)
    case 'list': {
      const items = typeof value === 'string' ? value.split(',') : value
      if (!Array.isArray(items) || items.some((item) => typeof item !== 'string'))
        throw new ConfigError(`${where} takes a list of texts.`)
      return items.map((item: string) => item.trim()).filter((item) => item !== '')
    }
  }
}

function parseInteger(option: Option & { readonly type: 'integer' }, value: unknown, where: string): number | null {
  if (value === null || (value === 'none' && option.default === null)) return null
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= option.minimum && number <= option.maximum)
    return number
  throw new ConfigError(`${where} takes a whole number from ${option.minimum} to ${option.maximum}.`)
}

function flatten(file: unknown, prefix = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>()
  if (file === undefined || file === null) return flat
  if (typeof file !== 'object' || Array.isArray(file))
    throw new ConfigError('The configuration file must hold one JSON object.')
  for (const [key, value] of Object.entries(file)) {
    const name = `${prefix}${key}`
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isGroup) flat.set(name, value)
    else for (const [inner, innerValue] of flatten(value, `${name}.`)) flat.set(inner, innerValue)
  }
  return flat
}

type Values = {
  readonly text: (name: string) => string
  readonly textOrNull: (name: string) => string | null
  readonly integer: (name: string) => number
  readonly integerOrNull: (name: string) => number | null
  readonly flag: (name: string) => boolean
  readonly list: (name: string) => readonly string[]
}

function assemble(map: ReadonlyMap<string, Value>): Config {
  const values: Values = {
    text: (name) => map.get(name) as string,
    textOrNull: (name) => map.get(name) as string | null,
    integer: (name) => map.get(name) as number,
    integerOrNull: (name) => map.get(name) as number | null,
    flag: (name) => map.get(name) as boolean,
    list: (name) => map.get(name) as readonly string[],
  }
  return {
    ...assembleListener(values),
    data: values.text('data'),
    databaseUrl: values.textOrNull('databaseUrl'),
    allowLocalShell: values.flag('allowLocalShell'),
    logLevel: oneOf('logLevel', values.text('logLevel'), ['info', 'warn', 'error', 'silent'] as const),
    throttle: values.flag('throttle'),
    maxSessions: values.integer('maxSessions'),
    hashThreads: values.integerOrNull('hashThreads'),
    hashQueue: values.integer('hashQueue'),
    password: {
      minimumAlone: values.integer('password.minimumAlone'),
      minimumWithSecondFactor: values.integer('password.minimumWithSecondFactor'),
    },
    keyRotationDays: values.integer('keyRotationDays'),
    sftpgo: assembleSftpgo(values),
    pacerpro: {
      jwtKey: values.textOrNull('pacerpro.jwtKey'),
      acceptBareToken: values.flag('pacerpro.acceptBareToken'),
    },
    smtp: assembleSmtp(values),
    koyeb: { oldTokenGraceSeconds: values.integerOrNull('koyeb.oldTokenGraceSeconds') },
    giantswarm: {
      installationName: matching(
        'giantswarm.installationName',
        values.text('giantswarm.installationName'),
        /^[a-z0-9-]+$/,
      ),
    },
    pty: {
      tokenSeconds: values.integer('pty.tokenSeconds'),
      gatewayGroup: values.text('pty.gatewayGroup'),
      maxUnusedTokens: values.integer('pty.maxUnusedTokens'),
    },
    ...assembleTerminals(values),
    dialects: byDialect((name) => assembleDialect(values, name)),
  }
}

type ListenerConfig = Pick<
  Config,
  | 'listen'
  | 'publicUrl'
  | 'tls'
  | 'behindProxy'
  | 'trustedProxies'
  | 'clientIpHeader'
  | 'connectionsPerAddress'
  | 'bodiesMebibytes'
>

function assembleListener(values: Values): ListenerConfig {
  const certFile = values.textOrNull('tlsCert')
  const keyFile = values.textOrNull('tlsKey')
  if ((certFile === null) !== (keyFile === null))
    throw new ConfigError('--tls-cert and --tls-key belong together; one of them is missing.')
  const behindProxy = values.flag('behindProxy')
  const listen = parseListen('listen', values.text('listen'))
  if (certFile === null && !behindProxy) refuseBeyondLoopback('listen', listen)
  return {
    listen,
    publicUrl: parsePublicUrl('publicUrl', values.textOrNull('publicUrl')),
    tls: certFile === null || keyFile === null ? null : { certFile, keyFile },
    behindProxy,
    trustedProxies: values.list('trustedProxies'),
    clientIpHeader: values.text('clientIpHeader').toLowerCase(),
    connectionsPerAddress: values.integer('connectionsPerAddress'),
    bodiesMebibytes: values.integer('bodiesMebibytes'),
  }
}

function assembleTerminals(values: Values): Pick<Config, 'gateway' | 'terminals' | 'ssh'> {
  const address = values.textOrNull('gateway.listen')
  const listen = address === null ? null : parseListen('gateway.listen', address)
  const speaksTls = values.textOrNull('tlsCert') !== null || values.flag('behindProxy')
  if (listen !== null && !speaksTls) refuseBeyondLoopback('gateway.listen', listen)
  return {
    gateway: {
      listen,
      publicUrl: parsePublicUrl('gateway.publicUrl', values.textOrNull('gateway.publicUrl')),
      allowedOrigins: values.list('gateway.allowedOrigins'),
    },
    terminals: {
      observers: values.integer('terminals.observers'),
      idleMinutes: values.integer('terminals.idleMinutes'),
      healthCheckIdleMinutes: values.integer('terminals.healthCheckIdleMinutes'),
      headlessMinutes: values.integer('terminals.headlessMinutes'),
      retentionMonths: values.integer('terminals.retentionMonths'),
      maxSessions: values.integer('terminals.maxSessions'),
      maxPerAccount: values.integer('terminals.maxPerAccount'),
      recordingLimitMib: values.integer('terminals.recordingLimitMib'),
      ...assembleFloors(values),
    },
    ssh: {
      keyType: oneOf('ssh.keyType', values.text('ssh.keyType'), ['ed25519', 'ecdsa'] as const),
      sourceAddress: matching(
        'ssh.sourceAddress',
        values.text('ssh.sourceAddress'),
        /^(?:auto|off|[0-9a-fA-F.:]+(?:\/\d{1,3})?(?:,[0-9a-fA-F.:]+(?:\/\d{1,3})?)*)$/,
      ),
    },
  }
}

function assembleFloors(values: Values): Pick<Config['terminals'], 'openFloorMib' | 'endFloorMib'> {
  const [openFloorMib, endFloorMib] = [
    values.integer('terminals.openFloorMib'),
    values.integer('terminals.endFloorMib'),
  ]
  if (endFloorMib > openFloorMib) {
    const [end, open] = [flagName('terminals.endFloorMib'), flagName('terminals.openFloorMib')]
    throw new ConfigError(`${end} takes at most what ${open} takes, which is ${openFloorMib}.`)
  }
  return { openFloorMib, endFloorMib }
}

/** Bits of SFTPGo for the ways to sign in that there are here: the tokens and the API keys of both realms. */
const allLoginMethods = 16 | 32 | 64 | 128

/** @throws ConfigError where no way to sign in is left. */
function someLoginMethod(disabled: number): number {
  if ((disabled & allLoginMethods) !== allLoginMethods) return disabled
  throw new ConfigError('sftpgo.disabledLoginMethods leaves no way to sign in; switch the dialect off instead.')
}

/** An address binds a token unless either option says that it does not. */
function assembleSftpgo(values: Values): Config['sftpgo'] {
  const tokenValidation = values.integer('sftpgo.tokenValidation') | (values.flag('sftpgo.bindAddress') ? 0 : 1)
  return {
    bindAddress: (tokenValidation & 1) === 0,
    tokenValidation,
    disabledLoginMethods: someLoginMethod(values.integer('sftpgo.disabledLoginMethods')),
    signingPassphrase: values.textOrNull('sftpgo.signingPassphrase'),
  }
}

function assembleSmtp(values: Values): Config['smtp'] {
  const url = values.textOrNull('smtp.url')
  const from = values.textOrNull('smtp.from')
  if (url === null && from === null) return null
  if (url === null || from === null)
    throw new ConfigError('smtp.url and smtp.from belong together; one of them is missing.')
  const isSmtp = URL.canParse(url) && /^smtps?:$/.test(new URL(url).protocol)
  if (!isSmtp) throw new ConfigError('smtp.url takes smtp:// or smtps:// with a host.')
  return { url, from }
}

function assembleDialect(values: Values, name: Dialect): DialectConfig {
  return {
    enabled: values.flag(`${name}.enabled`),
    prefix: matching(`${name}.prefix`, values.text(`${name}.prefix`), /^(?:\/[A-Za-z0-9._~-]+)*$/),
    allowedOrigins: values.list(`${name}.allowedOrigins`),
    tokenSeconds: values.integerOrNull(`${name}.tokenSeconds`),
    idleSeconds: values.integerOrNull(`${name}.idleSeconds`),
    absoluteSeconds: values.integerOrNull(`${name}.absoluteSeconds`),
    keepNewest: values.integerOrNull(`${name}.keepNewest`),
  }
}

function parseListen(name: string, text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  const host = match?.[1]
  if (host === undefined || port > 65_535)
    throw new ConfigError(`${flagName(name)} takes HOST:PORT, such as 127.0.0.1:55007 or [::1]:55007.`)
  return { host: host.replace(/^\[|\]$/g, ''), port }
}

function refuseBeyondLoopback(name: string, { host }: { readonly host: string }): void {
  if (isLoopback(host)) return
  throw new ConfigError(
    `${flagName(name)} ${host} leaves loopback; give --tls-cert and --tls-key, or --behind-proxy where a proxy speaks TLS.`,
  )
}

function parsePublicUrl(name: string, text: string | null): string | null {
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  const isBase =
    url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.hash === ''
  if (!isBase) throw new ConfigError(`${flagName(name)} takes http:// or https:// with a host and no path.`)
  return url.origin
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

function oneOf<Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new ConfigError(`${flagName(name)} takes one of ${choices.join(', ')}.`)
  return found
}

function matching(name: string, value: string, pattern: RegExp): string {
  if (!pattern.test(value)) throw new ConfigError(`${flagName(name)} does not take ${JSON.stringify(value)}.`)
  return value
}
