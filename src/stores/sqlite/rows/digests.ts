/** SQLite store: comparison of stored digests. */
import { timingSafeEqual } from 'node:crypto'

/** Tells whether two digests are the same, in a time that does not depend on where they differ. */
export function isSameDigest(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
