/** Cli: reads the configuration from flags, environment and file. Every flag comes from the table of options. */
import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { ConfigError } from '../config/formats.ts'
import { type Option as ConfigOption, dialectOf, environmentName, flagName, options } from '../config/options.ts'
import { type Config, readConfig } from '../config.ts'
import { CommandFailure, systemCode, UsageError } from './failure.ts'
import { visible } from './output.ts'
import { collect } from './values.ts'

/** Flags as Commander parsed them. */
export type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>

/** Options that verbs on the store have as flags; `serve` has all options. */
const storeOptions: readonly string[] = ['data', 'databaseUrl']

const configVariable = 'SALLYPORT_CONFIG'

/** Adds the options of a verb on the store. */
export function addStoreOptions(command: Command): Command {
  return addOptions(
    command,
    options.filter(({ name }) => storeOptions.includes(name)),
  )
}

/** Adds every option; those of a dialect have their own heading. */
export function addAllOptions(command: Command): Command {
  const secrets = options.filter(({ isSecret }) => isSecret === true)
  const lines = secrets.map(({ name, sentence }) => `  ${environmentName(name)}  ${sentence}`)
  return addOptions(command, options).addHelpText(
    'after',
    `\nOnly by environment or configuration file:\n${lines.join('\n')}`,
  )
}

/**
 * Returns the configuration.
 *
 * @throws UsageError for a bad option, and for a secret as a flag, which every user of the machine could read.
 * @throws CommandFailure when the configuration file cannot be read.
 */
export async function loadConfig(flags: Flags, env: NodeJS.ProcessEnv): Promise<Config> {
  refuseSecretFlags(flags)
  const path = typeof flags.config === 'string' ? flags.config : env[configVariable]
  const file = path === undefined || path === '' ? undefined : await readConfigFile(path)
  const config = readOptions({ flags: byOptionName(flags), env, file })
  if (config.databaseUrl !== null) throw new UsageError('--database-url: the PostgreSQL store is not built yet.')
  return config
}

/** Returns the help of an option: its sentence, variable and default. */
function describe(option: ConfigOption): string {
  return `${option.sentence} (${environmentName(option.name)}${defaultText(option)})`
}

function defaultText({ default: value }: ConfigOption): string {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return ''
  return `, default ${value === true ? 'true' : value === false ? 'false' : String(value)}`
}

function addOptions(command: Command, rows: readonly ConfigOption[]): Command {
  command.option('--config <file>', `Configuration file, JSON. (${configVariable})`)
  for (const row of rows) {
    const option = new Option(`${flagName(row.name)} ${placeholder(row)}`, describe(row))
    if (row.type === 'list') option.argParser(collect)
    if (row.isSecret === true) option.hideHelp()
    const dialect = dialectOf(row)
    if (dialect !== undefined) option.helpGroup(`Options of ${dialect}:`)
    command.addOption(option)
  }
  return command
}

function placeholder({ type }: ConfigOption): string {
  return { text: '<text>', integer: '<number>', flag: '[true|false]', list: '<list>' }[type]
}

function attributeName(name: string): string {
  return new Option(flagName(name)).attributeName()
}

function byOptionName(flags: Flags): Flags {
  return Object.fromEntries(
    options.map(({ name }) => {
      const value = flags[attributeName(name)]
      return [name, Array.isArray(value) ? value.join(',') : value]
    }),
  )
}

function refuseSecretFlags(flags: Flags): void {
  for (const { name, isSecret } of options) {
    const value = flags[attributeName(name)]
    const holdsSecret = value !== undefined && (isSecret === true || (name === 'databaseUrl' && hasPassword(value)))
    if (holdsSecret) {
      throw new UsageError(
        `${flagName(name)} would show a secret to every user of this machine; use ${environmentName(name)} or the configuration file.`,
      )
    }
  }
}

function hasPassword(value: string | readonly string[] | boolean): boolean {
  const text = String(value)
  if (!URL.canParse(text)) return /:[^/@]*@|password/i.test(text)
  const url = new URL(text)
  return url.password !== '' || [...url.searchParams.keys()].some((key) => /password/i.test(key))
}

async function readConfigFile(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const sentence = `The configuration file ${visible(path)} cannot be read (${systemCode(error)}).`
    throw new CommandFailure(sentence, { cause: error })
  }
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    // The message of the parser quotes the file, which may hold a secret.
    throw new UsageError(`The configuration file ${visible(path)} is not JSON.`, { cause: error })
  }
}

function readOptions(sources: Parameters<typeof readConfig>[0]): Config {
  try {
    return readConfig(sources)
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(visible(error.message), { cause: error })
    throw error
  }
}
