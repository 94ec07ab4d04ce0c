/** SQLite store: comparison of stored digests. */
import { timingSafeEqual } from 'node:crypto'

/** Returns whether two digests are equal, in constant time. */
export function isSameDigest(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
