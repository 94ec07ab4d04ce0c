/** HTTP: how much one address may have of what the listener holds: sockets, or what is under way for a client. */
import type { Server } from 'node:net'
import { Refusal } from '../core/errors.ts'
import { addressKey, canonicalIp } from '../core/sessions/addresses.ts'
import type { Ports } from '../core/wiring.ts'

/** What who is refused is told to wait, in seconds. */
const retryAfterSeconds = 2

/** Counts by address; an IPv6 /64 is one. */
export class AddressCap {
  readonly #most: number
  readonly #counts = new Map<string, number>()

  /** @param most what one address may have. */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Takes one for an address.
   *
   * @returns the function that gives it back, to be called once; null: the address has what it may have.
   */
  take(ip: string): (() => void) | null {
    const key = addressKey(ip)
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#most) return null
    this.#counts.set(key, count + 1)
    return () => this.#release(key)
  }

  /** How many addresses have something. */
  get addresses(): number {
    return this.#counts.size
  }

  #release(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count > 1) this.#counts.set(key, count - 1)
    else this.#counts.delete(key)
  }
}

/** Returns the refusal of what an address may not have any more. */
export function tooManyRequests(): Refusal {
  return new Refusal('HASH_QUEUE_FULL', {
    message: 'Too many requests at once; try again shortly.',
    detail: 'the address has too many connections',
    retryAfterSeconds,
  })
}

/** Counts a socket that was ended, and says so once in a while. */
export function logRefusedSocket({ log, refusals }: Pick<Ports, 'log' | 'refusals'>, ip: string): void {
  const { code, detail, message } = tooManyRequests()
  if (refusals.count(code, ip)) log.error({ code, detail, ip }, message)
}

/** Ends sockets beyond what their peer may have, before a byte of them is read. */
export function limitSockets(server: Server, cap: AddressCap, onRefused: (ip: string) => void): void {
  server.on('connection', (socket) => {
    const ip = canonicalIp(socket.remoteAddress ?? '') ?? ''
    const release = cap.take(ip)
    if (release !== null) return void socket.once('close', release)
    onRefused(ip)
    socket.destroy()
  })
}
