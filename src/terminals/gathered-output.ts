/** Terminals: output on its way from many reads into one piece; it is copied once, and the head of its frame has room before it. */
import { outputHeadBytes, writeOutputHead } from '../protocol/encode-frame.ts'
import { SharedOutput } from './sink.ts'

/** 64 KiB: the longest piece that is gathered. */
export const longestGathered: number = 64 * 1024

/** Gathers the output of one terminal. */
export class GatheredOutput {
  #buffer: Uint8Array | null = null
  #length = 0

  get isEmpty(): boolean {
    return this.#length === 0
  }

  get isFull(): boolean {
    return this.#length === longestGathered
  }

  /** Tells whether so many bytes more go into the piece. */
  hasRoomFor(bytes: number): boolean {
    return this.#length + bytes <= longestGathered
  }

  /** Adds bytes that there is room for. */
  add(bytes: Uint8Array): void {
    this.#buffer ??= new Uint8Array(outputHeadBytes + longestGathered)
    this.#buffer.set(bytes, outputHeadBytes + this.#length)
    this.#length += bytes.length
  }

  /** Takes the piece out; it begins at `seq`. null: nothing was gathered. */
  take(seq: number): SharedOutput | null {
    if (this.#buffer === null || this.#length === 0) return null
    const end = outputHeadBytes + this.#length
    const isLong = this.#length > longestGathered / 2
    // Whoever keeps a short piece should not keep much more than that.
    const frame = isLong ? this.#buffer.subarray(0, end) : Uint8Array.prototype.slice.call(this.#buffer, 0, end)
    if (isLong) this.#buffer = null
    this.#length = 0
    writeOutputHead(frame, seq)
    return new SharedOutput(seq, frame.subarray(outputHeadBytes), frame)
  }

  /** Gives memory back. */
  rest(): void {
    if (this.#length === 0) this.#buffer = null
  }
}
