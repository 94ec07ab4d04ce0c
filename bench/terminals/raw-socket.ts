/** Bench: one WebSocket that parses almost only the heads of frames, so that reading is never the limit. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { decodeServerFrame } from '../../src/protocol/decode-server-frame.ts'
import { encodeClientFrame } from '../../src/protocol/encode-frame.ts'
import { type ClientFrame, type ServerFrame, serverFrameTypes } from '../../src/protocol/terminal-frames.ts'
import type { MeasuredTerminal } from './measured-terminal.ts'

/** One buffer for all sockets of the process; kept bytes are copied. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024)

/** Type and offset of an OUTPUT frame. */
const outputHead = 9

const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Options of a socket. */
export type SocketOptions = {
  readonly port: number
  /** null: a bare server, which needs no token and gets no acknowledgements. */
  readonly token: string | null
}

/** One socket. */
export class RawSocket implements MeasuredTerminal {
  readonly #socket: Socket
  readonly #acknowledges: boolean
  #held: Buffer = Buffer.alloc(0)
  #isUpgraded = false
  /** Missing bytes of the current OUTPUT frame, and its length. */
  #left = 0
  #pieceBytes = 0
  #inputSeq = 0
  #isClosed = false
  readonly #opened = Promise.withResolvers<number>()
  /** Offset in the output, and the part of it that snapshots replaced. */
  seq = 0
  skipped = 0
  onOutput: (bytes: number) => void = () => undefined
  onFrame: (frame: ServerFrame) => void = () => undefined

  constructor({ port, token }: SocketOptions) {
    this.#acknowledges = token !== null
    const callback = (length: number): boolean => {
      this.#receive(buffer.subarray(0, length))
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } })
    this.#socket.on('error', (cause) => this.#fail(cause))
    this.#socket.on('close', () => this.#fail(new Error('A socket of the bench was closed.')))
    const protocols = token === null ? '' : `Sec-WebSocket-Protocol: X-Proxy-Session-Token, ${token}, pty.v1\r\n`
    this.#socket.write(
      `GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${protocols}\r\n`,
    )
  }

  /** Resolves with the time at which it opened. */
  get opened(): Promise<number> {
    return this.#opened.promise
  }

  send(frame: Exclude<ClientFrame, { readonly type: 'unknown' }>): void {
    this.#write(opcodes.binary, encodeClientFrame(frame))
  }

  write(text: string): void {
    this.#inputSeq += 1
    this.send({ type: 'input', inputSeq: this.#inputSeq, bytes: Buffer.from(text) })
  }

  /** Resolves with the next frame of a type; OUTPUT frames are not decoded. */
  next<Type extends Exclude<ServerFrame['type'], 'output'>>(type: Type): Promise<Extract<ServerFrame, { type: Type }>> {
    return new Promise((resolve) => {
      this.onFrame = (frame) => {
        if (frame.type === type) resolve(frame as Extract<ServerFrame, { type: Type }>)
      }
    })
  }

  /** Stops reading. */
  stall(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #fail(cause: Error): void {
    if (this.#isClosed) return
    throw cause
  }

  #write(opcode: number, payload: Uint8Array): void {
    const extended = payload.length > 125 ? 2 : 0
    const frame = Buffer.alloc(6 + extended + payload.length)
    frame[0] = 0x80 | opcode
    frame[1] = 0x80 | (extended === 0 ? payload.length : 126)
    if (extended > 0) frame.writeUInt16BE(payload.length, 2)
    const mask = randomBytes(4)
    frame.set(mask, 2 + extended)
    for (const [at, byte] of payload.entries()) frame[6 + extended + at] = byte ^ (mask[at & 3] as number)
    this.#socket.write(frame)
  }

  #receive(chunk: Buffer): void {
    const before = this.seq
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    if (!this.#isUpgraded) rest = this.#upgrade(rest)
    while (rest.length > 0) {
      const taken = this.#left > 0 ? this.#skip(rest) : this.#takeFrame(rest)
      if (taken === 0) break
      rest = rest.subarray(taken)
    }
    if (rest.length > 0) this.#held = Buffer.from(rest)
    if (this.#acknowledges && this.seq !== before) this.send({ type: 'ack', seq: this.seq })
  }

  #upgrade(bytes: Buffer): Buffer {
    const end = bytes.indexOf('\r\n\r\n')
    if (end === -1) {
      this.#held = Buffer.from(bytes)
      return bytes.subarray(bytes.length)
    }
    const head = bytes.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`A socket was refused: ${bytes.toString('latin1')}`)
    this.#isUpgraded = true
    this.#opened.resolve(performance.now())
    return bytes.subarray(end + 4)
  }

  #skip(bytes: Buffer): number {
    const taken = Math.min(this.#left, bytes.length)
    this.#left -= taken
    if (this.#left === 0) this.#outputCame()
    return taken
  }

  #outputCame(): void {
    this.seq += this.#pieceBytes
    this.onOutput(this.#pieceBytes)
  }

  /** Takes one frame, or the head of an OUTPUT. Returns its length in bytes; 0: it is incomplete. */
  #takeFrame(bytes: Buffer): number {
    if (bytes.length < 2) return 0
    const short = (bytes[1] as number) & 0x7f
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < head + 1) return 0
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    const opcode = (bytes[0] as number) & 0x0f
    if (opcode === opcodes.binary && bytes[head] === serverFrameTypes.output) {
      if (bytes.length < head + outputHead) return 0
      this.#checkSeq(Number(bytes.readBigUInt64BE(head + 1)))
      this.#pieceBytes = length - outputHead
      this.#left = this.#pieceBytes
      return head + outputHead
    }
    if (bytes.length < head + length) return 0
    this.#takeWhole(opcode, Buffer.from(bytes.subarray(head, head + length)))
    return head + length
  }

  #checkSeq(seq: number): void {
    if (seq !== this.seq) throw new Error(`Output came at ${seq}, expected at ${this.seq}.`)
  }

  #takeWhole(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#write(opcodes.pong, payload)
    if (opcode === opcodes.close) throw new Error(`A socket was closed: ${payload.toString('latin1')}`)
    if (opcode !== opcodes.binary) return
    const frame = decodeServerFrame(payload)
    if (frame.type === 'bad' || frame.type === 'unknown') throw new Error(`A frame of type ${payload[0]} came.`)
    if (frame.type === 'error') throw new Error(`${frame.error.code}: ${frame.error.message}`)
    if (frame.type === 'welcome') this.seq = frame.welcome.seq
    if (frame.type === 'snapshot') this.#jump(frame.seq)
    this.onFrame(frame)
  }

  #jump(seq: number): void {
    const skipped = seq - this.seq
    this.skipped += skipped
    this.seq = seq
    if (skipped !== 0) this.onOutput(skipped)
  }
}
