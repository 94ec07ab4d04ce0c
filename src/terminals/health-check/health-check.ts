/** Terminals: a health check is a terminal without a shell. The gateway reads the lines, and servers get only commands of the catalogue. */
import { isRefusal } from '../../core/errors.ts'
import type { Release } from '../../core/revocation/live-resources.ts'
import { type Catalogue, completeLine, helpLines, type LineVerdict, matchLine } from '../../core/terminals/catalogue.ts'
import { forcedCommand, lineLimits } from '../../core/terminals/command-words.ts'
import type { TerminalSize } from '../../protocol/terminal-frames.ts'
import type { AttachmentFacts } from '../attachment.ts'
import type { Terminal, TerminalExit, TerminalListener, TerminalRequest } from '../transports/transport.ts'
import {
  type CommandEnd,
  type CommandLimits,
  CommandRun,
  type CommandRunParts,
  commandLimits,
  type StopCause,
} from './command-run.ts'
import { endSentence, failureOf, lineSentences, unexpected } from './end-sentence.ts'
import { type EditorAct, emptyEditor, feed, type LineContext, paintEditor } from './line-editor.ts'
import { resetSequence } from './reset-sequence.ts'

/** The progress of a line; each judged line gets `refused` or `run`, and each `run` gets `ended`. */
export type CommandOutcome =
  | { readonly kind: 'refused'; readonly sentence: string }
  /** Reported before the server gets the command. */
  | { readonly kind: 'run'; readonly words: readonly string[] }
  | {
      readonly kind: 'ended'
      /** null: no terminal was opened for it. */
      readonly exit: TerminalExit | null
      readonly stopped: StopCause | null
      readonly outputBytes: number
    }

/** A line with its progress and its author. */
type RecordedLine = { readonly line: string; readonly outcome: CommandOutcome; readonly by: AttachmentFacts }

/** A line that is being judged, or runs. */
type Line = {
  readonly line: string
  readonly by: AttachmentFacts
  /** The access of its author has ended. */
  isStopped: boolean
  run: CommandRun | null
}

export type HealthCheckParts = Omit<CommandRunParts, 'limits'> & {
  /** Returns the implementor; null: there is none, and no input is accepted. */
  readonly typist: () => AttachmentFacts | null
  /** The catalogues of the implementor, read for every line, so that a removed command no longer runs. */
  readonly catalogues: () => Promise<readonly Catalogue[]>
  /** Registers a line and its command as a live resource; `stop` is called when the access of its author ends. */
  readonly hold: (by: AttachmentFacts, stop: () => void) => Release
  /** Writes the audit event and the event in the recording; rejects if the audit event cannot be stored. */
  readonly onCommand: (record: RecordedLine) => Promise<void>
  readonly limits?: CommandLimits
}

const tooLong = `The line is longer than ${lineLimits.line} characters.`

/** Most waiting pieces of input: a user may type ahead, but a flood is soon dropped. */
const mostWaiting = 64

/** The exit status after a requested end. */
const left: TerminalExit = { code: 0, signal: 0, failure: null }

const notOpened: CommandOutcome = { kind: 'ended', exit: null, stopped: null, outputBytes: 0 }

/** The exit status after the terminal hung up (SIGHUP), like a shell. */
const hungUp: TerminalExit = { code: -1, signal: 1, failure: null }

