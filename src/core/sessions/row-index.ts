/** Core: finds the slot of a row number, in typed columns; an ordinary map would cost as much again as the sessions themselves. */
import { emptyBuckets, grown } from '../tokens/token-table.ts'

/** 2^32 divided by the golden ratio: spreads numbers that follow one another (Knuth, The Art of Computer Programming 6.4). */
const spread = 0x9e37_79b1

/** Maps row numbers to slots and back. Open addressing with linear probing and backward-shift deletion. */
export class RowIndex {
  #rows: Float64Array
  #buckets: Int32Array

  /** @param capacity Slots that exist; slot numbers are below it. */
  constructor(capacity: number) {
    this.#rows = new Float64Array(capacity)
    this.#buckets = emptyBuckets(capacity)
  }

  /** Returns the slot of a row, or -1. */
  find(row: number): number {
    const mask = this.#buckets.length - 1
    for (let bucket = this.#home(row); ; bucket = (bucket + 1) & mask) {
      const slot = (this.#buckets[bucket] as number) - 1
      if (slot === -1 || this.#rows[slot] === row) return slot
    }
  }

  /** Returns the row in a slot; of one that is not in use, the row that was there last. */
  rowAt(slot: number): number {
    return this.#rows[slot] as number
  }

  /** Adds a row that is not in the index. */
  add(row: number, slot: number): void {
    this.#rows[slot] = row
    this.#place(slot)
  }

  /** Removes the row of a slot that is in use. */
  remove(slot: number): void {
    const mask = this.#buckets.length - 1
    let hole = this.#home(this.rowAt(slot))
    while ((this.#buckets[hole] as number) - 1 !== slot) hole = (hole + 1) & mask
    for (let next = (hole + 1) & mask; this.#buckets[next] !== 0; next = (next + 1) & mask) {
      const home = this.#home(this.rowAt((this.#buckets[next] as number) - 1))
      const isReachable = ((next - home) & mask) < ((next - hole) & mask)
      if (isReachable) continue
      this.#buckets[hole] = this.#buckets[next] as number
      hole = next
    }
    this.#buckets[hole] = 0
  }

  /** Makes room for more slots; all that exist are in use. */
  grow(capacity: number): void {
    const before = this.#rows.length
    this.#rows = grown(this.#rows, capacity)
    const buckets = emptyBuckets(capacity)
    if (buckets.length === this.#buckets.length) return
    this.#buckets = buckets
    for (let slot = 0; slot < before; slot += 1) this.#place(slot)
  }

  #place(slot: number): void {
    const mask = this.#buckets.length - 1
    let bucket = this.#home(this.rowAt(slot))
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask
    this.#buckets[bucket] = slot + 1
  }

  /** The high bits of the product are the well-mixed ones. */
  #home(row: number): number {
    return (Math.imul(row, spread) >>> 4) & (this.#buckets.length - 1)
  }
}
