/** Terminals: a health check is a terminal without a shell; the gateway reads the lines, and servers get catalogue commands alone. */
import { printable } from '../../core/audit/printable.ts'
import { isRefusal } from '../../core/errors.ts'
import { type Catalogue, completeLine, helpLines, type LineVerdict, matchLine } from '../../core/terminals/catalogue.ts'
import { forcedCommand, lineLimits } from '../../core/terminals/command-words.ts'
import { endReasons } from '../../core/terminals/ends.ts'
import type { TerminalSize } from '../../protocol/terminal-frames.ts'
import type {
  Terminal,
  TerminalExit,
  TerminalListener,
  TerminalRequest,
  TransportFailure,
} from '../transports/transport.ts'
import {
  type CommandEnd,
  type CommandLimits,
  CommandRun,
  type CommandRunParts,
  commandLimits,
  type StopCause,
} from './command-run.ts'
import { type EditorAct, emptyEditor, feed, paintEditor, type Surroundings } from './line-editor.ts'

/** What became of a line; each that was judged is told once as `refused` or `run`, each `run` once more as `ended`. */
export type CommandOutcome =
  | { readonly kind: 'refused'; readonly sentence: string }
  /** Told before the server hears of it. */
  | { readonly kind: 'run'; readonly words: readonly string[] }
  | {
      readonly kind: 'ended'
      /** null: no terminal was opened for it. */
      readonly exit: TerminalExit | null
      readonly stopped: StopCause | null
      readonly outputBytes: number
    }

/** What a health check is made of. */
export type HealthCheckParts = Omit<CommandRunParts, 'limits'> & {
  /** The catalogues of whoever types, read anew for every line: what was taken back runs no more. */
  readonly catalogues: () => Promise<readonly Catalogue[]>
  /** Makes the audit event, and the event in the record. */
  readonly onCommand?: (told: { readonly line: string; readonly outcome: CommandOutcome }) => void
  readonly limits?: CommandLimits
}

/** As a program that left when it was told to. */
const left: TerminalExit = { code: 0, signal: 0, failure: null }

/** As a shell whose terminal hung up (SIGHUP). */
const hungUp: TerminalExit = { code: -1, signal: 1, failure: null }

/**
 * Takes away what the output of a command may leave a terminal in: a sequence that was cut, the alternate screen, margins,
 * colours, a hidden cursor, reports of mouse and focus, bracketed paste. The cursor stays where it is.
 *
 * CAN and ST end whatever was begun; DECSC goes first because leaving the alternate screen restores a cursor; DECSTR is the
 * soft reset (xterm Control Sequences, "CSI ! p").
 */
export const resetSequence =
  '\x18\x1b\\\x1b7\x1b[?1049l\x1b[!p\x1b[0m\x1b(B\x0f\x1b[?7h\x1b[?25h\x1b[?9;1000;1002;1003;1004;1005;1006;1015;2004l'

/** Returns a terminal that runs commands of the catalogues on the request's server, one at a time, each in a terminal of its own. */
export function openHealthCheck(
  parts: HealthCheckParts,
  request: TerminalRequest,
  listener: TerminalListener,
): Terminal {
  const check = new HealthCheck(parts, request, listener)
  // Whoever opens it holds the terminal before it says something.
  queueMicrotask(() => check.start())
  return {
    write: (bytes) => check.write(bytes),
    drained: () => check.drained(),
    resize: (size) => check.resize(size),
    pause: () => check.pause(),
    resume: () => check.resume(),
    end: () => check.end(),
    exited: check.exited,
  }
}

class HealthCheck {
  readonly exited: Promise<TerminalExit>
  readonly #settle: (exit: TerminalExit) => void
  readonly #parts: HealthCheckParts
  readonly #request: TerminalRequest
  readonly #listener: TerminalListener
  /** Input waits while the catalogues are read, is edited at the prompt, and is dropped but for Ctrl-C while a command runs. */
  #phase: 'reading' | 'editing' | 'running' | 'ended' = 'reading'
  #editor = emptyEditor
  #run: CommandRun | null = null
  #isEnding = false
  #isPaused = false
  #size: TerminalSize
  /** As they were read last; help and Tab show them. */
  #catalogues: readonly Catalogue[] = []
  #held: Uint8Array[] = []
  #waiting: Uint8Array[] = []
  #whenDrained: (() => void)[] = []
  #isAtLineStart = true
  readonly #noticed = new Set<string>()

