/** Terminals: gathers the output of many reads into one piece. It is copied once, and leaves room for the head of its frame. */
import { outputHeadBytes, writeOutputHead } from '../protocol/encode-frame.ts'
import { SharedOutput } from './sink.ts'

/** 64 KiB: the longest piece. */
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

  /** Returns whether this number of bytes still fits into the piece. */
  hasRoomFor(bytes: number): boolean {
    return this.#length + bytes <= longestGathered
  }

  /** Adds bytes; they must fit. */
  add(bytes: Uint8Array): void {
    this.#buffer ??= new Uint8Array(outputHeadBytes + longestGathered)
    this.#buffer.set(bytes, outputHeadBytes + this.#length)
    this.#length += bytes.length
  }

  /** Takes the piece out; `seq` is the offset of its first byte. Returns null if nothing was gathered. */
  take(seq: number): SharedOutput | null {
    if (this.#buffer === null || this.#length === 0) return null
    const end = outputHeadBytes + this.#length
    const isLong = this.#length > longestGathered / 2
    // A short piece is copied, so that it does not keep a large buffer alive.
    const frame = isLong ? this.#buffer.subarray(0, end) : Uint8Array.prototype.slice.call(this.#buffer, 0, end)
    if (isLong) this.#buffer = null
    this.#length = 0
    writeOutputHead(frame, seq)
    return new SharedOutput(seq, frame.subarray(outputHeadBytes), frame)
  }

  /** Frees the memory. */
  rest(): void {
    if (this.#length === 0) this.#buffer = null
  }
}
