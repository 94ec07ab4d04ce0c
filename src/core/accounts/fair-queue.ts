/** Core: a fair queue of work for clients; no address can take the turns of another. */

/** The client that work is done for. */
export type Place = {
  /** The unit of fairness: an address, for IPv6 its /64; empty: the server itself. */
  readonly from: string
  /** Whether the account has signed in from this address before, or the work is the server's own. */
  readonly isKnown: boolean
}

/** The place of the server's own work. */
export const ownPlace: Place = { from: '', isKnown: true }

/** Addresses in turn, each with its work in order. */
class Lane<Work> {
  readonly #byAddress = new Map<string, Work[]>()
  size = 0

  add(from: string, work: Work): void {
    const waiting = this.#byAddress.get(from)
    if (waiting === undefined) this.#byAddress.set(from, [work])
    else waiting.push(work)
    this.size += 1
  }

  /** Takes the oldest work of the next address, which then becomes the last. */
  take(): Work | undefined {
    for (const [from, waiting] of this.#byAddress) {
      const work = waiting.shift()
      this.#byAddress.delete(from)
      if (waiting.length > 0) this.#byAddress.set(from, waiting)
      this.size -= 1
      return work
    }
    return undefined
  }

  /** Takes the newest work of the address that has the most, if that is more than `from` would then have. */
  giveWay(from: string): Work | undefined {
    let longest: Work[] = []
    for (const waiting of this.#byAddress.values()) if (waiting.length > longest.length) longest = waiting
    const own = this.#byAddress.get(from)?.length ?? 0
    if (longest.length <= own + 1) return undefined
    this.size -= 1
    return longest.pop()
  }
}

/**
 * A bounded queue of two lanes, for known addresses and for others. The lanes take turns, and so do the addresses in
 * each. A part of the room is reserved for known addresses.
 */
export class FairQueue<Work> {
  readonly #room: number
  readonly #roomOfOthers: number
  readonly #known = new Lane<Work>()
  readonly #others = new Lane<Work>()
  #isTurnOfOthers = false

  /** @param room Most entries; a quarter is reserved for known addresses. */
  constructor(room: number) {
    this.#room = room
    this.#roomOfOthers = room - Math.floor(room / 4)
  }

  get size(): number {
    return this.#known.size + this.#others.size
  }

  /**
   * Puts work into the queue.
   *
   * @returns The work that is dropped: the newest of the address that has the most, or `work` itself; undefined: none.
   */
  add(place: Place, work: Work): Work | undefined {
    const lane = place.isKnown ? this.#known : this.#others
    const isFull = this.size >= this.#room || (!place.isKnown && lane.size >= this.#roomOfOthers)
    const gone = isFull ? (lane.giveWay(place.from) ?? work) : undefined
    if (gone !== work) lane.add(place.from, work)
    return gone
  }

  take(): Work | undefined {
    const [first, second] = this.#isTurnOfOthers ? [this.#others, this.#known] : [this.#known, this.#others]
    this.#isTurnOfOthers = !this.#isTurnOfOthers
    return first.size > 0 ? first.take() : second.take()
  }
}
