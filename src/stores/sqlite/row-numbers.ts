/** SQLite store: gives out row numbers without a wait. The database knows which blocks are taken, not which numbers are used. */
import { Refusal } from '../../core/errors.ts'
import type { NumberedRows } from '../../core/store.ts'
import type { Database } from './database.ts'

/** Numbers of one block: half of it lasts for minutes of the highest load, in which the next block is fetched. */
export const blockLength = 1_048_576

/** Reserves numbers for good and returns the first of them. */
export function reserveRows(db: Database, rows: NumberedRows, count: number): number {
  const taken = db.one<{ next: number }>(
    'UPDATE row_numbers SET next = next + :count WHERE rows = :rows RETURNING next',
    { rows, count },
  )
  if (taken === undefined) throw new Error(`there are no numbers for rows of the kind ${rows}`)
  return taken.next - count
}

/** Gives out rising numbers of one kind of row, from blocks of this process alone. */
export class RowNumbers {
  readonly #fetchBlock: () => Promise<number>
  readonly #length: number
  #next = 0
  #end = 0
  #spare: number | null
  #isFetching = false

  /**
   * @param fetchBlock Reserves a block of `length` numbers and returns its first.
   * @param block If its `first` is not null, the block was fetched already.
   */
  constructor(fetchBlock: () => Promise<number>, block: { readonly first: number | null; readonly length: number }) {
    this.#fetchBlock = fetchBlock
    this.#spare = block.first
    this.#length = block.length
  }

  /**
   * Returns a number that no other row has or will have.
   *
   * @throws STORE_UNAVAILABLE if the block is used up before the next one is there.
   */
  take(): number {
    if (this.#next === this.#end && this.#spare !== null) {
      this.#next = this.#spare
      this.#end = this.#spare + this.#length
      this.#spare = null
    }
    if (this.#spare === null && this.#end - this.#next <= this.#length / 2) this.#fetch()
    if (this.#next === this.#end) throw new Refusal('STORE_UNAVAILABLE', { detail: 'no row number is left' })
    this.#next += 1
    return this.#next - 1
  }

  #fetch(): void {
    if (this.#isFetching) return
    this.#isFetching = true
    const settle = (first: number | null): void => {
      this.#spare = first
      this.#isFetching = false
    }
    // If a fetch fails, the caller that runs out gets the error, and the next call tries again.
    this.#fetchBlock().then(settle, () => settle(null))
  }
}
