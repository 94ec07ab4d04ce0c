/** Terminals: reads what a client offers when it opens a socket. The token is a subprotocol or a bearer token. */
import type { IncomingHttpHeaders } from 'node:http'
import { resumeOfferPrefix, subprotocols } from '../protocol/terminal-frames.ts'

/** The wire format of a socket. */
export type Wire = 'pty.v1' | 'original'

/** What a client offers. `selected` is the subprotocol of the answer; null: none was offered. */
export type Offer = {
  readonly wire: Wire
  readonly selected: string | null
  readonly credential: { readonly kind: 'token' | 'resume'; readonly text: string }
}

/** Longest token or secret, in characters. */
const longestCredential = 8_192

const token68 = /^[A-Za-z0-9._~+/=-]+$/

/**
 * Reads the offer: `X-Proxy-Session-Token`, then the token or `resume.<secret>`, then optionally `pty.v1`; or a bearer
 * token, optionally with `pty.v1`. Returns null for anything else.
 *
 * @see the PTY token API's proxy for the first form; the others are our choice.
 */
export function readOffer(headers: IncomingHttpHeaders): Offer | null {
  const offered = (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const speaksOurs = offered.includes(subprotocols.v1)
  if (offered[0] === subprotocols.original) {
    const [, text] = offered
    if (text === undefined || !isCredential(text) || text === subprotocols.v1) return null
    const isResume = text.startsWith(resumeOfferPrefix)
    if (isResume && !speaksOurs) return null
    return {
      wire: speaksOurs ? 'pty.v1' : 'original',
      selected: speaksOurs ? subprotocols.v1 : subprotocols.original,
      credential: isResume ? { kind: 'resume', text: text.slice(resumeOfferPrefix.length) } : { kind: 'token', text },
    }
  }
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer === undefined || !isCredential(bearer)) return null
  if (offered.length > 0 && !speaksOurs) return null
  return {
    wire: 'pty.v1',
    selected: speaksOurs ? subprotocols.v1 : null,
    credential: { kind: 'token', text: bearer },
  }
}

function isCredential(text: string): boolean {
  return text.length <= longestCredential && token68.test(text)
}
