/** Cli: the address of the server. Secrets go over plain HTTP only to this machine. */
import { CommandFailure, UsageError } from './failure.ts'

/** Variable that names the server. */
export const serverVariable = 'SALLYPORT_SERVER'

/** The default address of `serve`. */
export const defaultServer = 'http://127.0.0.1:55007'

/**
 * Returns the server of the flag or the variable, as scheme, host and path prefix; null: neither is given.
 *
 * @throws UsageError for a bad address, and for plain HTTP to another machine. The error does not repeat the text.
 */
export function namedServer(flag: string | undefined, env: NodeJS.ProcessEnv): string | null {
  if (flag !== undefined) return readServer('--server', flag)
  const text = env[serverVariable]
  return text === undefined || text === '' ? null : readServer(serverVariable, text)
}

/** Checks the address of a gateway that a server named. @throws CommandFailure for a plain connection to another machine. */
export function requireSafeGateway(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !isSafe(url)) {
    throw new CommandFailure(
      'The server names a gateway that is neither https nor on this machine; nothing was sent to it.',
    )
  }
}

function readServer(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isPlainAddress =
    url !== null &&
    url.host !== '' &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  if (!isPlainAddress || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${name} takes https:// with a host and an optional path.`)
  }
  if (!isSafe(url)) throw new UsageError(`${name} takes http:// only for this machine; other servers need https://.`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function isSafe({ protocol, hostname }: URL): boolean {
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback)
}