/** Returns a terminal that runs commands of the catalogues on the request's server, one at a time, each in a terminal of its own. */
export function openHealthCheck(
  parts: HealthCheckParts,
  request: TerminalRequest,
  listener: TerminalListener,
): Terminal {
  const check = new HealthCheck(parts, request, listener)
  // The caller gets the terminal before it writes anything.
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
  /**
   * Input waits while a line is judged and stored, is edited at the prompt, and is dropped except Ctrl-C while a
   * command runs.
   */
  #phase: 'reading' | 'editing' | 'running' | 'ended' = 'reading'
  #editor = emptyEditor
  #run: CommandRun | null = null
  #isEnding = false
  #isPaused = false
  #size: TerminalSize
  /** As last read; help and Tab show them. */
  #catalogues: readonly Catalogue[] = []
  #held: Uint8Array[] = []
  #waiting: { readonly bytes: Uint8Array; readonly by: AttachmentFacts }[] = []
  /** Input was dropped since something started to wait. */
  #isOverfull = false
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
    const by = this.#parts.typist()
    if (this.#phase === 'ended' || by === null) return 0
    const mustWait = this.#phase === 'reading' || (this.#isPaused && this.#phase === 'editing')
    if (mustWait) this.#wait(bytes, by)
    else this.#take(bytes, by)
    return this.#waiting.reduce((sum, { bytes: { length } }) => sum + length, 0)
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

  #wait(bytes: Uint8Array, by: AttachmentFacts): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push({ bytes: bytes.slice(), by })
    else if (!this.#isOverfull) {
      this.#isOverfull = true
      this.#say('\x07')
    }
  }

  /** Processes waiting input until a line was submitted, the output is paused, or nothing waits. */
  #takeWaiting(): void {
    while ((this.#phase === 'editing' || this.#phase === 'running') && !this.#isPaused) {
      const piece = this.#waiting.shift()
      if (piece === undefined) break
      // Input of an earlier implementor would otherwise be judged, and run, as another user's.
      if (this.#parts.typist()?.id === piece.by.id) this.#take(piece.bytes, piece.by)
    }
    if (this.#waiting.length > 0) return
    // The next input may be the rest of a line whose start was dropped.
    if (this.#isOverfull) this.#editor = { ...this.#editor, isCut: true }
    this.#isOverfull = false
    for (const resolve of this.#whenDrained.splice(0)) resolve()
  }

  #take(bytes: Uint8Array, by: AttachmentFacts): void {
    const isBusy = this.#phase === 'running'
    const { editor, echo, act } = feed(this.#editor, bytes, {
      ...this.#line(),
      isBusy,
      complete: (before) => completeLine(before, this.#catalogues),
    })
    this.#editor = editor
    this.#say(echo)
    this.#act(act, by)
  }

  #act(act: EditorAct, by: AttachmentFacts): void {
    if (act.kind === 'submit') this.#submit(act, by).catch((cause: unknown) => this.#fail(cause))
    else if (act.kind === 'end-of-input') this.#finish(left)
    else if (act.kind === 'stop') this.#run?.stop('person')
  }

  async #submit(
    { line, isCut }: { readonly line: string; readonly isCut: boolean },
    by: AttachmentFacts,
  ): Promise<void> {
    const wanted = line.trim()
    if (!isCut && wanted === 'exit') return this.#finish(left)
    if (!isCut && wanted === '') return this.#prompt()
    this.#phase = 'reading'
    const read: Line = { line, by, isStopped: false, run: null }
    const release = this.#parts.hold(by, () => {
      read.isStopped = true
      read.run?.end()
    })
    try {
      await this.#answer(read, isCut)
    } finally {
      release()
    }
  }

  async #answer(read: Line, isCut: boolean): Promise<void> {
    const failed = await this.#readCatalogues()
    if (this.#isOver()) return
    if (!isCut && read.line.trim() === 'help' && failed === null) {
      this.#sayLines(helpLines(this.#catalogues))
      return this.#prompt()
    }
    const verdict = failed === null ? this.#judge(read.line, isCut) : ({ kind: 'refused', sentence: failed } as const)
    await this.#obey(verdict, read)
  }

  /** No command runs, and no other line is judged, before the audit event of this one is stored. */
  async #obey(verdict: LineVerdict, read: Line): Promise<void> {
    const { line, by } = read
    const isRecorded = await this.#record({ line, outcome: verdict, by })
    const isRun = isRecorded && verdict.kind === 'run'
    if (isRun && !this.#isOver() && !read.isStopped) return this.#runCommand(verdict.words, read)
    if (isRun) await this.#record({ line, outcome: notOpened, by })
    if (this.#isOver()) return
    const sentence = verdict.kind === 'refused' ? verdict.sentence : lineSentences.stopped
    this.#sayLines([isRecorded ? sentence : lineSentences.unrecorded])
    this.#prompt()
  }

  #judge(line: string, isCut: boolean): LineVerdict {
    if (!isCut) return matchLine(line, this.#catalogues)
    const isLong = line.length >= lineLimits.line
    return { kind: 'refused', sentence: isLong ? tooLong : 'Something of the line came too fast to be read.' }
  }

  /** A command stops if its output cannot be delivered. */
  #fail(cause: unknown): void {
    this.#run?.end()
    this.#finish({ code: -1, signal: 0, failure: unexpected(cause) })
  }

  async #runCommand(words: readonly string[], read: Line): Promise<void> {
    const { line, by } = read
    const { transport, timers, limits = commandLimits } = this.#parts
    const run = new CommandRun(
      { transport, timers, limits },
      { ...this.#request, username: by.username, size: this.#size, command: forcedCommand(words) },
      { onOutput: (bytes) => this.#takeOutput(bytes), onNotice: (sentence) => this.#notice(sentence) },
    )
    this.#run = run
    read.run = run
    this.#phase = 'running'
    this.#isAtLineStart = true
    if (this.#isPaused) run.pause()
    this.#takeWaiting()
    const end = await run.ended
    this.#run = null
    this.#phase = 'reading'
    const record = this.#record({ line, outcome: reportedEnd(end), by })
    if (end.kind === 'exited' && end.outputBytes > 0) this.#say(resetSequence + (this.#isAtLineStart ? '' : '\r\n'))
    if (this.#concludeRun(end, limits)) return
    const isRecorded = await record
    if (this.#isOver()) return
    if (!isRecorded) this.#sayLines([lineSentences.endUnrecorded])
    this.#prompt()
  }

  /** Returns whether the health check ended with the command; that waits for nothing. */
  #concludeRun(end: CommandEnd, limits: CommandLimits): boolean {
    const failure = failureOf(end)
    const sentence = this.#isEnding ? null : endSentence(end, limits)
    if (sentence !== null) this.#sayLines([sentence])
    if (this.#isEnding) this.#finish(hungUp)
    else if (failure !== null) this.#finish(end.kind === 'exited' ? end.exit : { code: -1, signal: 0, failure })
    return this.#isOver()
  }

  #isOver(): boolean {
    return this.#phase === 'ended'
  }

  /** Reads the catalogues; returns the sentence if they cannot be read, and then there are none. */
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

  /** Resolves with whether the audit event is stored; never rejects. */
  async #record(record: RecordedLine): Promise<boolean> {
    try {
      await this.#parts.onCommand(record)
      return true
    } catch {
      return false
    }
  }

  #prompt(): void {
    this.#phase = 'editing'
    this.#say(paintEditor(this.#editor, this.#line()))
    this.#takeWaiting()
  }

  #line(): Pick<LineContext, 'prompt' | 'cols'> {
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

  /** The part that is the same for every command. */
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

  /** Delivers held output until it is paused; at the end all of it. */
  #handOver(): void {
    while (!this.#isPaused || this.#phase === 'ended') {
      const bytes = this.#held.shift()
      if (bytes === undefined) return
      this.#listener.onOutput(bytes)
    }
  }
}

function reportedEnd(end: CommandEnd): CommandOutcome {
  if (end.kind === 'not-opened') return notOpened
  return { kind: 'ended', exit: end.exit, stopped: end.stopped, outputBytes: end.outputBytes }
}
