/** Terminals: the sizes of a terminal in order; only the newest are kept. */
import type { TerminalSize } from '../protocol/terminal-frames.ts'

/** A size, and the output offset from which it holds. */
export type SizeMark = TerminalSize & { readonly seq: number }

/** Most sizes. More changes do not occur within what a client can resume; then the older half is dropped. */
const mostMarks = 4_096

/** The sizes of one terminal; there is always one. A number identifies a mark while it is kept. */
export class SizeMarks {
  #marks: SizeMark[]
  #forgotten = 0

  constructor(first: TerminalSize) {
    this.#marks = [{ seq: 0, ...first }]
  }

  get newest(): SizeMark {
    return this.#marks.at(-1) as SizeMark
  }

  add(mark: SizeMark): void {
    this.#marks.push(mark)
    if (this.#marks.length <= mostMarks) return
    this.#forgotten += mostMarks / 2
    this.#marks = this.#marks.slice(mostMarks / 2)
  }

  /** Returns the mark of a number, or the oldest kept one after it; undefined: there is none yet. */
  at(number: number): SizeMark | undefined {
    return this.#marks[Math.max(0, number - this.#forgotten)]
  }

  /** Returns the number after the mark that `at` returns for a number. */
  after(number: number): number {
    return Math.max(number, this.#forgotten) + 1
  }

  /** Returns the size just before an offset. A size that starts at the offset is sent with the output. */
  before(seq: number): TerminalSize {
    return this.#marks.findLast((mark, index) => mark.seq < seq || index === 0) as SizeMark
  }

  /** Returns the number of the first mark at or after an offset. If there is only one mark, it counts as before it. */
  firstFrom(seq: number): number {
    let index = this.#marks.length
    while (index > 1 && (this.#marks[index - 1] as SizeMark).seq >= seq) index -= 1
    return this.#forgotten + index
  }
}
