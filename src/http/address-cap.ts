/** HTTP: the limit on the sockets, or on the open requests, of one address. */
import type { Server } from 'node:net'
import { addressKey, canonicalIp } from '../core/addresses.ts'
import type { Refusal } from '../core/errors.ts'
import type { Ports } from '../core/wiring.ts'
import { tooManyRequests } from './refusals.ts'

/** Counts by address. An IPv6 /64 counts as one address. */
export class AddressCap {
  readonly #limit: number
  readonly #counts = new Map<string, number>()

  /** @param limit maximum count of one address. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Counts one more for an address.
   *
   * @returns the function that takes it off again, to be called once; null if the address is at its limit.
   */
  take(ip: string): (() => void) | null {
    const key = addressKey(ip)
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#limit) return null
    this.#counts.set(key, count + 1)
    return () => this.#release(key)
  }

  /** Number of addresses with a count. */
  get addresses(): number {
    return this.#counts.size
  }

  #release(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count > 1) this.#counts.set(key, count - 1)
    else this.#counts.delete(key)
  }
}

/** Returns the refusal for an address that is at its limit. */
export function tooManyConnections(): Refusal {
  return tooManyRequests('the address has too many connections')
}

/** Counts a socket that was closed for the limit, and logs some of them. */
export function logRefusedSocket({ log, refusals }: Pick<Ports, 'log' | 'refusals'>, ip: string): void {
  const { code, detail, message } = tooManyConnections()
  if (refusals.count(code, ip)) log.error({ code, detail, ip }, message)
}

/** Closes each socket over the limit of its peer, before a byte of it is read. */
export function limitSockets(server: Server, cap: AddressCap, onRefused: (ip: string) => void): void {
  server.on('connection', (socket) => {
    const ip = canonicalIp(socket.remoteAddress ?? '') ?? ''
    const release = cap.take(ip)
    if (release !== null) return void socket.once('close', release)
    onRefused(ip)
    socket.destroy()
  })
}
