/** Platform: strict encodings by Node's Buffer. A malformed text gives null. */
import type { Encodings } from '../core/ports.ts'

/**
 * Returns the encodings of a process.
 *
 * `fromBase64` takes the standard alphabet with its padding and nothing else: no blanks, no base64url, no stray bits.
 *
 * @see RFC 4648 sections 3.5 and 4 for base64; RFC 3986 sections 2.1 and 2.3 for percent-encoding.
 */
export function createEncodings(): Encodings {
  return {
    toBase64url: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url'),
    fromBase64: (text) => {
      const bytes = Buffer.from(text, 'base64')
      return bytes.toString('base64') === text ? new Uint8Array(bytes) : null
    },
    percentEncode: (text) => encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, encodeReserved),
  }
}

function encodeReserved(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
