/** Terminals: keeps the newest output of one terminal for clients that resume. Older output is in the recording. */

/** 64 KiB: the size of a chunk, so that many small pieces cost little more memory than their bytes. */
const chunkBytes: number = 64 * 1024

/** 4 KiB: the first chunk; most terminals put out no more in a minute. */
const firstChunkBytes: number = 4 * 1024

/** 1 MiB: about a second of a fast program, and far more than a user sees. */
const ringChunks = 16

/**
 * One stretch of output. Bytes before `end` are not written again, so that they can be shared without a copy. A chunk
 * that was never shared is reused, which spares the garbage collector.
 */
type Chunk = { readonly seq: number; readonly bytes: Uint8Array; end: number; isLent: boolean }

/** Keeps the newest output in order, at most 1 MiB. */
export class OutputRing {
  #chunks: Chunk[] = []

  /** Adds the piece that follows the last one. */
  push(seq: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const chunk = this.#chunkAt(seq + at)
      const part = bytes.subarray(at, at + chunk.bytes.length - chunk.end)
      chunk.bytes.set(part, chunk.end)
      chunk.end += part.length
      at += part.length
    }
  }

  /** Returns output from `seq` on, at least one byte and at most `limit`; null if the ring no longer has it. */
  read(seq: number, limit: number): Uint8Array | null {
    const chunk = this.#chunks.findLast((one) => one.seq <= seq)
    if (chunk === undefined || seq >= chunk.seq + chunk.end) return null
    const from = seq - chunk.seq
    chunk.isLent = true
    return chunk.bytes.subarray(from, Math.min(from + limit, chunk.end))
  }

  /** Drops everything: there was no output for a while, and the recording has it. */
  clear(): void {
    this.#chunks = []
  }

  /** The chunk that takes the byte at an offset; a new one if the last is full. */
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
