/** Core: a hash table from token digests to slots, in typed columns; 100,000 tokens cost megabytes, not tens of them. */

/** Length of a SHA-256 digest. */
const digestBytes = 32

/** Buckets for each slot, at least; the next power of two is taken, so that a full table is at most four fifths full. */
const bucketsPerSlot = 1.25

/** Slots added when the table is full, as a share of what it holds: small steps keep the unused part small. */
const growth = 1.25

/**
 * Maps 32-byte digests to slot numbers. Columns that belong to a slot are kept by the caller, who is told to grow them.
 *
 * Open addressing with linear probing and backward-shift deletion, so no tombstones build up. The first four bytes of a
 * digest are its hash: digests are uniform, and nobody who could choose them could invert SHA-256.
 */
export class TokenTable {
  #digests: Uint8Array
  #buckets: Int32Array
  /** Slots that were given back; beyond `#used` no slot was ever used, and its memory was never touched. */
  readonly #free: number[] = []
  #used = 0
  #capacity: number
  #size = 0

  constructor(initialCapacity = 1024) {
    this.#capacity = initialCapacity
    this.#digests = new Uint8Array(initialCapacity * digestBytes)
    this.#buckets = emptyBuckets(initialCapacity)
  }

  get size(): number {
    return this.#size
  }

  /** Slots that exist; slot numbers are below it. */
  get capacity(): number {
    return this.#capacity
  }

  /** Returns the slot of a digest, or -1. */
  find(digest: Uint8Array): number {
    const mask = this.#buckets.length - 1
    for (let bucket = hashOf(digest, 0) & mask; ; bucket = (bucket + 1) & mask) {
      const slot = (this.#buckets[bucket] as number) - 1
      if (slot === -1) return -1
      if (this.#holds(slot, digest)) return slot
    }
  }

  /** Adds a digest that is not in the table and returns its slot; the capacity may have grown. */
  add(digest: Uint8Array): number {
    if (this.#size === this.#capacity) this.#grow()
    const slot = this.#free.pop() ?? this.#used++
    this.#digests.set(digest, slot * digestBytes)
    this.#place(slot)
    this.#size += 1
    return slot
  }

  /** Removes the digest of a slot that is in use. */
  remove(slot: number): void {
    const mask = this.#buckets.length - 1
    let hole = hashOf(this.#digests, slot * digestBytes) & mask
    while ((this.#buckets[hole] as number) - 1 !== slot) hole = (hole + 1) & mask
    for (let next = (hole + 1) & mask; this.#buckets[next] !== 0; next = (next + 1) & mask) {
      const home = hashOf(this.#digests, ((this.#buckets[next] as number) - 1) * digestBytes) & mask
      const isReachable = ((next - home) & mask) < ((next - hole) & mask)
      if (isReachable) continue
      this.#buckets[hole] = this.#buckets[next] as number
      hole = next
    }
    this.#buckets[hole] = 0
    this.#free.push(slot)
    this.#size -= 1
  }

  #holds(slot: number, digest: Uint8Array): boolean {
    const start = slot * digestBytes
    let difference = 0
    for (let index = 0; index < digestBytes; index += 1) {
      difference |= (this.#digests[start + index] as number) ^ (digest[index] as number)
    }
    return difference === 0
  }

  #place(slot: number): void {
    const mask = this.#buckets.length - 1
    let bucket = hashOf(this.#digests, slot * digestBytes) & mask
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask
    this.#buckets[bucket] = slot + 1
  }

  #grow(): void {
    const before = this.#capacity
    this.#capacity = Math.ceil(before * growth)
    this.#digests = grown(this.#digests, this.#capacity * digestBytes)
    const buckets = emptyBuckets(this.#capacity)
    if (buckets.length === this.#buckets.length) return
    this.#buckets = buckets
    for (let slot = 0; slot < before; slot += 1) this.#place(slot)
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

/** Returns buckets for so many slots: a power of two of them, all empty. */
export function emptyBuckets(capacity: number): Int32Array {
  let length = 16
  while (length < capacity * bucketsPerSlot) length *= 2
  return new Int32Array(length)
}

function hashOf(bytes: Uint8Array, start: number): number {
  return (
    (bytes[start] as number) |
    ((bytes[start + 1] as number) << 8) |
    ((bytes[start + 2] as number) << 16) |
    ((bytes[start + 3] as number) << 24)
  )
}
