/** Cli: which server is meant; nothing secret is ever sent to one in the clear, but for one on this machine. */
import { CommandFailure, UsageError } from './failure.ts'

/** Variable that names the server. */
export const serverVariable = 'SALLYPORT_SERVER'

/** Where `serve` listens unless told otherwise. */
export const defaultServer = 'http://127.0.0.1:55007'

/**
 * Returns the server that the flag or the variable names, as scheme, host and path prefix; null: neither does.
 *
 * @throws UsageError when the text is no such address, or would be spoken to in the clear. The text is not repeated.
 */
export function namedServer(flag: string | undefined, env: NodeJS.ProcessEnv): string | null {
  if (flag !== undefined) return readServer('--server', flag)
  const text = env[serverVariable]
  return text === undefined || text === '' ? null : readServer(serverVariable, text)
}

/** Accepts the address of a gateway that a server named. @throws CommandFailure when it would be spoken to in the clear. */
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
    throw new UsageError(`${name} takes https:// with a host and, where there is one, a path.`)
  }
  if (!isSafe(url)) throw new UsageError(`${name} takes http:// for this machine alone; others need https://.`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function isSafe({ protocol, hostname }: URL): boolean {
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback)
}
