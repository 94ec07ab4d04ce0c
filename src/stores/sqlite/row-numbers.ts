/** SQLite store: numbers of rows, given out without a wait; the database remembers which were taken away, never which were used. */
import { Refusal } from '../../core/errors.ts'
import type { NumberedRows } from '../../core/store.ts'
import type { Database } from './database.ts'

/** Numbers taken away at once: half of them are minutes of the highest load, in which the next block comes. */
export const blockLength = 1_048_576

/** Takes numbers away for good and returns the first of them. */
export function reserveRows(db: Database, rows: NumberedRows, count: number): number {
  const taken = db.one<{ next: number }>(
    'UPDATE row_numbers SET next = next + :count WHERE rows = :rows RETURNING next',
    { rows, count },
  )
  if (taken === undefined) throw new Error(`nobody numbers rows of the kind ${rows}`)
  return taken.next - count
}

/** Gives out numbers of one kind of row, ascending, from blocks that no other process has. */
export class RowNumbers {
  readonly #fetchBlock: () => Promise<number>
  readonly #length: number
  #next = 0
  #end = 0
  #spare: number | null
  #isFetching = false

  /**
   * @param fetchBlock Takes a block of `length` numbers away and returns its first.
   * @param block Where its `first` is not null, such a block was fetched already.
   */
  constructor(fetchBlock: () => Promise<number>, block: { readonly first: number | null; readonly length: number }) {
    this.#fetchBlock = fetchBlock
    this.#spare = block.first
    this.#length = block.length
  }

  /**
   * Returns a number that no other row has or will have.
   *
   * @throws STORE_UNAVAILABLE when the block ran out before the next one could be fetched.
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
    // A failed fetch is told to whoever runs out; the next number asked for tries again.
    this.#fetchBlock().then(settle, () => settle(null))
  }
}
