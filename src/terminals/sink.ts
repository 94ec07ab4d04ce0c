/** Terminals: what an attachment needs of whoever is at its other end; `pty.v1`, the original's table and followers fill it in. */
import { encodeOutput, outputHeadBytes } from '../protocol/encode-frame.ts'
import type { ServerFrame } from '../protocol/terminal-frames.ts'

/** A piece of output on its way to everybody; its frame is made once. */
export class SharedOutput {
  readonly seq: number
  readonly bytes: Uint8Array
  #frame: Uint8Array | null

  /** @param frame the piece as a frame, where it was gathered as one. */
  constructor(seq: number, bytes: Uint8Array, frame: Uint8Array | null = null) {
    this.seq = seq
    this.bytes = bytes
    this.#frame = frame
  }

  /** Returns a piece that shares no memory with the bytes that it is made of. */
  static copyOf(seq: number, bytes: Uint8Array): SharedOutput {
    const frame = encodeOutput(seq, bytes)
    return new SharedOutput(seq, frame.subarray(outputHeadBytes), frame)
  }

  /** The piece as an OUTPUT frame of `pty.v1`. */
  frame(): Uint8Array {
    this.#frame ??= encodeOutput(this.seq, this.bytes)
    return this.#frame
  }
}

/** The other end of one attachment. */
export type Sink = {
  /** Whether it tells what it has shown; for one that does not, what left this process counts as shown. */
  readonly acknowledges: boolean
  readonly output: (piece: SharedOutput) => void
  readonly send: (frame: Exclude<ServerFrame, { readonly type: 'output' }>) => void
  /** Bytes that this process still holds for it. */
  readonly bufferedBytes: () => number
  /** Stops reading what it sends, so that it is slowed in its turn; goes on once everybody who stopped it lets it. */
  readonly pauseInput: () => void
  readonly resumeInput: () => void
  readonly isInputPaused: boolean
  /** Asks whether it is still there; an answer comes as a pong. */
  readonly ping: () => void
  /** Ends it; `sentence` is for the person. Safe to call again. */
  readonly close: (code: number, sentence: string) => void
  /** Ends it without a word: it did not answer. */
  readonly cut: () => void
}
