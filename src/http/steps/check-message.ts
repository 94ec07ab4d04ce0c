/** HTTP step: checks that RFC 9112 demands and Node.js leaves out, so that two servers never read one message differently. */
import type { IncomingMessage } from 'node:http'

type Message = Pick<IncomingMessage, 'httpVersion' | 'rawHeaders' | 'url' | 'headers'>

/**
 * Returns whether a request is ambiguous: its version is neither HTTP/1.1 nor 1.0, it has two Host lines, or it is
 * HTTP/1.1 without one.
 *
 * @see RFC 9112 sections 2.3 and 3.2
 */
export function isAmbiguous({ httpVersion, rawHeaders }: Message): boolean {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return true
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1 || (hosts === 0 && httpVersion === '1.1')
}

/**
 * Replaces a request target in absolute form by its path. Its authority replaces the Host line.
 *
 * @see RFC 9112 section 3.2.2
 */
export function useOriginForm(message: Message): void {
  const { url = '/' } = message
  if (url.startsWith('/')) return
  const found = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url)
  if (found === null) return
  const [, authority = '', rest = ''] = found
  message.headers.host = authority
  message.url = rest.startsWith('/') ? rest : `/${rest}`
}
