/** Client: a terminal over `pty.v1`, in browsers and in Node.js 22 or newer. Output is delivered byte by byte, once and in order, across drops. */
import type { PtyTicket } from '../protocol/control.ts'
import { encodeClientFrame } from '../protocol/encode-frame.ts'
import { clampSize } from '../protocol/frame-numbers.ts'
import type {
  ControlRequest,
  FlowState,
  Hello,
  ServerFrame,
  TerminalEvent,
  TerminalSize,
  Welcome,
} from '../protocol/terminal-frames.ts'
import type { CloseReason } from './close-reasons.ts'
import { OutputPosition } from './output-position.ts'
import { type SocketFactory, TerminalLine, type TerminalState, type TerminalTimers } from './terminal-line.ts'
import { UnacknowledgedInput } from './unacknowledged-input.ts'

export type { PtyTicket } from '../protocol/control.ts'
export type {
  BlockReason,
  ControlRequest,
  FlowState,
  ParticipantView,
  PolicyView,
  TerminalEvent,
  TerminalRole,
  TerminalSize,
  Welcome,
} from '../protocol/terminal-frames.ts'
export type { CloseReason } from './close-reasons.ts'
export type { SocketFactory, TerminalState, TerminalTimers, TerminalWebSocket } from './terminal-line.ts'

/** 50 ms after the last change of the size, it is sent. */
const resizeMs = 50

/** Parsed output is acknowledged after this number of bytes, and after this time at the latest. */
const acknowledged = { bytes: 65_536, ms: 50 } as const

/** The state to draw a terminal from. */
export type TerminalSnapshot = TerminalSize & { readonly seq: number; readonly bytes: Uint8Array }

/** How the program of a terminal ended. */
export type TerminalExit = { readonly code: number; readonly signal: number; readonly finalSeq: number }

/** The events of a terminal. Bytes belong to the callee and are not changed any more. */
export type TerminalHandlers = {
  /** New output; `seq` is the offset of its first byte. Call `ack` when it is parsed. */
  readonly onOutput?: (bytes: Uint8Array, seq: number) => void
  /** The whole screen: reset the terminal first. Output continues from its `seq`. */
  readonly onSnapshot?: (snapshot: TerminalSnapshot) => void
  /** The size from the offset `seq` on. */
  readonly onSize?: (size: TerminalSize & { readonly seq: number }) => void
  /** Called after every connection, resumes included. */
  readonly onWelcome?: (welcome: Welcome) => void
  readonly onEvent?: (event: TerminalEvent) => void
  readonly onExit?: (exit: TerminalExit) => void
  readonly onFlow?: (flow: { readonly state: FlowState; readonly seq: number }) => void
  /** Some input from just before a drop, or during it, was not sent and will not be. */
  readonly onInputLost?: () => void
  /** The reason is null while the terminal is connecting or open. */
  readonly onState?: (state: TerminalState, reason: CloseReason | null) => void
}

/** Options of a terminal. */
export type TerminalOptions = TerminalHandlers & {
  readonly size: TerminalSize
  /** By default the global `WebSocket`. */
  readonly socket?: SocketFactory
  /** By default the runtime's own timers. */
  readonly timers?: TerminalTimers
  /** Milliseconds of a monotonic clock; by default the runtime's own. */
  readonly now?: () => number
  /** From 0 included to 1 excluded; by default `Math.random`. */
  readonly random?: () => number
}

/**
 * Opens a terminal with a token from `startPty` or `joinPty`.
 *
 * @example
 * ```ts
 * import { ControlClient } from 'sallyport/client'
 * import { openTerminal } from 'sallyport/terminal'
 *
 * const client = new ControlClient({ baseUrl: 'http://127.0.0.1:55007' })
 * await client.signIn({ username: 'ada', password: 'correct horse battery staple' })
 * const server = { os_user: 'deploy', server_ip: '10.0.0.5' }
 * const ticket = await client.startPty({ purpose: 'health_check', server })
 * const terminal = openTerminal(ticket, {
 *   size: { cols: 80, rows: 24 },
 *   onOutput: (bytes, seq) => {
 *     process.stdout.write(bytes)
 *     terminal.ack(seq + bytes.length)
 *   },
 * })
 * terminal.write(new TextEncoder().encode('help\r'))
 * ```
 *
 * @throws TypeError if the gateway's address is not http or https.
 * @throws SyntaxError if the token cannot be a subprotocol.
 */
