/** HTTP step: finds the address of the client. A forwarding header counts only if it comes from a trusted proxy. */
import type { FastifyRequest } from 'fastify'
import { canonicalIp, inCidr } from '../../core/addresses.ts'
import { Refusal } from '../../core/errors.ts'
import { readHops } from './forwarded.ts'

/** The proxies to trust, and the header that they write. */
export type ProxyTrust = { readonly trustedProxies: readonly string[]; readonly clientIpHeader: string }

/** Replaces the address of a socket that has none any more. */
const unknownAddress = '0.0.0.0'

/** The other end of a socket; `isTrusted` is null until it is needed. */
type Peer = { readonly address: string; isTrusted: boolean | null }

const peers = new WeakMap<object, Peer>()

/**
 * Returns the canonical address of the client: the socket's peer, or the last address in the forwarding header that is not
 * a trusted proxy's. If all are trusted proxies, the first one is the client.
 *
 * @throws CLIENT_ADDRESS_UNREADABLE if a trusted proxy sends an address that cannot be read.
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

/** Returns the client's address if a trusted proxy forwarded it, and null otherwise. */
export function forwardedAddress(
  request: Pick<FastifyRequest, 'raw' | 'headers' | 'clientIp'>,
  { clientIpHeader }: Pick<ProxyTrust, 'clientIpHeader'>,
): string | null {
  return peerOf(request).isTrusted === true && request.headers[clientIpHeader] !== undefined ? request.clientIp : null
}

/** Returns the canonical address of the other end of the socket, which may be a proxy. */
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
