/** HTTP step: finds the address of the client; a forwarding header counts only when a trusted proxy wrote it. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../core/errors.ts'
import { canonicalIp, inCidr } from '../../core/sessions/addresses.ts'
import { readHops } from './forwarded.ts'

/** Whom to believe. */
export type ProxyTrust = { readonly trustedProxies: readonly string[]; readonly clientIpHeader: string }

/** What stands for an address that the socket could not tell. */
const unknownAddress = '0.0.0.0'

/** Where a socket comes from; `isTrusted` is null until it is asked for. */
type Peer = { readonly address: string; isTrusted: boolean | null }

const peers = new WeakMap<object, Peer>()

/**
 * Returns the canonical address of the client: the socket's peer, or the last address in the forwarding header that no
 * trusted proxy has. Where all are trusted ones the first is the client, which stands among the proxies.
 *
 * @throws CLIENT_ADDRESS_UNREADABLE when a trusted proxy names the client in a way that cannot be read.
 */
export function clientAddress(request: Pick<FastifyRequest, 'raw' | 'headers'>, trust: ProxyTrust): string {
  const peer = peerOf(request)
  if (trust.trustedProxies.length === 0) return peer.address
  peer.isTrusted ??= isTrusted(peer.address, trust)
  const header = request.headers[trust.clientIpHeader]
  if (!peer.isTrusted || header === undefined) return peer.address
  let client = peer.address
  for (const hop of readHops(trust.clientIpHeader, [header].flat().join(',')).toReversed()) {
    if (hop === null) throw new Refusal('CLIENT_ADDRESS_UNREADABLE')
    client = hop
    if (!isTrusted(hop, trust)) break
  }
  return client
}

/** Returns the address of the client that a trusted proxy forwarded; null: none did, and the address is the caller's own. */
export function forwardedAddress(
  request: Pick<FastifyRequest, 'raw' | 'headers' | 'clientIp'>,
  { clientIpHeader }: Pick<ProxyTrust, 'clientIpHeader'>,
): string | null {
  return peerOf(request).isTrusted === true && request.headers[clientIpHeader] !== undefined ? request.clientIp : null
}

/** Returns the canonical address of the other end of the socket, a proxy's or a client's. */
export function peerAddress(request: Pick<FastifyRequest, 'raw'>): string {
  return peerOf(request).address
}

function peerOf({ raw: { socket } }: Pick<FastifyRequest, 'raw'>): Peer {
  const known = peers.get(socket)
  if (known !== undefined) return known
  const peer = { address: canonicalIp(socket.remoteAddress ?? '') ?? unknownAddress, isTrusted: null }
  peers.set(socket, peer)
  return peer
}

function isTrusted(address: string, trust: ProxyTrust): boolean {
  return trust.trustedProxies.some((proxy) => inCidr(address, proxy))
}
