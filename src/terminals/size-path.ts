/** Terminals: the path of a size from the implementor to the terminal. A size is set before input that came after it. */
import type { TerminalSize } from '../protocol/terminal-frames.ts'
import type { OutputPath } from './output-path.ts'
import type { CancelTimer, Timers } from './timers.ts'
import type { Terminal } from './transports/transport.ts'

/** Milliseconds: of sizes that come faster, only the last is set. */
const resizeMs = 50

export type SizePathParts = {
  readonly output: Pick<OutputPath, 'resize'>
  readonly timers: Timers
  /** The size that the terminal opens with. */
  readonly size: TerminalSize
}

/** The sizes of one terminal on their way to it. */
export class SizePath {
  readonly #parts: SizePathParts
  #size: TerminalSize
  #terminal: Terminal | null = null
  /** The last size, while more may come. */
  #waiting: TerminalSize | null = null
  #cancel: CancelTimer | null = null

  constructor(parts: SizePathParts) {
    this.#parts = parts
    this.#size = parts.size
  }

  /** The size of the terminal, or the one that it will get when it opens. */
  get size(): TerminalSize {
    return this.#size
  }

  /** Takes a size. It is set 50 ms after the last one, or at once by `settle`. */
  take(size: TerminalSize): void {
    this.#forget()
    this.#waiting = size
    this.#cancel = this.#parts.timers.after(resizeMs, () => this.settle())
  }

  /** Sets a size now, instead of a waiting one. */
  set(size: TerminalSize): void {
    this.#forget()
    if (isSame(size, this.#size)) return
    this.#size = size
    this.#parts.output.resize(size)
    this.#terminal?.resize(size)
  }

  /** Sets the waiting size, if there is one. */
  settle(): void {
    if (this.#waiting !== null) this.set(this.#waiting)
  }

  /**
   * Takes the opened terminal. If the size has changed since it began to open, only the terminal does not know it yet.
   */
  opened(terminal: Terminal, size: TerminalSize): void {
    this.#terminal = terminal
    if (!isSame(size, this.#size)) terminal.resize(this.#size)
  }

  /** Drops the waiting size. */
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
