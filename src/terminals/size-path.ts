/** Terminals: the way of a size from whoever types to the terminal; it is there before whatever is typed after it. */
import type { TerminalSize } from '../protocol/terminal-frames.ts'
import type { OutputPath } from './output-path.ts'
import type { CancelTimer, Timers } from './timers.ts'
import type { Terminal } from './transports/transport.ts'

/** Sizes that come faster, in milliseconds, are one. */
const resizeMs = 50

/** What a size path is made of. */
export type SizePathParts = {
  readonly output: Pick<OutputPath, 'resize'>
  readonly timers: Timers
  /** What the terminal is opened with. */
  readonly size: TerminalSize
}

/** The sizes of one terminal, on their way to it. */
export class SizePath {
  readonly #parts: SizePathParts
  #size: TerminalSize
  #terminal: Terminal | null = null
  /** The last of several, while more may come. */
  #waiting: TerminalSize | null = null
  #cancel: CancelTimer | null = null

  constructor(parts: SizePathParts) {
    this.#parts = parts
    this.#size = parts.size
  }

  /** The size that the terminal has, or gets once it is open. */
  get size(): TerminalSize {
    return this.#size
  }

  /** Takes a size; it is set 50 ms after the last of several, or at once by `settle`. */
  take(size: TerminalSize): void {
    this.#forget()
    this.#waiting = size
    this.#cancel = this.#parts.timers.after(resizeMs, () => this.settle())
  }

  /** Sets a size now, in place of one that waits. */
  set(size: TerminalSize): void {
    this.#forget()
    if (isSame(size, this.#size)) return
    this.#size = size
    this.#parts.output.resize(size)
    this.#terminal?.resize(size)
  }

  /** Sets the size that waits, where one does. */
  settle(): void {
    if (this.#waiting !== null) this.set(this.#waiting)
  }

  /** Takes the terminal, which was opened with a size; what the size became meanwhile was told to everybody but it. */
  opened(terminal: Terminal, size: TerminalSize): void {
    this.#terminal = terminal
    if (!isSame(size, this.#size)) terminal.resize(this.#size)
  }

  /** Sets nothing any more that waits. */
  close(): void {
    this.#forget()
  }

  #forget(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#waiting = null
  }
}

function isSame(one: TerminalSize, other: TerminalSize): boolean {
  return one.cols === other.cols && one.rows === other.rows
}
