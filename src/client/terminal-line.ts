/** Client: the line to a gateway: one socket at a time, replaced after an unclean drop until a minute has passed. */
import { decodeServerFrame } from '../protocol/decode-server-frame.ts'
import { encodeClientFrame } from '../protocol/encode-frame.ts'
import {
  type ErrorNotice,
  type Hello,
  resumeOfferPrefix,
  type ServerFrame,
  subprotocols,
} from '../protocol/terminal-frames.ts'
import { type CloseReason, closeReason, finalReason, ownReason } from './close-reasons.ts'

/** First wait before a new attempt, and the longest; each is shortened at random by up to a half, so that clients spread. */
const waitsMs = { first: 250, longest: 5000 } as const

/** 5 s: a line that lived shorter continues with the wait of its last attempt. */
const steadyMs = 5000

/** 60 s: the gateway accepts no resume after that. */
const resumableMs = 60_000

/** 10 s for a connection and its upgrade. */
const attemptMs = 10_000

/** After 10 s of silence the client sends a PING; after another 10 s the line ends. */
const silenceMs = 10_000

/** Close code when the client itself drops the socket to resume; 1000 would mean that the user left. */
const droppedByClient = 4000

/** State of a socket that can send (WHATWG WebSockets, `readyState`). */
const openSocket = 1

/** The part of WebSocket (WHATWG, WebSockets) that the client uses. */
export type TerminalWebSocket = {
  binaryType: string
  readonly protocol: string
  readonly readyState: number
  send(frame: Uint8Array<ArrayBuffer>): void
  close(code?: number): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
}

/** Makes a socket that offers the subprotocols. */
export type SocketFactory = (url: string, offers: string[]) => TerminalWebSocket

/** Runs functions later; the result cancels them. */
export type TerminalTimers = { readonly after: (ms: number, run: () => void) => () => void }

/** The state of a line; `connecting` only before the first welcome. */
export type TerminalState = 'connecting' | 'open' | 'reconnecting' | 'closed'

/** The parts of a line. */
export type LineSetup = {
  readonly url: string
  readonly token: string
  readonly socket: SocketFactory
  readonly timers: TerminalTimers
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number
  /** From 0 included to 1 excluded. */
  readonly random: () => number
  /** The HELLO of an attempt; `isResume`: there was a welcome before. */
  readonly hello: (isResume: boolean) => Hello
  /** Called with the welcome, and with everything after it. */
  readonly onFrame: (frame: ServerFrame) => void
  readonly onState: (state: TerminalState, reason: CloseReason | null) => void
}

/** A line that reconnects. Every delivered frame came after the welcome of the current socket. */
export class TerminalLine {
  readonly #setup: LineSetup
  readonly #cancels: Record<'attempt' | 'wait' | 'deadline' | 'silence', () => void>
  #state: TerminalState = 'connecting'
  #socket: TerminalWebSocket | null = null
  #secret: string | null = null
  #notice: ErrorNotice | null = null
  #isGreeted = false
  #isHeard = false
  #isExited = false
  #openSinceMs = 0
  #waitMs: number = waitsMs.first