  constructor(parts: HealthCheckParts, request: TerminalRequest, listener: TerminalListener) {
    this.#parts = parts
    this.#request = request
    this.#listener = listener
    this.#size = request.size
    const { promise, resolve } = Promise.withResolvers<TerminalExit>()
    this.exited = promise
    this.#settle = resolve
  }

  start(): void {
    this.#greet().catch((cause: unknown) => this.#fail(cause))
  }

  async #greet(): Promise<void> {
    const { server, osUser } = this.#request
    const failed = await this.#readCatalogues()
    if (this.#phase === 'ended') return
    const isEmpty = failed === null && this.#catalogues.length === 0
    this.#sayLines([
      `Health check of ${server.name} as ${osUser}: commands of your catalogue run here, and nothing else does.`,
      'help lists them, Ctrl-C stops one, exit leaves.',
      ...(isEmpty ? ['No group of yours has a catalogue, so that nothing can be run.'] : []),
      ...(failed === null ? [] : [failed]),
    ])
    this.#prompt()
  }

  write(bytes: Uint8Array): number {
    if (this.#phase === 'ended') return 0
    const mustWait = this.#phase === 'reading' || (this.#isPaused && this.#phase === 'editing')
    if (mustWait) this.#waiting.push(bytes.slice())
    else this.#take(bytes)
    return this.#waiting.reduce((sum, { length }) => sum + length, 0)
  }

  drained(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenDrained.push(resolve))
  }

  resize(size: TerminalSize): void {
    this.#size = size
    this.#run?.resize(size)
  }

  pause(): void {
    this.#isPaused = true
    this.#run?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#run?.resume()
    this.#handOver()
    this.#takeWaiting()
  }

  end(): Promise<TerminalExit> {
    this.#isEnding = true
    if (this.#run === null) this.#finish(hungUp)
    else this.#run.end()
    return this.exited
  }

  /** Reads what waits, until a line was submitted, the output is paused, or nothing waits. */
  #takeWaiting(): void {
    while ((this.#phase === 'editing' || this.#phase === 'running') && !this.#isPaused) {
      const bytes = this.#waiting.shift()
      if (bytes === undefined) break
      this.#take(bytes)
    }
    if (this.#waiting.length > 0) return
    for (const resolve of this.#whenDrained.splice(0)) resolve()
  }

  #take(bytes: Uint8Array): void {
    const isBusy = this.#phase === 'running'
    const { editor, echo, act } = feed(this.#editor, bytes, {
      ...this.#line(),
      isBusy,
      complete: (before) => completeLine(before, this.#catalogues),
    })
    this.#editor = editor
    this.#say(echo)
    this.#act(act)
  }

  #act(act: EditorAct): void {
    if (act.kind === 'submit') this.#submit(act).catch((cause: unknown) => this.#fail(cause))
    else if (act.kind === 'end-of-input') this.#finish(left)
    else if (act.kind === 'stop') this.#run?.stop('person')
  }

  async #submit({ line, isCut }: { readonly line: string; readonly isCut: boolean }): Promise<void> {
    const wanted = line.trim()
    if (!isCut && wanted === 'exit') return this.#finish(left)
    if (!isCut && wanted === '') return this.#prompt()
    this.#phase = 'reading'
    const failed = await this.#readCatalogues()
    if (this.#isOver()) return
    if (!isCut && wanted === 'help' && failed === null) {
      this.#sayLines(helpLines(this.#catalogues))
      return this.#prompt()
    }
    const verdict = failed === null ? this.#judge(line, isCut) : ({ kind: 'refused', sentence: failed } as const)
    this.#tell(line, verdict)
    if (verdict.kind === 'run') return await this.#runCommand(line, verdict.words)
    this.#sayLines([verdict.sentence])
    this.#prompt()
  }

  #judge(line: string, isCut: boolean): LineVerdict {
    if (!isCut) return matchLine(line, this.#catalogues)
    return { kind: 'refused', sentence: `The line is longer than ${lineLimits.line} characters.` }
  }

  /** Nothing runs on where a line could not be told, or its output not be handed over. */
  #fail(cause: unknown): void {
    this.#run?.end()
    this.#finish({ code: -1, signal: 0, failure: unexpected(cause) })
  }

  async #runCommand(line: string, words: readonly string[]): Promise<void> {
    const { transport, timers, limits = commandLimits } = this.#parts
    const run = new CommandRun(
      { transport, timers, limits },
      { ...this.#request, size: this.#size, command: forcedCommand(words) },
      { onOutput: (bytes) => this.#takeOutput(bytes), onNotice: (sentence) => this.#notice(sentence) },
    )
    this.#run = run
    this.#phase = 'running'
    this.#isAtLineStart = true
    if (this.#isPaused) run.pause()
    this.#takeWaiting()
    const end = await run.ended
    this.#run = null
    this.#tell(line, toldEnd(end))
    if (end.kind === 'exited' && end.outputBytes > 0) this.#say(resetSequence + (this.#isAtLineStart ? '' : '\r\n'))
    this.#concludeRun(end, limits)
  }

  #concludeRun(end: CommandEnd, limits: CommandLimits): void {
    const failure = failureOf(end)
    const sentence = this.#isEnding ? null : endSentence(end, limits)
    if (sentence !== null) this.#sayLines([sentence])
    if (this.#isEnding) this.#finish(hungUp)
    else if (failure === null) this.#prompt()
    else this.#finish(end.kind === 'exited' ? end.exit : { code: -1, signal: 0, failure })
  }

  #isOver(): boolean {
    return this.#phase === 'ended'
  }

  /** Reads the catalogues; returns the sentence where they cannot be read, and then there are none. */
  async #readCatalogues(): Promise<string | null> {
    try {
      this.#catalogues = await this.#parts.catalogues()
      return null
    } catch (cause) {
      this.#catalogues = []
      if (isRefusal(cause)) return `The catalogue cannot be read, so that nothing is run: ${cause.message}`
      return 'The catalogue cannot be read, so that nothing is run.'
    }
  }

  #tell(line: string, outcome: CommandOutcome): void {
    this.#parts.onCommand?.({ line, outcome })
  }

  #prompt(): void {
    this.#phase = 'editing'
    this.#say(paintEditor(this.#editor, this.#line()))
    this.#takeWaiting()
  }

  #line(): Pick<Surroundings, 'prompt' | 'cols'> {
    const { osUser, server } = this.#request
    return { prompt: `${osUser}@${server.name}> `, cols: this.#size.cols }
  }

  #finish(exit: TerminalExit): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    this.#waiting = []
    this.#takeWaiting()
    this.#handOver()
    this.#settle(exit)
  }

  #sayLines(lines: readonly string[]): void {
    this.#say(lines.map((line) => `${line}\r\n`).join(''))
  }

  #say(text: string): void {
    if (text !== '') this.#emit(new TextEncoder().encode(text))
  }

  /** What is so of every command is said once. */
  #notice(sentence: string): void {
    if (this.#noticed.has(sentence)) return
    this.#noticed.add(sentence)
    this.#listener.onNotice?.(sentence)
  }

  #takeOutput(bytes: Uint8Array): void {
    this.#isAtLineStart = bytes.at(-1) === 0x0a
    this.#emit(bytes)
  }

  #emit(bytes: Uint8Array): void {
    this.#held.push(bytes)
    this.#handOver()
  }

  /** Hands over what is held, until it is paused; at the end all of it, because nobody resumes what is over. */
  #handOver(): void {
    while (!this.#isPaused || this.#phase === 'ended') {
      const bytes = this.#held.shift()
      if (bytes === undefined) return
      this.#listener.onOutput(bytes)
    }
  }
}

