/** Terminals: one command of a health check in a terminal of its own. Its time and output are bounded; its only input is a stop. */
import type { CancelTimer, Timers } from '../timers.ts'
import type { Terminal, TerminalExit, TerminalListener, TerminalRequest, Transport } from '../transports/transport.ts'

/** The limits of one command. */
export type CommandLimits = {
  readonly outputBytes: number
  readonly runMs: number
  /** Time in which a command must end after it was asked to stop. */
  readonly stopMs: number
}

/** 4 MiB and 60 s: more than a look at a server takes, too little to copy one. */
export const commandLimits: CommandLimits = { outputBytes: 4 * 1024 * 1024, runMs: 60_000, stopMs: 2_000 }

/** Why a command was stopped. */
export type StopCause = 'person' | 'time' | 'output'

/** How a command ended. */
export type CommandEnd =
  | {
      readonly kind: 'exited'
      readonly exit: TerminalExit
      readonly stopped: StopCause | null
      /** Bytes of output that were delivered. */
      readonly outputBytes: number
    }
  /** The transport could not open a terminal. */
  | { readonly kind: 'not-opened'; readonly cause: unknown }

/** What a command needs to run. */
export type CommandRunParts = {
  readonly transport: Transport
  readonly timers: Timers
  readonly limits: CommandLimits
}

/** What a terminal sends for Ctrl-C: the only byte that a command ever gets. */
const interrupt = 0x03

/** A running command. */
export class CommandRun {
  /** Resolves after the last output was delivered; never rejects. */
  readonly ended: Promise<CommandEnd>
  readonly #parts: CommandRunParts
  readonly #request: TerminalRequest
  readonly #listener: TerminalListener
  #terminal: Terminal | null = null
  #size: TerminalRequest['size']
  #isPaused = false
  #stopped: StopCause | null = null
  #isEnding = false
  #outputBytes = 0
  readonly #timers: CancelTimer[] = []

  /** Opens a terminal for the command of the request. */
  constructor(parts: CommandRunParts, request: TerminalRequest, listener: TerminalListener) {
    this.#parts = parts
    this.#request = request
    this.#listener = listener
    this.#size = request.size
    this.ended = this.#run()
  }

  /** Asks the command to stop, as Ctrl-C does, and ends its terminal if it does not. */
  stop(cause: StopCause): void {
    if (this.#stopped !== null) return
    this.#stopped = cause
    // A terminal that is not open yet cannot be interrupted: it ends when it opens.
    if (this.#terminal === null) this.#isEnding = true
    this.#terminal?.write(Uint8Array.of(interrupt))
    this.#timers.push(this.#parts.timers.after(this.#parts.limits.stopMs, () => this.end()))
  }

  /** Ends its terminal. */
  end(): void {
    this.#isEnding = true
    void this.#terminal?.end()
  }

  pause(): void {
    this.#isPaused = true
    this.#terminal?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#terminal?.resume()
  }

  resize(size: TerminalRequest['size']): void {
    this.#size = size
    this.#terminal?.resize(size)
  }

  async #run(): Promise<CommandEnd> {
    try {
      const exit = await this.#runTerminal()
      return { kind: 'exited', exit, stopped: this.#stopped, outputBytes: this.#outputBytes }
    } catch (cause) {
      return { kind: 'not-opened', cause }
    } finally {
      for (const cancel of this.#timers) cancel()
    }
  }

  async #runTerminal(): Promise<TerminalExit> {
    const { transport, timers, limits } = this.#parts
    const { onNotice } = this.#listener
    const terminal = await transport.open(this.#request, {
      onOutput: (bytes) => this.#takeOutput(bytes),
      ...(onNotice === undefined ? {} : { onNotice }),
    })
    this.#terminal = terminal
    terminal.resize(this.#size)
    if (this.#isPaused) terminal.pause()
    if (this.#isEnding) void terminal.end()
    else this.#timers.push(timers.after(limits.runMs, () => this.stop('time')))
    const exit = await terminal.exited
    // A transport that was asked to end has not failed, even if its client program reports a failure.
    return this.#isEnding ? { ...exit, failure: null } : exit
  }

  #takeOutput(bytes: Uint8Array): void {
    const room = this.#parts.limits.outputBytes - this.#outputBytes
    const taken = bytes.subarray(0, room)
    this.#outputBytes += taken.length
    if (taken.length > 0) this.#listener.onOutput(taken)
    if (bytes.length > room) this.stop('output')
  }
}
