/** Terminals: what an attachment needs of its client. `pty.v1`, the original's wire and followers implement it. */
import { encodeOutput, outputHeadBytes } from '../protocol/encode-frame.ts'
import type { ServerFrame } from '../protocol/terminal-frames.ts'

/** A piece of output for all clients; its frame is made once. */
export class SharedOutput {
  readonly seq: number
  readonly bytes: Uint8Array
  #frame: Uint8Array | null

  /** @param frame The piece as a frame, if it was gathered as one. */
  constructor(seq: number, bytes: Uint8Array, frame: Uint8Array | null = null) {
    this.seq = seq
    this.bytes = bytes
    this.#frame = frame
  }

  /** Returns a piece with memory of its own. */
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

/** The client of one attachment. */
export type Sink = {
  /**
   * Whether the client acknowledges what it has shown. For others, output counts as shown when it has left this
   * process.
   */
  readonly acknowledges: boolean
  readonly output: (piece: SharedOutput) => void
  readonly send: (frame: Exclude<ServerFrame, { readonly type: 'output' }>) => void
  /** Bytes that this process buffers for it. */
  readonly bufferedBytes: () => number
  /** Stops reading the socket, which slows the client. Reading continues when every caller has resumed it. */
  readonly pauseInput: () => void
  readonly resumeInput: () => void
  readonly isInputPaused: boolean
  /** Sends a ping; the answer is a pong. */
  readonly ping: () => void
  /** Closes the socket with a sentence for the user. May be called again. */
  readonly close: (code: number, sentence: string) => void
  /** Cuts the socket without a message, because the client did not answer. */
  readonly cut: () => void
}
