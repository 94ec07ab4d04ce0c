/** Terminals: streams a running PTY session to a viewer that is not attached, as lines of asciicast v3. */
import type { Clock } from '../core/ports.ts'
import type { ServerFrame } from '../protocol/terminal-frames.ts'
import type { SharedOutput, Sink } from './sink.ts'

/** Gets the events of a follower. */
export type FollowerListener = {
  /** Lines were taken by the viewer. */
  readonly onDrained: () => void
  readonly onClosed: () => void
}

/** One follower. A slow viewer slows only itself. */
export class Follower implements Sink {
  readonly acknowledges = false
  readonly isInputPaused = false
  readonly #clock: Clock
  #decoder = new TextDecoder()
  #lines: Buffer[] = []
  #bytes = 0
  #lastMs: number
  #hasHead = false
  #isClosed = false
  #wake: () => void = () => undefined
  #listener: FollowerListener = { onDrained: () => undefined, onClosed: () => undefined }

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastMs = clock.monotonicMs()
  }

  /** The lines as they come; ends when the follower is closed. */
  async *lines(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const next = this.#lines.shift()
        if (next !== undefined) {
          yield next
          this.#bytes -= next.length
          this.#listener.onDrained()
        } else if (this.#isClosed) return
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
      }
    } finally {
      this.close()
    }
  }

  /** Sets the listener. */
  listen(listener: FollowerListener): void {
    this.#listener = listener
  }

  output(piece: SharedOutput): void {
    this.#event('o', this.#decoder.decode(piece.bytes, { stream: true }))
  }

  send(frame: Exclude<ServerFrame, { readonly type: 'output' }>): void {
    if (frame.type === 'size') this.#event('r', `${frame.cols}x${frame.rows}`)
    if (frame.type === 'exit') this.#event('x', String(frame.code))
    if (frame.type !== 'snapshot') return
    const { cols, rows, bytes } = frame
    // The rest of a character that was cut off before the gap never comes.
    this.#decoder = new TextDecoder()
    if (this.#hasHead) this.#event('r', `${cols}x${rows}`)
    else this.#head(cols, rows)
    this.#event('o', Buffer.from(bytes).toString())
  }

  bufferedBytes(): number {
    return this.#bytes
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#wake()
    this.#listener.onClosed()
  }

  cut(): void {
    this.close()
  }

  pauseInput(): void {}

  resumeInput(): void {}

  ping(): void {}

  #head(cols: number, rows: number): void {
    this.#hasHead = true
    const timestamp = Math.floor(this.#clock.wallMs() / 1000)
    this.#push(JSON.stringify({ version: 3, term: { cols, rows }, timestamp }))
  }

  #event(code: 'o' | 'r' | 'x', data: string): void {
    const nowMs = this.#clock.monotonicMs()
    this.#push(JSON.stringify([(nowMs - this.#lastMs) / 1000, code, data]))
    this.#lastMs = nowMs
  }

  #push(line: string): void {
    if (this.#isClosed) return
    const bytes = Buffer.from(`${line}\n`)
    this.#lines.push(bytes)
    this.#bytes += bytes.length
    this.#wake()
  }
}
