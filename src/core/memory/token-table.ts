/** Core: a hash table from token digests to slots, in typed columns; 100,000 tokens cost megabytes, not tens of them. */
import { grown, SlotBuckets } from './slot-buckets.ts'

/** Length of a SHA-256 digest. */
const digestBytes = 32

/** Slots added when the table is full, as a share of what it holds: small steps keep the unused part small. */
const growth = 1.25

/**
 * Maps 32-byte digests to slot numbers. The caller keeps the columns of a slot, and grows them with the capacity.
 *
 * The first four bytes of a digest are its hash: digests are uniform, and a caller cannot choose them without inverting
 * SHA-256.
 */
export class TokenTable {
  #digests: Uint8Array
  readonly #buckets: SlotBuckets
  /** Slots that were released; slots from `#used` on were never used, and their memory was never touched. */
  readonly #free: number[] = []
  #used = 0
  #capacity: number
  #size = 0

  constructor(initialCapacity = 1024) {
    this.#capacity = initialCapacity
    this.#digests = new Uint8Array(initialCapacity * digestBytes)
    this.#buckets = new SlotBuckets(initialCapacity, (slot) => hashOf(this.#digests, slot * digestBytes))
  }

  get size(): number {
    return this.#size
  }

  /** Number of slots; slot numbers are below it. */
  get capacity(): number {
    return this.#capacity
  }

  /** Returns the slot of a digest, or -1. */
  find(digest: Uint8Array): number {
    const buckets = this.#buckets
    for (let bucket = buckets.first(hashOf(digest, 0)); ; bucket = buckets.next(bucket)) {
      const slot = buckets.slotAt(bucket)
      if (slot === -1 || this.#holds(slot, digest)) return slot
    }
  }

  /** Adds a digest that is not in the table and returns its slot; the capacity may have grown. */
  add(digest: Uint8Array): number {
    if (this.#size === this.#capacity) this.#grow()
    const slot = this.#free.pop() ?? this.#used++
    this.#digests.set(digest, slot * digestBytes)
    this.#buckets.add(slot)
    this.#size += 1
    return slot
  }

  /** Removes the digest of a used slot. */
  remove(slot: number): void {
    this.#buckets.remove(slot)
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

  #grow(): void {
    const before = this.#capacity
    this.#capacity = Math.ceil(before * growth)
    this.#digests = grown(this.#digests, this.#capacity * digestBytes)
    this.#buckets.grow(this.#capacity, before)
  }
}

function hashOf(bytes: Uint8Array, start: number): number {
  return (
    (bytes[start] as number) |
    ((bytes[start + 1] as number) << 8) |
    ((bytes[start + 2] as number) << 16) |
    ((bytes[start + 3] as number) << 24)
  )
}
