/** SQLite store: copies byte views for a structured clone, which otherwise clones the whole buffer behind a view. */

/**
 * Returns the value with every view of bytes in a buffer of its own, as a plain `Uint8Array`.
 *
 * A small `Buffer` shares its memory with others, whose bytes would be cloned too.
 */
export function ownBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) {
    return value.constructor === Uint8Array && value.byteLength === value.buffer.byteLength
      ? value
      : Uint8Array.from(value)
  }
  if (Array.isArray(value)) return value.map(ownBytes)
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) copy[name] = ownBytes(member)
  return copy
}
