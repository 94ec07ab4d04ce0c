/** HTTP: the memory that bodies under way hold together; no address takes what others need for theirs. */
import type { Clock } from '../core/ports.ts'

/** A body under way. */
export type BodyClaim = {
  /** Adds to what the body holds; it may be the one that is dropped for it. */
  readonly grow: (bytes: number) => void
  /** Notes that so many bytes of it came, which tells how fast it is. */
  readonly receive: (bytes: number) => void
  /** Gives all back; again: nothing. */
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

/** What an address may hold of the budget. */
const shareOfAddress = 1 / 4

/**
 * Counts what bodies hold, by the address that they come from. When an address has its share, its slowest body is dropped;
 * when the budget is spent, the slowest body of the address that holds most.
 */
export class BodyBudget {
  readonly #bytes: number
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #holders = new Map<string, Holder>()
  #held = 0

  /** @param bytes what all bodies may hold together. */
  constructor(bytes: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#bytes = bytes
    this.#clock = clock
  }

  /** Bytes that bodies hold now. */
  get held(): number {
    return this.#held
  }

  /**
   * Begins a body.
   *
   * @param from the address that it comes from, or the /64 of an IPv6 address.
   * @param drop ends it, when others need the room; it is not counted any more then.
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
    if (first === undefined) throw new Error('something is held and nobody holds it')
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

/** Compares bytes by time without a division: a body that has just begun has had none. */
function isSlower(one: Body, other: Body, nowMs: number): boolean {
  return one.received * (nowMs - other.begunMs) < other.received * (nowMs - one.begunMs)
}
