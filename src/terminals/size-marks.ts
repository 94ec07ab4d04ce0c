/** Terminals: the sizes that a terminal had, in order; a bounded number of them, the newest. */
import type { TerminalSize } from '../protocol/terminal-frames.ts'

/** A size and where in the output it began to hold. */
export type SizeMark = TerminalSize & { readonly seq: number }

/** More changes than anybody makes within what can be resumed; of so many the older half is let go. */
const mostMarks = 4_096

/** The sizes of one terminal; there is always one. A number tells a mark apart for as long as it is kept. */
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

  /** Returns the mark of a number, or the oldest that is kept after it; undefined: there is none yet. */
  at(number: number): SizeMark | undefined {
    return this.#marks[Math.max(0, number - this.#forgotten)]
  }

  /** Returns the number after the mark that `at` gives for a number. */
  after(number: number): number {
    return Math.max(number, this.#forgotten) + 1
  }

  /** Returns the size just before an offset; one that begins to hold there is told with the output. */
  before(seq: number): TerminalSize {
    return this.#marks.findLast((mark, index) => mark.seq < seq || index === 0) as SizeMark
  }

  /** Returns the number of the first mark at or after an offset; a mark that is the only one counts as before it. */
  firstFrom(seq: number): number {
    let index = this.#marks.length
    while (index > 1 && (this.#marks[index - 1] as SizeMark).seq >= seq) index -= 1
    return this.#forgotten + index
  }
}
