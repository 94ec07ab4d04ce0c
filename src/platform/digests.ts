/** Platform: digests by Node's OpenSSL. The results own their memory, so that they can be sent to a worker. */
import { createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Digests } from '../core/ports.ts'

/** Bytes of a keyed digest: 128 bits, enough to exclude collisions in one store. */
const keyedBytes = 16

/**
 * Returns the digests of a process.
 *
 * The keyed one is HMAC-SHA-256 under a key derived from the master key, over the JSON of purpose and value: no value can
 * look like a longer purpose.
 *
 * @param masterKey 32 bytes.
 * @see RFC 2104 for HMAC and RFC 5869 for the derivation; the length is our choice.
 */
export function createDigests(masterKey: Uint8Array): Digests {
  const key = new Uint8Array(hkdfSync('sha256', masterKey, '', 'sallyport keyed digests', 32))
  return {
    sha256,
    equal: (one, other) => one.length === other.length && timingSafeEqual(one, other),
    keyed: (purpose, value) => {
      const whole = createHmac('sha256', key)
        .update(JSON.stringify([purpose, value]))
        .digest()
      return new Uint8Array(whole.subarray(0, keyedBytes))
    },
  }
}

/** Every accepted token is hashed once, and a Buffer outside the heap costs more than the hash itself. */
function sha256(value: string | Uint8Array): Uint8Array {
  const characters = hash('sha256', value, 'latin1')
  const bytes = new Uint8Array(characters.length)
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = characters.charCodeAt(index)
  return bytes
}
