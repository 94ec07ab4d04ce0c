/** Terminals: one WebSocket as the client of an attachment. Both wire formats give the same frames. */
import type { RawData, WebSocket } from 'ws'
import { decodeClientFrame } from '../protocol/decode-client-frame.ts'
import { encodeServerFrame } from '../protocol/encode-frame.ts'
import {
  decodeOriginalFrame,
  encodeForOriginal,
  encodeOriginalOutput,
  encodeOriginalParseError,
} from '../protocol/original-frames.ts'
import type { ClientFrame, Hello, ServerFrame } from '../protocol/terminal-frames.ts'
import type { Wire } from './read-offer.ts'
import type { SharedOutput, Sink } from './sink.ts'
import type { Timers } from './timers.ts'

/** Most frames that may arrive before a listener takes them. */
const longestQueue = 64

/** 8 MiB: a client that sends without reading our answers is cut off. */
const longestBacklog = 8 * 1024 * 1024

/** Milliseconds in which the client must close after it was asked to. */
const closeMs = 2_000

/** The size of a client that does not begin with its own; its first resize follows at once. */
const usualHello: Hello = { v: 1, cols: 80, rows: 24 }

/** Receives the frames that come in. */
export type SocketListener = {
  readonly onFrame: (frame: ClientFrame) => void
  readonly onPong: () => void
  /** The bytes that were sent have left this process. */
  readonly onDrained: () => void
  /** The socket is closed; `isClean`: the client closed it because the user left. */
  readonly onGone: (isClean: boolean) => void
}

export class SocketSink implements Sink {
  readonly acknowledges: boolean
  readonly #socket: WebSocket
  readonly #wire: Wire
  readonly #timers: Timers
  #listener: SocketListener | null = null
  #queue: ClientFrame[] = []
  #hello: ((hello: Hello | null) => void) | null = null
  #gone: boolean | null = null
  #isClosing = false
  #pauses = 0

  constructor(socket: WebSocket, wire: Wire, timers: Timers) {
    this.#socket = socket
    this.#wire = wire
    this.#timers = timers
    this.acknowledges = wire === 'pty.v1'
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('pong', () => this.#listener?.onPong())
    socket.on('ping', (data) => this.#pong(data))
    // A protocol error starts the close, but the client may never answer.
    socket.on('error', () => this.#cutLater())
    socket.on('close', (code) => this.#end(code === 1000))
  }

  /** Resolves with the first frame if it is a HELLO in time, else with null. The original's wire has no HELLO. */
  hello(withinMs: number): Promise<Hello | null> {
    if (this.#isClosing) return Promise.resolve(null)
    if (this.#wire === 'original') return Promise.resolve(usualHello)
    const first = this.#queue.shift()
    if (first !== undefined) return Promise.resolve(first.type === 'hello' ? first.hello : null)
    return new Promise((resolve) => {
      const cancel = this.#timers.after(withinMs, () => this.#hello?.(null))
      this.#hello = (hello) => {
        this.#hello = null
        cancel()
        resolve(hello)
      }
    })
  }

  /** Delivers the frames since the HELLO, and all later ones. */
  listen(listener: SocketListener): void {
    this.#listener = listener
    const queue = this.#queue
    this.#queue = []
    for (const frame of queue) listener.onFrame(frame)
    if (this.#gone !== null) listener.onGone(this.#gone)
  }

  output(piece: SharedOutput): void {
    if (this.#isClosing) return
    const frame = this.#wire === 'pty.v1' ? piece.frame() : encodeOriginalOutput(piece.bytes)
    this.#socket.send(frame, { binary: true }, this.acknowledges ? undefined : () => this.#listener?.onDrained())
  }

  send(frame: Exclude<ServerFrame, { readonly type: 'output' }>): void {
    if (this.#wire === 'pty.v1') this.#write(encodeServerFrame(frame))
    else for (const bytes of encodeForOriginal(frame)) this.#write(bytes)
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** Whether reading is paused, so that no pong could be seen. */
  get isInputPaused(): boolean {
    return this.#pauses > 0
  }

  pauseInput(): void {
    this.#pauses += 1
    this.#socket.pause()
  }

  resumeInput(): void {
    this.#pauses -= 1
    if (this.#pauses === 0) this.#socket.resume()
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  close(code: number, sentence: string): void {
    if (this.#isClosing) return
    // A paused socket would never see the client's answer.
    this.#socket.resume()
    this.#socket.close(code, clip(sentence))
    this.#cutLater()
  }

  cut(): void {
    this.#isClosing = true
    this.#socket.terminate()
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isClosing) return
    if (!isBinary) {
      if (this.#wire === 'pty.v1') this.#refuse('Every frame is binary.')
      return
    }
    const bytes = data as Buffer
    const frame = this.#wire === 'pty.v1' ? decodeClientFrame(bytes) : decodeOriginalFrame(bytes)
    if (frame.type !== 'bad') {
      this.#handOver(frame)
      return
    }
    if (this.#wire === 'original') this.#write(encodeOriginalParseError(frame))
    else this.#refuse(frame.reason)
  }

  #handOver(frame: ClientFrame): void {
    if (frame.type === 'unknown') return
    if (this.#hello !== null) this.#hello(frame.type === 'hello' ? frame.hello : null)
    else if (this.#listener !== null) this.#listener.onFrame(frame)
    else if (this.#queue.push(frame) > longestQueue) this.#refuse('Too many frames before the WELCOME.')
  }

  #write(bytes: Uint8Array): void {
    if (this.#isClosing) return
    if (this.bufferedBytes() > longestBacklog) this.cut()
    else this.#socket.send(bytes, { binary: true })
  }

  /** RFC 6455 section 5.5.3 allows one pong for several pings: a client that does not read gets no pongs. */
  #pong(data: Buffer): void {
    if (!this.#isClosing && this.bufferedBytes() <= longestBacklog) this.#socket.pong(data)
  }

  #cutLater(): void {
    this.#isClosing = true
    this.#timers.after(closeMs, () => this.#socket.terminate())
  }

  #refuse(sentence: string): void {
    this.send({ type: 'error', error: { code: 'bad-frame', message: sentence, retry: 'no' } })
    this.close(4400, sentence)
  }

  #end(isClean: boolean): void {
    this.#gone = isClean
    this.#isClosing = true
    this.#hello?.(null)
    this.#listener?.onGone(isClean)
  }
}

/** Most bytes of the reason of a close frame; RFC 6455 section 5.5 leaves room for 123. */
const longestReason = 120

function clip(sentence: string): string {
  const bytes = Buffer.from(sentence)
  if (bytes.length <= longestReason) return sentence
  // Decodes as a stream, so that a character that is cut off is left out.
  const kept = new TextDecoder().decode(bytes.subarray(0, longestReason - 3), { stream: true })
  return `${kept}...`
}