function toldEnd(end: CommandEnd): CommandOutcome {
  if (end.kind === 'not-opened') return { kind: 'ended', exit: null, stopped: null, outputBytes: 0 }
  return { kind: 'ended', exit: end.exit, stopped: end.stopped, outputBytes: end.outputBytes }
}

/** A gateway that is busy may have room for the next command; any other failure is the transport's, and ends the check. */
function failureOf(end: CommandEnd): TransportFailure | null {
  if (end.kind === 'exited') return end.exit.failure
  return isRefusal(end.cause) ? null : unexpected(end.cause)
}

function unexpected(cause: unknown): TransportFailure {
  return { kind: 'not-possible-here', detail: printable(String(cause)) }
}

function endSentence(end: CommandEnd, limits: CommandLimits): string | null {
  if (end.kind === 'not-opened' && isRefusal(end.cause)) return end.cause.message
  const failure = failureOf(end)
  if (failure !== null) return endReasons[failure.kind].sentence
  if (end.kind === 'not-opened') return null
  if (end.stopped === 'time') return `The command was stopped: it ran for ${limits.runMs / 1_000} seconds.`
  if (end.stopped === 'output') return `The command was stopped: it put out more than ${limits.outputBytes} bytes.`
  if (end.stopped === 'person') return 'The command was stopped.'
  const { code, signal } = end.exit
  if (signal !== 0) return `The command was ended by signal ${signal}.`
  return code === 0 ? null : `Exit status ${code}.`
}
