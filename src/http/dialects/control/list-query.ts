/** control: reads the query parameters of lists. A refusal names the parameter. */
import { Refusal } from '../../../core/errors.ts'

/** @throws INPUT_INVALID always. */
function refuseParameter(field: string, description: string): never {
  throw new Refusal('INPUT_INVALID', { message: `${field}: ${description}.`, fields: [{ field, description }] })
}

/** Maximum number of items on one page. */
const largestPage = 100

/**
 * Returns the number of items on one page.
 *
 * @throws INPUT_INVALID naming `limit` unless it is a whole number from 1 to 100.
 */
export function readLimit(text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault
  const limit = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > largestPage) refuseParameter('limit', `must be a whole number from 1 to ${largestPage}`)
  return limit
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/

/**
 * Returns a time in Unix milliseconds; null if the query has none.
 *
 * @throws INPUT_INVALID naming the parameter unless it is an RFC 3339 time.
 */
export function readTime(field: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const timeMs = rfc3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN
  if (Number.isNaN(timeMs)) refuseParameter(field, 'must be a time of RFC 3339, such as 2026-01-02T15:04:05Z')
  return timeMs
}

/** The last row of the previous page of PTY sessions. */
export type RowCursor = { readonly createdAtMs: number; readonly id: string }

/** Encodes a row for `next`; clients treat it as opaque. */
export function encodeRowCursor({ createdAtMs, id }: RowCursor): string {
  return Buffer.from(`${createdAtMs}.${id}`).toString('base64url')
}

/**
 * Decodes `after` of a list of PTY sessions; null if the query has none.
 *
 * @throws INPUT_INVALID naming `after` for a value that was never a `next`.
 */
export function readRowCursor(text: string | undefined): RowCursor | null {
  if (text === undefined) return null
  const [, createdAt, id] = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(Buffer.from(text, 'base64url').toString()) ?? []
  if (createdAt === undefined || id === undefined) refuseParameter('after', 'must be `next` of the page before')
  return { createdAtMs: Number(createdAt), id }
}