  /** Starts to connect; the state `connecting` is reported after the caller has the line. */
  constructor(setup: LineSetup) {
    this.#setup = setup
    const none = (): void => undefined
    this.#cancels = { attempt: none, wait: none, deadline: none, silence: none }
    queueMicrotask(() => {
      if (this.#state === 'connecting') setup.onState('connecting', null)
    })
    this.#connect(setup.token)
  }

  /** What the line is at. */
  get state(): TerminalState {
    return this.#state
  }

  /** Sends a frame; false: the line is not open, and the frame is not kept. */
  send(frame: Uint8Array<ArrayBuffer>): boolean {
    // A socket that the gateway has begun to close accepts nothing, even before its close is reported.
    if (this.#state !== 'open' || this.#socket?.readyState !== openSocket) return false
    this.#socket.send(frame)
    return true
  }

  /** Drops the socket and resumes on a new one. */
  renew(): void {
    this.#abandon(droppedByClient)
    this.#lose(this.#reasonOf(1006))
  }

  /** Leaves: sends BYE and closes. */
  leave(): void {
    if (this.#isGreeted) this.#socket?.send(encodeClientFrame({ type: 'bye' }))
    this.#abandon(1000)
    this.#finish(ownReason(1000, 'You left the terminal.', 'no'))
  }

  #connect(credential: string): void {
    const socket = this.#setup.socket(this.#setup.url, [subprotocols.original, credential, subprotocols.v1])
    const whileCurrent = (run: () => void): void => {
      if (this.#socket === socket) run()
    }
    this.#socket = socket
    this.#notice = null
    this.#isGreeted = false
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => whileCurrent(() => this.#greet(socket)))
    socket.addEventListener('message', ({ data }) => whileCurrent(() => this.#hear(data)))
    socket.addEventListener('close', ({ code }) => whileCurrent(() => this.#lose(this.#reasonOf(code))))
    // The following close reports the failure.
    socket.addEventListener('error', () => undefined)
    this.#later('attempt', attemptMs, () => this.renew())
  }

  #greet(socket: TerminalWebSocket): void {
    this.#cancels.attempt()
    if (socket.protocol !== subprotocols.v1) {
      this.#abandon(1000)
      this.#finish(ownReason(1002, `The gateway does not speak ${subprotocols.v1}.`, 'no'))
      return
    }
    socket.send(encodeClientFrame({ type: 'hello', hello: this.#setup.hello(this.#secret !== null) }))
    this.#isGreeted = true
    this.#listen()
  }

  #hear(data: unknown): void {
    this.#isHeard = true
    if (!(data instanceof ArrayBuffer)) return
    const frame = decodeServerFrame(new Uint8Array(data))
    if (frame.type === 'bad') this.#refuse()
    else if (frame.type === 'error') this.#notice = frame.error
    else if (frame.type === 'welcome') this.#open(frame)
    else if (frame.type !== 'unknown' && this.#state === 'open') {
      if (frame.type === 'exit') this.#isExited = true
      this.#setup.onFrame(frame)
    }
  }

  #refuse(): void {
    this.#abandon(4400)
    this.#finish(ownReason(4400, 'The gateway sent what this client cannot read.', 'new-token'))
  }

  #open(frame: ServerFrame & { readonly type: 'welcome' }): void {
    this.#secret = frame.welcome.resume
    if (this.#state === 'open') return
    this.#cancels.deadline()
    this.#openSinceMs = this.#setup.now()
    this.#state = 'open'
    // This comes before the event, so that earlier input goes before input that the event causes.
    this.#setup.onFrame(frame)
    if (this.#state === 'open') this.#setup.onState('open', null)
  }

  /** Pings a silent gateway, because a network that swallows everything closes nothing. */
  #listen(isAsked = false): void {
    this.#isHeard = false
    this.#later('silence', silenceMs, () => {
      if (this.#isHeard) this.#listen()
      else if (isAsked) this.renew()
      else this.#ask()
    })
  }

  #ask(): void {
    this.#socket?.send(encodeClientFrame({ type: 'ping', clientTs: Math.max(0, Math.floor(this.#setup.now())) }))
    this.#listen(true)
  }

  #abandon(closeCode: number): void {
    const socket = this.#socket
    this.#socket = null
    socket?.close(closeCode)
  }

  #reasonOf(closeCode: number): CloseReason {
    const reason = closeReason(closeCode, this.#notice)
    if (!this.#isExited || this.#notice !== null) return reason
    return { ...closeReason(4410, null), closeCode }
  }

  #lose(reason: CloseReason): void {
    this.#socket = null
    this.#cancels.attempt()
    this.#cancels.silence()
    const secret = this.#secret
    if (secret === null || reason.retry !== 'resume') {
      this.#finish(reason)
      return
    }
    if (this.#state === 'open') this.#beginToResume(reason)
    // A listener of the drop may have left.
    if (this.#state === 'reconnecting') this.#connectLater(secret)
  }

  #beginToResume(reason: CloseReason): void {
    if (this.#setup.now() - this.#openSinceMs >= steadyMs) this.#waitMs = waitsMs.first
    this.#later('deadline', resumableMs, () => {
      this.#abandon(droppedByClient)
      const sentence = 'The connection was lost, and could not be made again within a minute.'
      this.#finish({ ...reason, sentence, retry: 'new-token' })
    })
    this.#state = 'reconnecting'
    this.#setup.onState('reconnecting', reason)
  }

  #connectLater(secret: string): void {
    const wait = this.#waitMs * (1 - this.#setup.random() / 2)
    this.#waitMs = Math.min(2 * this.#waitMs, waitsMs.longest)
    this.#later('wait', wait, () => this.#connect(`${resumeOfferPrefix}${secret}`))
  }

  #finish(reason: CloseReason): void {
    if (this.#state === 'closed') return
    for (const cancel of Object.values(this.#cancels)) cancel()
    this.#state = 'closed'
    this.#secret = null
    this.#setup.onState('closed', finalReason(reason))
  }

  #later(name: 'attempt' | 'wait' | 'deadline' | 'silence', ms: number, run: () => void): void {
    this.#cancels[name]()
    this.#cancels[name] = this.#setup.timers.after(ms, run)
  }
}
