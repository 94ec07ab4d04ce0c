/** HTTP: the limit on the memory of all bodies that are being read. No address can use up the share of others. */
import type { Clock } from '../core/ports.ts'

/** The budget's view of one body that is being read. */
export type BodyClaim = {
  /** Adds to the memory of the body. This may drop the body itself. */
  readonly grow: (bytes: number) => void
  /** Counts received bytes, from which the budget knows how fast the body is. */
  readonly receive: (bytes: number) => void
  /** Releases all memory of the body; a second call does nothing. */
  readonly close: () => void
}

type Body = {
  readonly from: string
  readonly begunMs: number
  readonly drop: () => void
  held: number
  received: number
}

type Holder = { held: number; readonly bodies: Set<Body> }

/** The share of the budget that one address may hold. */
const shareOfAddress = 1 / 4

/**
 * Counts the memory of bodies by the address that they come from. If an address exceeds its share, its slowest body is
 * dropped. If the budget is exceeded, the slowest body of the address with the most memory is dropped.
 */
export class BodyBudget {
  readonly #bytes: number
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #holders = new Map<string, Holder>()
  #held = 0

  /** @param bytes maximum memory of all bodies together. */
  constructor(bytes: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#bytes = bytes
    this.#clock = clock
  }

  /** Current memory of all bodies, in bytes. */
  get held(): number {
    return this.#held
  }

  /**
   * Registers a body.
   *
   * @param from the address that it comes from, or the /64 of an IPv6 address.
   * @param drop ends the body when others need the memory. The budget has released it by then.
   */
  open(from: string, drop: () => void): BodyClaim {
    const body: Body = { from, begunMs: this.#clock.monotonicMs(), drop, held: 0, received: 0 }
    const holder = this.#holders.get(from) ?? { held: 0, bodies: new Set() }
    this.#holders.set(from, holder)
    holder.bodies.add(body)
    return {
      grow: (bytes) => this.#grow(body, holder, bytes),
      receive: (bytes) => {
        body.received += bytes
      },
      close: () => this.#close(body, holder),
    }
  }

  #grow(body: Body, holder: Holder, bytes: number): void {
    if (!holder.bodies.has(body)) return
    body.held += bytes
    holder.held += bytes
    this.#held += bytes
    while (holder.held > this.#bytes * shareOfAddress) this.#dropSlowest(holder)
    while (this.#held > this.#bytes) this.#dropSlowest(this.#largest())
  }

  #close(body: Body, holder: Holder): void {
    if (!holder.bodies.delete(body)) return
    holder.held -= body.held
    this.#held -= body.held
    if (holder.bodies.size === 0) this.#holders.delete(body.from)
  }

  #dropSlowest(holder: Holder): void {
    const nowMs = this.#clock.monotonicMs()
    const [first, ...others] = holder.bodies
    if (first === undefined) throw new Error('the budget holds memory of no body')
    const slowest = others.reduce((one, other) => (isSlower(other, one, nowMs) ? other : one), first)
    this.#close(slowest, holder)
    slowest.drop()
  }

  #largest(): Holder {
    let largest: Holder = { held: 0, bodies: new Set() }
    for (const holder of this.#holders.values()) if (holder.held > largest.held) largest = holder
    return largest
  }
}

/** Compares bytes per time without a division, because the time of a new body is zero. */
function isSlower(one: Body, other: Body, nowMs: number): boolean {
  return one.received * (nowMs - other.begunMs) < other.received * (nowMs - one.begunMs)
}
