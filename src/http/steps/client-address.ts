/** HTTP step: finds the address of the client; a forwarding header counts only when a trusted proxy wrote it. */
import type { FastifyRequest } from 'fastify'
import { canonicalIp, inCidr } from '../../core/sessions/addresses.ts'

/** Whom to believe. */
export type ProxyTrust = { readonly trustedProxies: readonly string[]; readonly clientIpHeader: string }

/** What stands for an address that the socket could not tell. */
const unknownAddress = '0.0.0.0'

const addressOfSocket = new WeakMap<object, string>()

/**
 * Returns the canonical address of the client: the socket's peer, or the last address in the forwarding header that no
 * trusted proxy has.
 */
export function clientAddress(request: Pick<FastifyRequest, 'raw' | 'headers'>, trust: ProxyTrust): string {
  const peer = peerAddress(request)
  if (trust.trustedProxies.length === 0 || !isTrusted(peer, trust)) return peer
  const values = [request.headers[trust.clientIpHeader] ?? []].flat().join(',')
  const chain = values.split(',').map((value) => canonicalIp(value.trim()))
  for (const address of chain.reverse()) {
    if (address === null) return peer
    if (!isTrusted(address, trust)) return address
  }
  return peer
}

function peerAddress(request: Pick<FastifyRequest, 'raw'>): string {
  const { socket } = request.raw
  const known = addressOfSocket.get(socket)
  if (known !== undefined) return known
  const address = canonicalIp(socket.remoteAddress ?? '') ?? unknownAddress
  addressOfSocket.set(socket, address)
  return address
}

function isTrusted(address: string, trust: ProxyTrust): boolean {
  return trust.trustedProxies.some((proxy) => inCidr(address, proxy))
}
