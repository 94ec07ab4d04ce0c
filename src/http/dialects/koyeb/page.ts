/** koyeb: which part of a list is wanted (the API's `limit` and `offset`). */
import type { FieldFault } from '../../../core/errors.ts'

/** Items on one page at most; also how many there are where no limit is named. */
const largestPage = 100

/** Query members as they come in; one that is repeated comes as a list. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

/** A part of a list. */
export type Page = { readonly limit: number; readonly offset: number }

/**
 * Decodes the part that is wanted; a limit of 0 is none, one over 100 is 100.
 *
 * @param faults takes one field for each number that is none.
 */
export function decodePage(query: Query, faults: FieldFault[]): Page {
  const wholeNumber = (field: string): number => {
    const text = lastOf(query[field])
    if (text === '' || /^\d{1,9}$/.test(text)) return Number(text)
    faults.push({ field, description: 'must be a whole number of 0 or more' })
    return 0
  }
  const limit = wholeNumber('limit')
  const offset = wholeNumber('offset')
  return { limit: limit === 0 ? largestPage : Math.min(limit, largestPage), offset }
}

/** Returns the items of one page. */
export function pageOf<Item>(items: readonly Item[], { limit, offset }: Page): readonly Item[] {
  return items.slice(offset, offset + limit)
}

/** Returns a query member's last value; empty where there is none. */
export function lastOf(value: string | readonly string[] | undefined): string {
  return [value ?? ''].flat().at(-1) ?? ''
}
