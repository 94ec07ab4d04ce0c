/** Terminals: reads the master of a PTY. Every byte is delivered once, in order, and the descriptor is closed at the end. */
import { readSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { TerminalListener } from './transport.ts'

/** 64 KiB: the size of one read. All readers share the buffer, so a listener must copy what it keeps. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024)
/** 128 KiB: more than a PTY holds; what a descendant keeps writing is cut off there. */
const longestRestBytes = 128 * 1024

/** The only user of a master, so that nothing is written to a closed descriptor. */
export class OutputReader {
  readonly #masterFd: number
  readonly #stream: ReadStream
  readonly #listener: TerminalListener
  #isOver = false
  /**
   * Resolves when there is no more output: no program holds the terminal any more, or {@link OutputReader.finish} was
   * called.
   */
  readonly ended: Promise<void>

  constructor(masterFd: number, listener: TerminalListener) {
    this.#masterFd = masterFd
    this.#listener = listener
    this.#stream = new ReadStream(masterFd, { onread: { buffer, callback: (length) => this.#take(length) } })
    this.ended = new Promise((resolve) => {
      const over = (): void => {
        this.#isOver = true
        this.#stream.destroy()
        resolve()
      }
      // A master reports EIO when no program holds the terminal any more.
      this.#stream.on('error', over)
      this.#stream.on('end', over)
      this.#stream.on('close', over)
    })
    this.#stream.resume()
  }

  /** True while the descriptor belongs to the terminal. */
  get isOpen(): boolean {
    return !(this.#isOver || this.#stream.destroyed)
  }

  pause(): void {
    if (this.isOpen) this.#stream.pause()
  }

  resume(): void {
    if (this.isOpen) this.#stream.resume()
  }

  /** Writes what fits; 0: nothing fits now; null: the terminal is gone. */
  writeSome(bytes: Uint8Array): number | null {
    if (!this.isOpen) return null
    try {
      return writeSync(this.#masterFd, bytes)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EAGAIN') return 0
      if (code === 'EIO') return null
      throw error
    }
  }

  /** Delivers the output that is there now, and ends. */
  finish(): void {
    if (!this.isOpen) return
    this.#isOver = true
    this.#stream.pause()
    let rest = longestRestBytes
    for (let length = this.#readNow(); length > 0 && rest > 0; length = this.#readNow()) {
      this.#take(length)
      rest -= length
    }
    this.#stream.destroy()
  }

  #readNow(): number {
    try {
      return readSync(this.#masterFd, buffer)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EAGAIN' || code === 'EIO') return 0
      throw error
    }
  }

  #take(length: number): boolean {
    const { isBorrowing = false, onOutput } = this.#listener
    onOutput(isBorrowing ? buffer.subarray(0, length) : Uint8Array.prototype.slice.call(buffer, 0, length))
    return true
  }
}
