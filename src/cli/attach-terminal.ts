/** Cli: attaches the user's terminal to a PTY session, and restores it afterwards. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PtyTicket } from '../client/client.ts'
import {
  type CloseReason,
  openTerminal,
  type TerminalEvent,
  type TerminalExit,
  type TerminalSocket,
  type TerminalState,
  type Welcome,
} from '../client/terminal-socket.ts'
import { EscapeKeys, escapeHelp, type KeyAction } from './escape-keys.ts'
import { LocalTerminal } from './local-terminal.ts'
import {
  eventSentence,
  welcomeSentence,
  writeNotice,
  writeTerminalLines,
  writeTerminalNotice,
} from './terminal-notices.ts'

/** Exit code if the PTY session did not end by its program, as in ssh. */
const failureCode = 255

/** Signals that end the command, by their numbers. */
const endingSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** 1 s for the close frame to reach the gateway. Without it, the gateway keeps the slot for a resume. */
const leaveMs = 1_000

/** End reasons of a terminal that could not reach its server, or lost it. */
const serverEnds: ReadonlySet<string> = new Set([
  'host-key-mismatch',
  'connection-refused',
  'unreachable',
  'connection-lost',
])

/** The server of a terminal, for error messages. */
export type TerminalTarget = { readonly address: string; readonly port: number }

/** ^D, which ends the input of a terminal. */
const endOfInput = Uint8Array.of(0x04)

/**
 * Attaches to the PTY session of the ticket, until it ends or the user leaves.
 *
 * @param target null: unknown.
 * @returns the exit code: that of the program, 128 plus its signal, 0 if the user left, else 255 with a sentence on
 * standard error.
 * @throws CommandFailure when the output cannot be written.
 */
export async function attachTerminal(
  ticket: PtyTicket,
  role: 'implementor' | 'observer',
  target: TerminalTarget | null,
): Promise<number> {
  return await new AttachedTerminal(ticket, role === 'observer', target).ended
}

class AttachedTerminal {
  readonly #isObserver: boolean
  readonly #gateway: string
  readonly #target: TerminalTarget | null
  readonly #local = new LocalTerminal()
  readonly #terminal: TerminalSocket
  readonly #keys: EscapeKeys
  readonly #end = Promise.withResolvers<CloseReason>()
  #socketClosed: Promise<unknown> = Promise.resolve()
  #written: Promise<void> = Promise.resolve()
  #welcome: Welcome | null = null
  #exit: TerminalExit | null = null
  /** Exit code of a user who left; null: the user did not leave. */
  #leftWith: number | null = null
  /** Notices about blocked input since it was last unblocked. */
  readonly #blockNotices = new Set<string>()
  #isPaused = false
  #isPastePending = false
  #isHinted = false
  /** Resolves with the exit code. */
  readonly ended: Promise<number>

