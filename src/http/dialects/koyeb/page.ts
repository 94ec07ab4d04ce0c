/** koyeb: pages of lists (`limit` and `offset`). */
import type { FieldFault } from '../../../core/errors.ts'

/** Maximum number of items on one page; also the default. */
const largestPage = 100

/** Query parameters; a repeated one is a list. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

/** One page of a list. */
export type Page = { readonly limit: number; readonly offset: number }

/**
 * Decodes the page that a request asks for. A limit of 0 means the default, and one over 100 counts as 100.
 *
 * @param faults gets one entry for each parameter that is not a whole number.
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

/** Returns a parameter's last value; empty if the query has none. */
export function lastOf(value: string | readonly string[] | undefined): string {
  return [value ?? ''].flat().at(-1) ?? ''
}
