/** control: range and conditional requests (RFC 9110 sections 13 and 14). */
import type { ByteRange } from '../../context.ts'

/** What a `Range` header asks for; `whole` also if it is malformed or asks for several ranges. */
export type RequestedRange = 'whole' | 'unsatisfiable' | ByteRange

/**
 * Reads a `Range` header against a size in bytes.
 *
 * @see RFC 9110 section 14.2: a server may ignore the header. Ours does for several ranges.
 */
export function readRange(header: string | undefined, size: number): RequestedRange {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { from: size - length, to: size - 1 }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return 'whole'
  if (from >= size) return 'unsatisfiable'
  return { from, to: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** Returns whether an `If-None-Match` header has the entity tag, by weak comparison (RFC 9110 section 13.1.2). */
export function isNamedTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  const named = header.split(',').map((one) => one.trim().replace(/^W\//, ''))
  return named.includes('*') || named.includes(tag)
}