  constructor(ticket: PtyTicket, isObserver: boolean, target: TerminalTarget | null) {
    this.#isObserver = isObserver
    this.#gateway = ticket.proxyUrl
    this.#target = target
    this.#keys = new EscapeKeys({
      isObserver,
      isPastePending: () => this.#isPastePending,
      nowMs: () => performance.now(),
    })
    for (const signal of Object.keys(endingSignals)) process.on(signal, this.#endBySignal)
    this.#terminal = openTerminal(ticket, {
      size: this.#local.size(),
      socket: (url, offers) => this.#openSocket(url, offers),
      onOutput: (bytes, seq) => this.#show(seq + bytes.length, bytes),
      // A snapshot begins with a reset.
      onSnapshot: ({ seq, bytes }) => this.#show(seq, bytes),
      onSize: (size) => this.#compareSize(size),
      onWelcome: (welcome) => this.#greet(welcome),
      onEvent: (event) => this.#notice(event),
      onExit: (exit) => {
        this.#exit = exit
      },
      onInputLost: () => writeNotice('Some input was lost.'),
      onState: (state, reason) => this.#onState(state, reason),
    })
    this.ended = this.#finish()
  }

  async #finish(): Promise<number> {
    try {
      const reason = await this.#end.promise
      await this.#written
      const code = this.#leftWith ?? this.#exitCode(reason)
      const isLeftRunning = code === null || this.#leftWith !== null
      if (isLeftRunning && this.#welcome !== null) await this.#local.resetModes()
      this.#local.restore()
      if (code === null) writeNotice(this.#sentenceOf(reason))
      else if (this.#leftWith === 0)
        writeTerminalNotice(`You left; the PTY session goes on: sallyport pty join ${this.#id}`)
      await Promise.race([this.#socketClosed, sleep(leaveMs)])
      return code ?? failureCode
    } finally {
      this.#local.restore()
      for (const signal of Object.keys(endingSignals)) process.off(signal, this.#endBySignal)
    }
  }

  /** Names the address that could not be reached: it is the first thing to check. */
  #sentenceOf({ closeCode, code, sentence }: CloseReason): string {
    if (closeCode === 1006 && this.#welcome === null) return `The gateway ${this.#gateway} could not be reached.`
    if (closeCode === 1006) return `${sentence} The gateway is ${this.#gateway}.`
    if (this.#target === null || code === null || !serverEnds.has(code)) return sentence
    return `${sentence} It is at ${this.#target.address}, port ${this.#target.port}.`
  }

  get #id(): string {
    return this.#welcome?.ptySessionId ?? ''
  }

  /** Returns null if the PTY session did not end by its program. */
  #exitCode({ code }: CloseReason): number | null {
    const isOwn = code === 'shell-exit' || code === null
    if (this.#exit === null || !isOwn) return null
    if (this.#exit.signal > 0) return 128 + this.#exit.signal
    return this.#exit.code >= 0 ? this.#exit.code : null
  }

  #openSocket(url: string, offers: string[]): WebSocket {
    const socket = new WebSocket(url, offers)
    this.#socketClosed = new Promise((resolve) => {
      socket.addEventListener('close', resolve)
    })
    return socket
  }

  readonly #endBySignal = (signal: NodeJS.Signals): void => {
    this.#leave(128 + (signal in endingSignals ? endingSignals[signal as keyof typeof endingSignals] : 0))
  }

  #leave(code: number): void {
    this.#leftWith ??= code
    this.#terminal.close()
  }

  /** Writes in order and acknowledges written output, so that a slow reader gets no more than it can take. */
  #show(seq: number, bytes: Uint8Array): void {
    this.#written = this.#written.then(() => this.#local.write(bytes))
    this.#written.then(
      () => this.#terminal.ack(seq),
      (error) => this.#end.reject(error),
    )
  }

  #greet(welcome: Welcome): void {
    const isFirst = this.#welcome === null
    this.#welcome = welcome
    if (isFirst) this.#begin(welcome)
    else writeNotice('Connected again.')
  }

  #begin(welcome: Welcome): void {
    writeTerminalNotice(welcomeSentence(welcome))
    if (this.#isObserver) this.#compareSize(welcome)
    // A program whose output is piped to an observer is not read.
    if (this.#isObserver && !this.#local.isTyped) return
    this.#local.acquire({
      onInput: (bytes) => this.#onKeys(bytes),
      onInputEnd: () => this.#endInput(),
      onSize: (size) => this.#terminal.resize(size),
    })
  }

  #endInput(): void {
    if (this.#local.isTyped) this.#leave(128 + endingSignals.SIGHUP)
    else this.#terminal.write(endOfInput)
  }

  #onKeys(bytes: Uint8Array): void {
    if (this.#local.isTyped) for (const act of this.#keys.take(bytes)) this.#do(act)
    else this.#terminal.write(bytes)
  }

  #do(act: KeyAction): void {
    switch (act.kind) {
      case 'input':
        if (!this.#isObserver) this.#terminal.write(act.bytes)
        else if (!this.#isHinted) writeTerminalNotice('You are watching: your input is not sent. ~. leaves, ~? helps.')
        this.#isHinted = true
        break
      case 'leave':
        this.#leave(0)
        break
      case 'help':
        writeTerminalLines(escapeHelp(this.#isObserver))
        break
      case 'pause':
        this.#ask({ action: this.#isPaused ? 'continue' : 'pause' })
        break
      case 'send-paste':
      case 'drop-paste':
        this.#isPastePending = false
        this.#ask({ action: 'confirm-paste', confirmed: act.kind === 'send-paste' })
        break
      case 'end':
      case 'present':
        this.#ask({ action: act.kind })
    }
  }

  #ask(request: Parameters<TerminalSocket['control']>[0]): void {
    if (!this.#terminal.control(request)) writeTerminalNotice('There is no connection at the moment; try again.')
  }

  #notice(event: TerminalEvent): void {
    if (event.kind === 'blocked' && event.why === 'paused-by-observer') this.#isPaused = true
    if (event.kind === 'blocked' && event.why === 'paste-unconfirmed') this.#isPastePending = true
    if (event.kind === 'unblocked') this.#isPaused = false
    const sentence = eventSentence(event, this.#welcome?.participant.id ?? '')
    if (sentence !== null && !this.#isRepeated(event, sentence)) writeTerminalNotice(sentence)
  }

  /** Each key typed while input is blocked is refused again, which is printed once. Notices about a paste are always printed. */
  #isRepeated(event: TerminalEvent, sentence: string): boolean {
    if (event.kind === 'unblocked') this.#blockNotices.clear()
    if (event.kind !== 'blocked' || event.why === 'paste-unconfirmed' || event.why === 'paste-too-large') return false
    const isRepeated = this.#blockNotices.has(sentence)
    this.#blockNotices.add(sentence)
    return isRepeated
  }

  #compareSize({ cols, rows }: { readonly cols: number; readonly rows: number }): void {
    const own = this.#local.size()
    if (!this.#isObserver || (own.cols === cols && own.rows === rows)) return
    writeTerminalNotice(`The terminal has ${cols} columns and ${rows} rows; yours has ${own.cols} and ${own.rows}.`)
  }

  #onState(state: TerminalState, reason: CloseReason | null): void {
    if (state === 'reconnecting') writeNotice(`${reason?.sentence ?? ''} Trying again; ~. leaves.`)
    else if (state === 'closed' && reason !== null) this.#end.resolve(reason)
  }
}
