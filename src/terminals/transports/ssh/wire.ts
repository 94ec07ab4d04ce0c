/** Terminals: the data types of SSH on the wire (RFC 4251 section 5). A reader never reads beyond its bytes. */

/** The bytes are malformed. The message says what was expected, never what came. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes'
}

/** Returns one byte. */
export function byte(value: number): Buffer {
  return Buffer.of(value)
}

/** Returns a uint32. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Returns a uint64. */
export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** Returns a string: its length, then its bytes; texts are UTF-8. */
export function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** Returns a positive number, given big-endian, as an mpint: without leading zeros, except one that keeps it positive. */
export function mpint(magnitude: Uint8Array): Buffer {
  const first = magnitude.findIndex((value) => value !== 0)
  if (first === -1) return string('')
  const digits = Buffer.from(magnitude.subarray(first))
  return string((digits[0] ?? 0) >= 0x80 ? Buffer.concat([byte(0), digits]) : digits)
}

/** Reads values one after the other. */
export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Reads a byte. @throws MalformedBytes if none is left. */
  byte(): number {
    return this.#take(1, 'a byte').readUInt8()
  }

  /** Reads a boolean; every value but 0 is true. @throws MalformedBytes if no byte is left. */
  boolean(): boolean {
    return this.byte() !== 0
  }

  /** Reads a uint32. @throws MalformedBytes if four bytes are not left. */
  uint32(): number {
    return this.#take(4, 'a uint32').readUInt32BE()
  }

  /** Reads a uint64. @throws MalformedBytes if eight bytes are not left. */
  uint64(): bigint {
    return this.#take(8, 'a uint64').readBigUInt64BE()
  }

  /** Reads a string as its bytes. @throws MalformedBytes if it ends beyond the bytes. */
  string(): Buffer {
    return this.#take(this.uint32(), 'a string')
  }

  /** Reads a string of printable ASCII. @throws MalformedBytes if it is anything else. */
  text(): string {
    const bytes = this.string()
    if (!bytes.every((value) => value >= 0x20 && value < 0x7f)) throw new MalformedBytes('A printable text was wanted.')
    return bytes.toString('latin1')
  }

  /** Checks that everything was read. @throws MalformedBytes if bytes are left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new MalformedBytes('The end was wanted.')
  }

  #take(length: number, what: string): Buffer {
    if (length > this.#bytes.length - this.#at) throw new MalformedBytes(`There are too few bytes for ${what}.`)
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }
}
