/** Core: the buckets of a hash table from keys to slots: open addressing with linear probing and backward-shift deletion. */

/** Least buckets per slot. The next power of two is taken, so that a full table is at most four fifths full. */
const bucketsPerSlot = 1.25

/** Returns the hash of the key in a slot. */
type HashOf = (slot: number) => number

/**
 * Buckets that hold slots. The caller keeps the keys, and compares them in its own loop:
 *
 * `for (let at = buckets.first(hash); ; at = buckets.next(at)) { const slot = buckets.slotAt(at) ... }`, where -1 ends it.
 */
export class SlotBuckets {
  readonly #hashOf: HashOf
  /** Slot + 1; 0: the bucket is empty. */
  #buckets: Int32Array
  #mask: number

  constructor(capacity: number, hashOf: HashOf) {
    this.#hashOf = hashOf
    this.#buckets = emptyBuckets(capacity)
    this.#mask = this.#buckets.length - 1
  }

  first(hash: number): number {
    return hash & this.#mask
  }

  next(bucket: number): number {
    return (bucket + 1) & this.#mask
  }

  /** Returns the slot in a bucket, or -1. */
  slotAt(bucket: number): number {
    return (this.#buckets[bucket] as number) - 1
  }

  /** Adds a slot whose key is not in the table. */
  add(slot: number): void {
    let bucket = this.first(this.#hashOf(slot))
    while (this.#buckets[bucket] !== 0) bucket = this.next(bucket)
    this.#buckets[bucket] = slot + 1
  }

  /** Removes a slot that is in the table; its key must still be there. */
  remove(slot: number): void {
    let hole = this.first(this.#hashOf(slot))
    while (this.slotAt(hole) !== slot) hole = this.next(hole)
    for (let bucket = this.next(hole); this.#buckets[bucket] !== 0; bucket = this.next(bucket)) {
      const home = this.first(this.#hashOf(this.slotAt(bucket)))
      const isReachable = ((bucket - home) & this.#mask) < ((bucket - hole) & this.#mask)
      if (isReachable) continue
      this.#buckets[hole] = this.#buckets[bucket] as number
      hole = bucket
    }
    this.#buckets[hole] = 0
  }

  /** Makes room for `capacity` slots; `used`: all slots below it are in the table. */
  grow(capacity: number, used: number): void {
    const buckets = emptyBuckets(capacity)
    if (buckets.length === this.#buckets.length) return
    this.#buckets = buckets
    this.#mask = buckets.length - 1
    for (let slot = 0; slot < used; slot += 1) this.add(slot)
  }
}

/** Returns a copy of a typed column with room for `length` values; the new ones are 0. */
export function grown<Column extends Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array>(
  column: Column,
  length: number,
): Column {
  const larger = new (column.constructor as new (length: number) => Column)(length)
  larger.set(column)
  return larger
}

function emptyBuckets(capacity: number): Int32Array {
  let length = 16
  while (length < capacity * bucketsPerSlot) length *= 2
  return new Int32Array(length)
}
