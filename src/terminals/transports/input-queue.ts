/** Terminals: input in front of a PTY that may not take it; nothing is dropped, and waiting costs a try now and then. */
import type { CancelTimer, Timers } from '../timers.ts'

/** Milliseconds until the first try again, doubled up to the longest; a PTY takes 64 KiB a time, so even 50 ms is fast. */
const shortestWaitMs = 5
const longestWaitMs = 50

/** What an input queue is made of. */
export type InputQueueParts = {
  /** Writes what fits and returns how many bytes that were; 0 where nothing fits, null where nobody will ever read. */
  readonly writeSome: (bytes: Uint8Array) => number | null
  readonly timers: Timers
}

/**
 * Input that waits for a program to read it.
 *
 * A master does not tell a Node.js stream when there is room: libuv writes to it blocking, and trying again at once
 * takes a whole core. So a full PTY is tried by a timer.
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

  /** Hands bytes over, behind what waits; returns the bytes that wait now. */
  write(bytes: Uint8Array): number {
    if (this.#isClosed || bytes.byteLength === 0) return this.#bytes
    this.#chunks.push(bytes.slice())
    this.#bytes += bytes.byteLength
    if (this.#cancel === null) this.#flush()
    return this.#bytes
  }

  /** Resolves once nothing waits. */
  drained(): Promise<void> {
    if (this.#bytes === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDrained.push(resolve)
    })
  }

  /** Gives up what waits; nobody will read it. */
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
    const told = this.#onDrained
    this.#onDrained = []
    for (const tell of told) tell()
  }
}
