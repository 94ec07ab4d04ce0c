/** Cli: attaches the terminal of whoever runs the command to a PTY session, and returns it as it was. */
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

/** Exit code of an end that is not the program's own, as ssh has it. */
const failureCode = 255

/** Signals that end the command, by their numbers. */
const endingSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** 1 s for the gateway to hear that somebody leaves; else it would keep the slot for whoever may come back. */
const leaveMs = 1_000

/** Ends of a terminal that never came to its server, or was cut off from it. */
const serverEnds: ReadonlySet<string> = new Set([
  'host-key-mismatch',
  'connection-refused',
  'unreachable',
  'connection-lost',
])

/** Where a terminal leads, for whoever has to find out why it did not. */
export type TerminalTarget = { readonly address: string; readonly port: number }

/** Byte that ends the input of a terminal. */
const endOfInput = Uint8Array.of(0x04)

/**
 * Attaches to the PTY session that the ticket opens, until it ends or is left.
 *
 * @param target null: it is not known here.
 * @returns the exit code of the command: that of the program, 128 and its signal, 0 where somebody left, else 255 with a
 * sentence on standard error.
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
  /** Exit code of somebody who left; null: nobody did. */
  #leftWith: number | null = null
  /** What was said of input that is held, since it passed last. */
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
      // It begins with a reset of its own.
      onSnapshot: ({ seq, bytes }) => this.#show(seq, bytes),
      onSize: (size) => this.#compareSize(size),
      onWelcome: (welcome) => this.#greet(welcome),
      onEvent: (event) => this.#tell(event),
      onExit: (exit) => {
        this.#exit = exit
      },
      onInputLost: () => writeNotice('Some of what was typed was lost.'),
      onState: (state, reason) => this.#tellState(state, reason),
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

  /** Of what could not be reached the address is told: it is the first thing to look at. */
  #sentenceOf({ closeCode, code, sentence }: CloseReason): string {
    if (closeCode === 1006 && this.#welcome === null) return `The gateway ${this.#gateway} could not be reached.`
    if (closeCode === 1006) return `${sentence} The gateway is ${this.#gateway}.`
    if (this.#target === null || code === null || !serverEnds.has(code)) return sentence
    return `${sentence} It is at ${this.#target.address}, port ${this.#target.port}.`
  }

  get #id(): string {
    return this.#welcome?.ptySessionId ?? ''
  }

  /** null: the program did not end by itself. */
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

  /** Writes in order and acknowledges what is written: whoever reads slowly is sent no more than fits. */
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
    // Nobody types into what is only watched; a program that sends something is not read.
    if (this.#isObserver && !this.#local.isTyped) return
    this.#local.take({
      onInput: (bytes) => this.#takeKeys(bytes),
      onInputEnd: () => this.#endInput(),
      onSize: (size) => this.#terminal.resize(size),
    })
  }

  #endInput(): void {
    if (this.#local.isTyped) this.#leave(128 + endingSignals.SIGHUP)
    else this.#terminal.write(endOfInput)
  }

  #takeKeys(bytes: Uint8Array): void {
    if (this.#local.isTyped) for (const act of this.#keys.take(bytes)) this.#do(act)
    else this.#terminal.write(bytes)
  }

  #do(act: KeyAction): void {
    switch (act.kind) {
      case 'input':
        if (!this.#isObserver) this.#terminal.write(act.bytes)
        else if (!this.#isHinted)
          writeTerminalNotice('You are watching: what you type is not sent. ~. leaves, ~? helps.')
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
    if (!this.#terminal.control(request)) writeTerminalNotice('There is no connection now; try again.')
  }

  #tell(event: TerminalEvent): void {
    if (event.kind === 'blocked' && event.why === 'paused-by-observer') this.#isPaused = true
    if (event.kind === 'blocked' && event.why === 'paste-unconfirmed') this.#isPastePending = true
    if (event.kind === 'unblocked') this.#isPaused = false
    const sentence = eventSentence(event, this.#welcome?.participant.id ?? '')
    if (sentence !== null && !this.#isRepeated(event, sentence)) writeTerminalNotice(sentence)
  }

  /** Each key that is typed while input is held is refused anew; that is said once. What is said of a paste is of that one. */
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

  #tellState(state: TerminalState, reason: CloseReason | null): void {
    if (state === 'reconnecting') writeNotice(`${reason?.sentence ?? ''} Trying again; ~. leaves.`)
    else if (state === 'closed' && reason !== null) this.#end.resolve(reason)
  }
}