export function openTerminal(ticket: PtyTicket, options: TerminalOptions): TerminalSocket {
  return new TerminalSocket(ticket, options)
}

/** A terminal at a gateway. After `closed` it is over: a new one needs a new token. */
export class TerminalSocket {
  readonly #options: TerminalOptions
  readonly #timers: TerminalTimers
  readonly #now: () => number
  readonly #line: TerminalLine
  readonly #input = new UnacknowledgedInput()
  #position: OutputPosition | null = null
  #size: TerminalSize
  #sizeSent: TerminalSize
  #visible: boolean | null = null
  #isGapSeen = false
  #isSnapshotAwaited = false
  /** Offsets up to which output was parsed, and acknowledged; -1: nothing. */
  #parsed = -1
  #parsedSent = -1
  #cancelResize: (() => void) | null = null
  #cancelAck: (() => void) | null = null

  /** Starts to connect. */
  constructor(ticket: PtyTicket, options: TerminalOptions) {
    this.#options = options
    this.#timers = options.timers ?? runtimeTimers
    this.#now = options.now ?? (() => performance.now())
    this.#size = clamped(options.size)
    this.#sizeSent = this.#size
    this.#line = new TerminalLine({
      url: socketUrl(ticket.proxyUrl),
      token: ticket.token,
      socket: options.socket ?? ((url, offers) => new WebSocket(url, offers)),
      timers: this.#timers,
      now: this.#now,
      random: options.random ?? (() => Math.random()),
      hello: (isResume) => this.#hello(isResume),
      onFrame: (frame) => this.#take(frame),
      onState: (state, reason) => this.#reportState(state, reason),
    })
  }

  /** The state of the terminal. */
  get state(): TerminalState {
    return this.#line.state
  }

  /** Sends input. If the line is down, it is sent when the line is up again within five seconds. */
  write(bytes: Uint8Array): void {
    if (this.#line.state === 'closed') return
    for (const frame of this.#input.add(bytes, this.#now())) this.#line.send(frame)
  }

  /** Changes the size, 50 ms after the last of several changes; each number is clamped to 2 to 1000. */
  resize(size: TerminalSize): void {
    if (this.#line.state === 'closed') return
    this.#size = clamped(size)
    this.#cancelResize?.()
    this.#cancelResize = this.#timers.after(resizeMs, () => {
      this.#cancelResize = null
      this.#sendSize()
    })
  }

  /** Notes that all output before the offset `seq` was parsed; several are acknowledged at once. */
  ack(seq: number): void {
    if (this.#line.state === 'closed' || this.#position === null) return
    this.#parsed = Math.max(this.#parsed, Math.min(seq, this.#position.next))
    if (this.#parsed - this.#parsedSent >= acknowledged.bytes) this.#sendAck()
    else if (this.#parsed > this.#parsedSent)
      this.#cancelAck ??= this.#timers.after(acknowledged.ms, () => this.#sendAck())
  }

  /** Sends a control request; false: the line is not open, and only `visible` is kept for later. */
  control(request: ControlRequest): boolean {
    if (request.action === 'visible') this.#visible = request.visible
    return this.#line.send(encodeClientFrame({ type: 'control', control: request }))
  }

  /** Asks for a snapshot; false: the line is not open, and a resume will send what is missing. */
  resync(): boolean {
    return this.#line.send(encodeClientFrame({ type: 'resync' }))
  }

  /** Leaves the terminal, which stays open for others; after it only the state `closed` is reported. */
  close(): void {
    this.#line.leave()
  }

  #hello(isResume: boolean): Hello {
    this.#sizeSent = this.#size
    const seq = isResume ? this.#position?.next : undefined
    return { v: 1, ...this.#size, ...(seq === undefined ? {} : { resume: { seq, inputSeq: this.#input.last } }) }
  }

  #take(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.#welcome(frame.welcome)
        break
      case 'output':
        this.#takeOutput(frame.seq, frame.bytes)
        break
      case 'snapshot':
        this.#takeSnapshot(frame)
        break
      case 'size':
        this.#takeSize(frame)
        break
      case 'inputAck':
        this.#input.acknowledge(frame.inputSeq)
        break
      case 'exit':
        this.#options.onExit?.({ code: frame.code, signal: frame.signal, finalSeq: frame.finalSeq })
        break
      case 'flow':
        this.#options.onFlow?.({ state: frame.state, seq: frame.seq })
        break
      case 'event':
        this.#options.onEvent?.(frame.event)
        break
      default:
    }
  }

  #welcome(welcome: Welcome): void {
    this.#position ??= new OutputPosition(welcome.seq)
    this.#isSnapshotAwaited = false
    const { frames, isLost } = this.#input.again(welcome.inputSeq, this.#now())
    for (const frame of frames) this.#line.send(frame)
    if (!isSame(this.#size, this.#sizeSent) && this.#cancelResize === null) this.#sendSize()
    if (this.#visible !== null) this.control({ action: 'visible', visible: this.#visible })
    // An acknowledgement on the old socket may not have arrived.
    if (this.#parsed >= 0) this.#sendAck()
    this.#options.onWelcome?.(welcome)
    if (isLost) this.#options.onInputLost?.()
  }

  #takeOutput(seq: number, bytes: Uint8Array): void {
    if (this.#isSnapshotAwaited) return
    const arrival = this.#position?.take(seq, bytes)
    if (arrival?.kind === 'gap') this.#mendGap()
    if (arrival?.kind !== 'fresh') return
    this.#isGapSeen = false
    this.#options.onOutput?.(arrival.bytes, arrival.seq)
  }

  /** A resume sends what is missing; if it did not, a snapshot is requested. */
  #mendGap(): void {
    this.#isSnapshotAwaited = this.#isGapSeen
    this.#isGapSeen = true
    if (this.#isSnapshotAwaited) this.resync()
    else this.#line.renew()
  }

  #takeSnapshot({ cols, rows, seq, bytes }: ServerFrame & { readonly type: 'snapshot' }): void {
    this.#isSnapshotAwaited = false
    this.#position?.restart(seq)
    if (this.#parsed >= seq) this.#parseAgainFrom(seq)
    this.#options.onSnapshot?.({ cols, rows, seq, bytes })
  }

  /** Output beyond an older snapshot is sent again; both must be acknowledged again. */
  #parseAgainFrom(seq: number): void {
    this.#cancelAck?.()
    this.#cancelAck = null
    this.#parsed = seq - 1
    this.#parsedSent = Math.min(this.#parsedSent, this.#parsed)
  }

  #takeSize({ cols, rows, seq }: ServerFrame & { readonly type: 'size' }): void {
    const isOld = this.#position !== null && seq < this.#position.next
    if (!isOld) this.#options.onSize?.({ cols, rows, seq })
  }

  #sendSize(): void {
    if (this.#line.send(encodeClientFrame({ type: 'resize', ...this.#size }))) this.#sizeSent = this.#size
  }

  #sendAck(): void {
    this.#cancelAck?.()
    this.#cancelAck = null
    if (this.#line.send(encodeClientFrame({ type: 'ack', seq: this.#parsed }))) this.#parsedSent = this.#parsed
  }

  #reportState(state: TerminalState, reason: CloseReason | null): void {
    if (state === 'closed') {
      this.#cancelResize?.()
      this.#cancelAck?.()
    }
    this.#options.onState?.(state, reason)
  }
}

const runtimeTimers: TerminalTimers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

function clamped({ cols, rows }: TerminalSize): TerminalSize {
  return { cols: clampSize(Math.trunc(cols)), rows: clampSize(Math.trunc(rows)) }
}

function isSame(one: TerminalSize, other: TerminalSize): boolean {
  return one.cols === other.cols && one.rows === other.rows
}

function socketUrl(proxyUrl: string): string {
  const url = new URL(proxyUrl)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError('The address of a gateway begins with http: or https:.')
  }
  url.protocol = url.protocol.replace('http', 'ws')
  url.hash = ''
  url.search = ''
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/ws`
  return url.href
}
