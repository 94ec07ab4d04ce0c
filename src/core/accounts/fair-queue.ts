/** Core: the queue of work that is done for clients; no address takes the turns of another, whatever it asks for. */

/** For whom work is done. */
export type Place = {
  /** What turns are given to: an address, or of IPv6 its /64; empty: the server itself. */
  readonly from: string
  /** Whether the account that is meant has signed in from there, or the work is the server's own. */
  readonly isKnown: boolean
}

/** The place of work that no stranger asked for. */
export const ownPlace: Place = { from: '', isKnown: true }

/** One address after the other, each with its work in the order in which it came. */
class Lane<Work> {
  readonly #byAddress = new Map<string, Work[]>()
  size = 0

  add(from: string, work: Work): void {
    const waiting = this.#byAddress.get(from)
    if (waiting === undefined) this.#byAddress.set(from, [work])
    else waiting.push(work)
    this.size += 1
  }

  /** Takes the oldest work of the address whose turn it is, which then is the last one. */
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
 * A bounded queue of two lanes, known addresses and others, that are served in turn; in each the addresses are served in
 * turn. A part of its room is kept for known addresses.
 */
export class FairQueue<Work> {
  readonly #room: number
  readonly #roomOfOthers: number
  readonly #known = new Lane<Work>()
  readonly #others = new Lane<Work>()
  #isTurnOfOthers = false

  /** @param room how much may wait; a quarter of it is kept for known addresses. */
  constructor(room: number) {
    this.#room = room
    this.#roomOfOthers = room - Math.floor(room / 4)
  }

  /** How much waits. */
  get size(): number {
    return this.#known.size + this.#others.size
  }

  /**
   * Puts work into the queue.
   *
   * @returns what goes for it, `work` itself where it finds no room; undefined: nothing does. The newest work of the address
   * that has the most goes first.
   */
  add(place: Place, work: Work): Work | undefined {
    const lane = place.isKnown ? this.#known : this.#others
    const isFull = this.size >= this.#room || (!place.isKnown && lane.size >= this.#roomOfOthers)
    const gone = isFull ? (lane.giveWay(place.from) ?? work) : undefined
    if (gone !== work) lane.add(place.from, work)
    return gone
  }

  /** Takes what is to be done next. */
  take(): Work | undefined {
    const [first, second] = this.#isTurnOfOthers ? [this.#others, this.#known] : [this.#known, this.#others]
    this.#isTurnOfOthers = !this.#isTurnOfOthers
    return first.size > 0 ? first.take() : second.take()
  }
}
