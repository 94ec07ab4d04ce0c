/** Config: reads every option. A flag wins over an environment variable, and that over the configuration file. */
import { ConfigError, type HostAndPort } from './config/formats.ts'
import {
  type DialectTable,
  environmentName,
  flagName,
  type IntegerOption,
  type Option,
  type OptionTable,
  options,
  type ValueOf,
} from './config/options.ts'
import type { Dialect } from './core/dialects.ts'

/** The values of a table, or of those of its rows that the prefix selects. */
type ValuesOf<Table, Prefix extends string = ''> = {
  readonly [Key in keyof Table as KeyAfter<Key, Prefix>]: ValueOf<Table[Key]>
}

type KeyAfter<Key, Prefix extends string> = Key extends `${Prefix}${infer Rest}`
  ? Rest extends `${string}.${string}`
    ? never
    : Rest
  : never

type GroupOf<Key> = Key extends `${infer Group}.${string}` ? Group : never

/** The value of every option. The option `pty.tokenSeconds` is `config.pty.tokenSeconds`. */
export type Config = ValuesOf<OptionTable> & {
  readonly [Group in GroupOf<keyof OptionTable>]: ValuesOf<OptionTable, `${Group}.`>
} & { readonly [Name in Dialect]: ValuesOf<DialectTable> }

/** The sources of option values. */
export type ConfigSources = {
  /** By option name: the text as typed; true for a flag without a value. */
  readonly flags: Readonly<Record<string, string | readonly string[] | boolean | undefined>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** The parsed JSON of the configuration file. */
  readonly file: unknown
}

/**
 * Returns the configuration.
 *
 * @throws ConfigError for an unknown key of the file, and for a value that an option does not take.
 */
export function readConfig(sources: ConfigSources): Config {
  const fromFile = flatten(sources.file)
  for (const key of fromFile.keys()) {
    if (!options.some((option) => option.name === key))
      throw new ConfigError(`The configuration file has an unknown key ${key}.`)
  }
  const groups: Record<string, Record<string, unknown>> = {}
  const single: Record<string, unknown> = {}
  for (const option of options) {
    const [group = '', key] = option.name.split('.')
    const value = chooseValue(option, sources, fromFile)
    if (key === undefined) single[group] = value
    else groups[group] = { ...groups[group], [key]: value }
  }
  const config = { ...single, ...groups } as unknown as Config
  checkTogether(config)
  return config
}

function chooseValue(option: Option, { flags, env }: ConfigSources, fromFile: ReadonlyMap<string, unknown>): unknown {
  const flag = flags[option.name]
  if (flag !== undefined) return parse(option, flag, flagName(option.name))
  const variable = env[environmentName(option.name)]
  if (variable !== undefined && variable !== '') return parse(option, variable, environmentName(option.name))
  const inFile = fromFile.get(option.name)
  if (inFile !== undefined) return parse(option, inFile, `The key ${option.name}`)
  return option.default === null ? null : parse(option, option.default, 'The default')
}

function parse(option: Option, value: unknown, source: string): unknown {
  switch (option.type) {
    case 'text':
      if (typeof value !== 'string') throw new ConfigError(`${source} takes a text.`)
      return option.parse(value, flagName(option.name))
    case 'integer':
      return parseInteger(option, value, source)
    case 'flag':
      if (value === true || value === 'true' || value === '1' || value === 'on') return true
      if (value === false || value === 'false' || value === '0' || value === 'off') return false
      throw new ConfigError(`${source} takes true or false.`)
    case 'list': {
      const items = typeof value === 'string' ? value.split(',') : value
      if (!Array.isArray(items) || items.some((item) => typeof item !== 'string'))
        throw new ConfigError(`${source} takes a list of texts.`)
      return items.map((item: string) => item.trim()).filter((item) => item !== '')
    }
  }
}

function parseInteger(option: IntegerOption, value: unknown, source: string): number | null {
  if (option.takesNone && (value === null || value === 'none')) return null
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= option.minimum && number <= option.maximum)
    return number
  const none = option.takesNone ? ', or none' : ''
  throw new ConfigError(`${source} takes a whole number from ${option.minimum} to ${option.maximum}${none}.`)
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

/** Bits of SFTPGo for every way to sign in that we serve: tokens and API keys of administrators and users. */
const allLoginMethods = 16 | 32 | 64 | 128

/** Checks options that depend on each other. */
function checkTogether({ tlsCert, tlsKey, behindProxy, listen, gateway, smtp, terminals, sftpgo }: Config): void {
  if ((tlsCert === null) !== (tlsKey === null))
    throw new ConfigError('--tls-cert and --tls-key belong together; one of them is missing.')
  if (tlsCert === null && !behindProxy) {
    requireLoopback('listen', listen)
    if (gateway.listen !== null) requireLoopback('gateway.listen', gateway.listen)
  }
  if ((smtp.url === null) !== (smtp.from === null))
    throw new ConfigError('smtp.url and smtp.from belong together; one of them is missing.')
  const isSmtp = smtp.url === null || (URL.canParse(smtp.url) && /^smtps?:$/.test(new URL(smtp.url).protocol))
  if (!isSmtp) throw new ConfigError('smtp.url takes smtp:// or smtps:// with a host.')
  if (terminals.endFloorMib > terminals.openFloorMib) {
    const [end, open] = [flagName('terminals.endFloorMib'), flagName('terminals.openFloorMib')]
    throw new ConfigError(`${end} takes at most the value of ${open}, which is ${terminals.openFloorMib}.`)
  }
  if ((sftpgo.disabledLoginMethods & allLoginMethods) === allLoginMethods)
    throw new ConfigError('sftpgo.disabledLoginMethods leaves no way to sign in; disable the dialect instead.')
}

function requireLoopback(name: string, { host }: HostAndPort): void {
  if (host === 'localhost' || host === '::1' || /^127\./.test(host)) return
  throw new ConfigError(
    `${flagName(name)} ${host} leaves loopback; give --tls-cert and --tls-key, or --behind-proxy if a proxy terminates TLS.`,
  )
}
