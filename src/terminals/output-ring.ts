/** Terminals: the newest output of one terminal, for those who come back; what it no longer holds is in the record. */

/** 64 KiB: pieces are gathered in chunks, so that many small ones cost no more memory than what they hold. */
const chunkBytes: number = 64 * 1024

/** 4 KiB: the first one, and all that most terminals put out in a minute. */
const firstChunkBytes: number = 4 * 1024

/** 1 MiB: about a second of a fast program, and far more than a person sees. */
const ringChunks = 16

/**
 * One stretch of output; what is before `end` is not written again, so that it can be handed out without a copy. Memory of
 * which nothing was handed out is used again: what is thrown away faster than it is looked at keeps the collector busy.
 */
type Chunk = { readonly seq: number; readonly bytes: Uint8Array; end: number; isLent: boolean }

/** Keeps output in order, the newest 1 MiB of it at most. */
export class OutputRing {
  #chunks: Chunk[] = []

  /** Takes in the piece that follows the one before. */
  push(seq: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const chunk = this.#chunkAt(seq + at)
      const part = bytes.subarray(at, at + chunk.bytes.length - chunk.end)
      chunk.bytes.set(part, chunk.end)
      chunk.end += part.length
      at += part.length
    }
  }

  /** Returns output from `seq` on, at most `limit` bytes and at least one, or null where the ring does not hold it. */
  read(seq: number, limit: number): Uint8Array | null {
    const chunk = this.#chunks.findLast((one) => one.seq <= seq)
    if (chunk === undefined || seq >= chunk.seq + chunk.end) return null
    const from = seq - chunk.seq
    chunk.isLent = true
    return chunk.bytes.subarray(from, Math.min(from + limit, chunk.end))
  }

  /** Lets go of everything: nothing was put out for a while, and the record has it. */
  clear(): void {
    this.#chunks = []
  }

  /** The chunk that takes the byte at an offset; a new one where the last is full. */
  #chunkAt(seq: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.end < last.bytes.length) return last
    const oldest = this.#chunks.length === ringChunks ? this.#chunks.shift() : undefined
    const isFree = oldest !== undefined && !oldest.isLent && oldest.bytes.length === chunkBytes
    const length = last === undefined ? firstChunkBytes : chunkBytes
    const chunk = { seq, bytes: isFree ? oldest.bytes : new Uint8Array(length), end: 0, isLent: false }
    this.#chunks.push(chunk)
    return chunk
  }
}
