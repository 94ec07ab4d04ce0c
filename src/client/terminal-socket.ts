/** Client: a terminal over `pty.v1`, in browsers and in Node.js 22 or newer; output is given on byte by byte, once and in order, across drops. */
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

/** 50 ms after the last change of the size it is sent. */
const resizeMs = 50

/** Output that is parsed is acknowledged after so many bytes, and at the latest after so long. */
const acknowledged = { bytes: 65_536, ms: 50 } as const

/** What a terminal is drawn from. */
export type TerminalSnapshot = TerminalSize & { readonly seq: number; readonly bytes: Uint8Array }

/** How the program of a terminal ended. */
export type TerminalExit = { readonly code: number; readonly signal: number; readonly finalSeq: number }

/** What a user of a terminal is told. Bytes are for the callee alone and are not written again. */
export type TerminalHandlers = {
  /** Output that follows what was given before; `seq` is the offset of its first byte. Call `ack` once it is parsed. */
  readonly onOutput?: (bytes: Uint8Array, seq: number) => void
  /** The whole screen: the terminal is reset first. Output goes on from its `seq`. */
  readonly onSnapshot?: (snapshot: TerminalSnapshot) => void
  /** The size from the offset `seq` on. */
  readonly onSize?: (size: TerminalSize & { readonly seq: number }) => void
  /** Told after every connection, resumes included. */
  readonly onWelcome?: (welcome: Welcome) => void
  readonly onEvent?: (event: TerminalEvent) => void
  readonly onExit?: (exit: TerminalExit) => void
  readonly onFlow?: (flow: { readonly state: FlowState; readonly seq: number }) => void
  /** Some of what was typed just before a drop, or during it, was not sent and will not be. */
  readonly onInputLost?: () => void
  /** The reason is null while the terminal is connecting or open. */
  readonly onState?: (state: TerminalState, reason: CloseReason | null) => void
}

/** How a terminal is opened. */
export type TerminalOptions = TerminalHandlers & {
  readonly size: TerminalSize
  /** The global `WebSocket` where not said. */
  readonly socket?: SocketFactory
  /** The runtime's own timers where not said. */
  readonly timers?: TerminalTimers
  /** Milliseconds of a clock that never goes back; the runtime's own where not said. */
  readonly now?: () => number
  /** From 0 included to 1 excluded; `Math.random` where not said. */
  readonly random?: () => number
}

/**
 * Opens a terminal with a token from `startPty` or `joinPty`.
 *
 * @throws TypeError when the address of the gateway is not one of http or https.
 * @throws SyntaxError when the token cannot be offered as a subprotocol.
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
  /** Offsets up to which output was parsed, and was said to be; -1: nothing. */
  #parsed = -1
  #parsedSent = -1
  #cancelResize: (() => void) | null = null
  #cancelAck: (() => void) | null = null

  /** Begins to connect. */
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
      onState: (state, reason) => this.#tell(state, reason),
    })
  }

  /** What the terminal is at. */
  get state(): TerminalState {
    return this.#line.state
  }

  /** Types. What is written while the line is down is sent once it is up again, if that is within five seconds. */
  write(bytes: Uint8Array): void {
    if (this.#line.state === 'closed') return
    for (const frame of this.#input.add(bytes, this.#now())) this.#line.send(frame)
  }

  /** Changes the size, 50 ms after the last of several changes; each number is brought within 2 to 1000. */
  resize(size: TerminalSize): void {
    if (this.#line.state === 'closed') return
    this.#size = clamped(size)
    this.#cancelResize?.()
    this.#cancelResize = this.#timers.after(resizeMs, () => {
      this.#cancelResize = null
      this.#sendSize()
    })
  }

  /** Tells that all output before the offset `seq` was parsed; the gateway is told of several at once. */
  ack(seq: number): void {
    if (this.#line.state === 'closed' || this.#position === null) return
    this.#parsed = Math.max(this.#parsed, Math.min(seq, this.#position.next))
    if (this.#parsed - this.#parsedSent >= acknowledged.bytes) this.#sendAck()
    else if (this.#parsed > this.#parsedSent)
      this.#cancelAck ??= this.#timers.after(acknowledged.ms, () => this.#sendAck())
  }

  /** Asks for something beside typing; false: the line is not open, and only `visible` is kept for when it is. */
  control(request: ControlRequest): boolean {
    if (request.action === 'visible') this.#visible = request.visible
    return this.#line.send(encodeClientFrame({ type: 'control', control: request }))
  }

  /** Asks for a snapshot; false: the line is not open, and a resume will bring what is lacking. */
  resync(): boolean {
    return this.#line.send(encodeClientFrame({ type: 'resync' }))
  }

  /** Leaves the terminal, which lives on for others; nobody is told of anything but the state `closed` any more. */
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
    // What was acknowledged into the old socket may not have come.
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

  /** A resume brings what is missing; where it did not, the screen is asked for. */
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

  /** What was parsed beyond an older snapshot is sent again; the snapshot and that wait to be acknowledged again. */
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

  #tell(state: TerminalState, reason: CloseReason | null): void {
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
