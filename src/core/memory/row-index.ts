/** Core: finds the slot of a row number, in typed columns; an ordinary map would cost as much again as the sessions themselves. */
import { grown, SlotBuckets } from './slot-buckets.ts'

/** 2^32 divided by the golden ratio: spreads consecutive numbers (Knuth, The Art of Computer Programming 6.4). */
const spread = 0x9e37_79b1

/** Maps row numbers to slots and back. */
export class RowIndex {
  #rows: Float64Array
  readonly #buckets: SlotBuckets

  /** @param capacity Number of slots; slot numbers are below it. */
  constructor(capacity: number) {
    this.#rows = new Float64Array(capacity)
    this.#buckets = new SlotBuckets(capacity, (slot) => hashOf(this.#rows[slot] as number))
  }

  /** Returns the slot of a row, or -1. */
  find(row: number): number {
    const buckets = this.#buckets
    for (let bucket = buckets.first(hashOf(row)); ; bucket = buckets.next(bucket)) {
      const slot = buckets.slotAt(bucket)
      if (slot === -1 || this.#rows[slot] === row) return slot
    }
  }

  /** Returns the row in a slot; in an unused one, its last row. */
  rowAt(slot: number): number {
    return this.#rows[slot] as number
  }

  /** Adds a row that is not in the index. */
  add(row: number, slot: number): void {
    this.#rows[slot] = row
    this.#buckets.add(slot)
  }

  /** Removes the row of a used slot. */
  remove(slot: number): void {
    this.#buckets.remove(slot)
  }

  /** Makes room for more slots; all existing ones must be used. */
  grow(capacity: number): void {
    const before = this.#rows.length
    this.#rows = grown(this.#rows, capacity)
    this.#buckets.grow(capacity, before)
  }
}

/** The high bits of the product are the well-mixed ones. */
function hashOf(row: number): number {
  return Math.imul(row, spread) >>> 4
}
