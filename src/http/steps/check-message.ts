/** HTTP step: what Node.js parses and RFC 9112 does not let a server guess at; two readers of one message must not differ. */
import type { IncomingMessage } from 'node:http'

type Message = Pick<IncomingMessage, 'httpVersion' | 'rawHeaders' | 'url' | 'headers'>

/**
 * Tells whether a request may be read in two ways: it speaks neither HTTP/1.1 nor 1.0, or has not the one Host line that
 * 1.1 asks for.
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
 * Turns a request target in absolute form into its path; its authority then stands for the Host line.
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
