/** Config: how the text of an option becomes its value. A bad text is an error that names the option. */

/** A bad option. The message is one sentence that names the flag, the variable or the key. */
export class ConfigError extends Error {}

/** An address to listen on. */
export type HostAndPort = { readonly host: string; readonly port: number }

/** The value of a text by its format. */
export type TextFormats = {
  readonly text: string
  readonly 'host:port': HostAndPort
  /** Scheme, host and port of an HTTP server. */
  readonly 'base URL': string
  readonly 'header name': string
  /** Empty, or `/` and no trailing slash. */
  readonly 'path prefix': string
  readonly 'log level': 'info' | 'warn' | 'error' | 'silent'
  readonly 'installation name': string
  readonly 'key type': 'ed25519' | 'ecdsa'
  /** `auto`, `off`, or addresses and CIDRs with commas between them. */
  readonly 'source address': string
}

/**
 * Returns the value of a text.
 *
 * @param flag the option, for the error.
 * @throws ConfigError when the option does not take the text.
 */
export type Parse<Value> = (text: string, flag: string) => Value

/** The parser of each format. */
export const parsers: { readonly [Format in keyof TextFormats]: Parse<TextFormats[Format]> } = {
  text: (text) => text,
  'host:port': parseHostAndPort,
  'base URL': parseBaseUrl,
  'header name': (text) => text.toLowerCase(),
  'path prefix': matching(/^(?:\/[A-Za-z0-9._~-]+)*$/),
  'log level': oneOf('info', 'warn', 'error', 'silent'),
  'installation name': matching(/^[a-z0-9-]+$/),
  'key type': oneOf('ed25519', 'ecdsa'),
  'source address': matching(/^(?:auto|off|[0-9a-fA-F.:]+(?:\/\d{1,3})?(?:,[0-9a-fA-F.:]+(?:\/\d{1,3})?)*)$/),
}

function parseHostAndPort(text: string, flag: string): HostAndPort {
  const [, host, digits] = /^(\[[0-9a-fA-F:.]+\]|[^:]+):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (host === undefined || port > 65_535)
    throw new ConfigError(`${flag} takes HOST:PORT, such as 127.0.0.1:55007 or [::1]:55007.`)
  return { host: host.replace(/^\[|\]$/g, ''), port }
}

function parseBaseUrl(text: string, flag: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isBase =
    url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.hash === ''
  if (!isBase) throw new ConfigError(`${flag} takes http:// or https:// with a host and no path.`)
  return url.origin
}

function oneOf<Choice extends string>(...choices: readonly Choice[]): Parse<Choice> {
  return (text, flag) => {
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw new ConfigError(`${flag} takes one of ${choices.join(', ')}.`)
    return found
  }
}

function matching(pattern: RegExp): Parse<string> {
  return (text, flag) => {
    if (!pattern.test(text)) throw new ConfigError(`${flag} does not take ${JSON.stringify(text)}.`)
    return text
  }
}
