/** SQLite store: the mark of a chain's head. Without the master key, a head can be written, but not its mark. */
import { createHmac } from 'node:crypto'
import type { AuditHead } from '../../core/audit/event.ts'
import { isSameDigest } from './rows/digests.ts'

/** Returns the mark of a head: HMAC-SHA-256, hex. */
export function headMark(key: Uint8Array, { chain, seq, hash }: AuditHead): string {
  return createHmac('sha256', key).update(`${chain}\n${seq}\n${hash}`).digest('hex')
}

/** Returns whether a head has its mark. */
export function hasOwnMark(key: Uint8Array, head: AuditHead & { readonly mark: string | null }): boolean {
  if (head.mark === null) return false
  const [due, found] = [Buffer.from(headMark(key, head), 'hex'), Buffer.from(head.mark, 'hex')]
  return isSameDigest(due, found)
}
