/** Terminals: input for a PTY that may be full. Nothing is dropped, and waiting costs a try now and then. */
import type { CancelTimer, Timers } from '../timers.ts'

/** Milliseconds before the first retry, doubled up to the longest; a PTY takes 64 KiB at a time, so even 50 ms is fast. */
const shortestWaitMs = 5
const longestWaitMs = 50

/** The ports of an input queue. */
export type InputQueueParts = {
  /** Writes what fits and returns the number of bytes; 0: nothing fits; null: it will never be read. */
  readonly writeSome: (bytes: Uint8Array) => number | null
  readonly timers: Timers
}

/**
 * Input that waits for a program to read it.
 *
 * Node.js gets no event when a PTY has room: libuv writes to it blocking, and retrying at once takes a whole core. So a
 * full PTY is tried by a timer.
 */
export class InputQueue {
  readonly #parts: InputQueueParts
  #chunks: Uint8Array[] = []
  #bytes = 0
  #waitMs = shortestWaitMs
  #cancel: CancelTimer | null = null
  #onDrained: (() => void)[] = []
  #isClosed = false

  constructor(parts: InputQueueParts) {
    this.#parts = parts
  }

  /** Queues bytes; returns the bytes that wait now. */
  write(bytes: Uint8Array): number {
    if (this.#isClosed || bytes.byteLength === 0) return this.#bytes
    this.#chunks.push(bytes.slice())
    this.#bytes += bytes.byteLength
    if (this.#cancel === null) this.#flush()
    return this.#bytes
  }

  /** Resolves when nothing waits. */
  drained(): Promise<void> {
    if (this.#bytes === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDrained.push(resolve)
    })
  }

  /** Drops waiting input, which will not be read any more. */
  close(): void {
    this.#isClosed = true
    this.#cancel?.()
    this.#cancel = null
    this.#chunks = []
    this.#bytes = 0
    this.#tellDrained()
  }

  #flush(): void {
    this.#cancel = null
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const written = this.#parts.writeSome(chunk)
      if (written === null || written === 0) {
        if (written === null) this.close()
        else this.#tryLater()
        return
      }
      this.#waitMs = shortestWaitMs
      this.#bytes -= written
      if (written === chunk.byteLength) this.#chunks.shift()
      else this.#chunks[0] = chunk.subarray(written)
    }
    this.#tellDrained()
  }

  #tryLater(): void {
    this.#cancel = this.#parts.timers.after(this.#waitMs, () => this.#flush())
    this.#waitMs = Math.min(2 * this.#waitMs, longestWaitMs)
  }

  #tellDrained(): void {
    const callbacks = this.#onDrained
    this.#onDrained = []
    for (const callback of callbacks) callback()
  }
}
