/** Terminals: a shell's plumbing without a process, kept honest by the contract that real shells also pass; for tests and benches. */
import type { TerminalSize } from '../../protocol/terminal-frames.ts'
import type { Terminal, TerminalExit, TerminalListener, TerminalRequest, Transport } from './transport.ts'

/** 64 KiB: what one read of the pattern brings. */
const chunkBytes = 64 * 1024
const lineBytes = 16
const prompt = '$ '
const signals = { hangUp: 1, interrupt: 2 }

const interrupt = 0x03
const endOfInput = 0x04
const backspace = 0x08
const lineFeed = 0x0a
const carriageReturn = 0x0d
const erase = 0x7f

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const patternChunk = encoder.encode(
  Array.from({ length: chunkBytes / lineBytes }, (_, line) => `${String(line).padStart(lineBytes - 2, '.')}\r\n`).join(
    '',
  ),
)

/** Returns what the command `bytes N` puts out: numbered lines of 16 bytes, 4,096 of them again and again. */
export function echoPattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => patternChunk[at % chunkBytes] ?? 0)
}

/**
 * Opens terminals that echo like a cooked TTY and know the commands `exit N`, `bytes N`, `size`, and `deaf`, after
 * which no input is read any more. A request's command is run in place of the shell.
 */
export class EchoTransport implements Transport {
  readonly #open = new Set<Terminal>()

  open(request: TerminalRequest, listener: TerminalListener): Promise<Terminal> {
    const terminal = new EchoTerminal(request, listener)
    this.#open.add(terminal)
    void terminal.exited.then(() => this.#open.delete(terminal))
    return Promise.resolve(terminal)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((terminal) => terminal.end()))
  }
}

class EchoTerminal implements Terminal {
  readonly #onOutput: (bytes: Uint8Array) => void
  readonly #settle: (exit: TerminalExit) => void
  readonly exited: Promise<TerminalExit>
  /** The command in place of a shell; null: a shell. */
  readonly #command: string | null
  #size: TerminalSize
  #hasBegun = false
  #line: number[] = []
  #echo: number[] = []
  #input: Uint8Array[] = []
  #inputBytes = 0
  /** What the running command has put out of how much. */
  #pattern = { at: 0, length: 0 }
  #isDeaf = false
  #isPaused = false
  #isOver = false
  #isTurnSet = false
  #onDrained: (() => void)[] = []

  constructor({ size, command }: TerminalRequest, { onOutput }: TerminalListener) {
    this.#size = size
    this.#command = command
    this.#onOutput = onOutput
    const { promise, resolve } = Promise.withResolvers<TerminalExit>()
    this.exited = promise
    this.#settle = resolve
    this.#setTurn()
  }

  write(bytes: Uint8Array): number {
    if (this.#isOver) return 0
    this.#input.push(bytes.slice())
    this.#inputBytes += bytes.byteLength
    if (bytes.includes(interrupt)) this.#pattern = { at: 0, length: 0 }
    this.#setTurn()
    return this.#inputBytes
  }

  drained(): Promise<void> {
    if (this.#inputBytes === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDrained.push(resolve)
    })
  }

  resize(size: TerminalSize): void {
    this.#size = size
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#setTurn()
  }

  end(): Promise<TerminalExit> {
    this.#finish(-1, signals.hangUp)
    return this.exited
  }

  get #isBusy(): boolean {
    return this.#isDeaf || this.#isOver || this.#pattern.at < this.#pattern.length
  }

  #setTurn(): void {
    if (this.#isTurnSet || this.#isOver) return
    this.#isTurnSet = true
    setImmediate(() => this.#turn())
  }

  /** A step of the loop: what is paused neither puts out nor reads, as a program that waits for a full PTY. */
  #turn(): void {
    this.#isTurnSet = false
    if (this.#isPaused || this.#isOver) return
    if (!this.#hasBegun) this.#begin()
    else if (this.#pattern.at < this.#pattern.length) this.#putPattern()
    else this.#read()
    // Whoever paused at the pattern's last chunk gets the prompt after it when they go on.
    if (!this.#isPaused) this.#flushEcho()
    if (this.#hasWork) this.#setTurn()
  }

  get #hasWork(): boolean {
    return this.#pattern.at < this.#pattern.length || this.#echo.length > 0 || (this.#input.length > 0 && !this.#isDeaf)
  }

  #begin(): void {
    this.#hasBegun = true
    if (this.#command === null) this.#put(prompt)
    else this.#run(this.#command)
  }

  #putPattern(): void {
    const { at, length } = this.#pattern
    const chunk = patternChunk.slice(0, Math.min(chunkBytes, length - at))
    this.#pattern = { at: at + chunk.byteLength, length }
    this.#onOutput(chunk)
    if (this.#pattern.at === length) this.#commandIsOver()
  }

  #read(): void {
    const bytes = this.#input.shift()
    if (bytes === undefined || this.#isDeaf) return
    let taken = 0
    for (const byte of bytes) {
      taken += 1
      this.#key(byte)
      if (this.#isBusy) break
    }
    if (this.#isOver) return
    this.#inputBytes -= taken
    if (taken < bytes.byteLength) this.#input.unshift(bytes.subarray(taken))
    if (this.#inputBytes === 0) this.#tellDrained()
  }

  #key(byte: number): void {
    if (byte === carriageReturn || byte === lineFeed) this.#enter()
    else if (byte === backspace || byte === erase) this.#erase()
    else if (byte === interrupt) this.#interrupt()
    else if (byte !== endOfInput) {
      this.#line.push(byte)
      this.#echo.push(byte)
    } else if (this.#line.length === 0) this.#finish(0, 0)
  }

  #enter(): void {
    const words = decoder.decode(Uint8Array.from(this.#line))
    this.#line = []
    this.#put('\r\n')
    this.#run(words)
  }

  #erase(): void {
    const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80
    if (this.#line.length === 0) return
    while (isContinuation(this.#line.at(-1))) this.#line.pop()
    this.#line.pop()
    this.#put('\b \b')
  }

  #interrupt(): void {
    this.#line = []
    this.#put('^C\r\n')
    if (this.#command === null) this.#put(prompt)
    else this.#finish(-1, signals.interrupt)
  }

  #run(words: string): void {
    const [verb = '', argument = '0'] = words.trim().split(/\s+/)
    if (verb === 'exit') this.#finish(Number(argument), 0)
    else if (verb === 'deaf') {
      this.#isDeaf = true
      this.#put('deaf\r\n')
    } else if (verb === 'bytes' && Number(argument) > 0) {
      this.#pattern = { at: 0, length: Number(argument) }
    } else {
      if (verb === 'size') this.#put(`${this.#size.cols} x ${this.#size.rows}\r\n`)
      else if (verb !== '') this.#put(`${verb}: not found\r\n`)
      this.#commandIsOver()
    }
  }

  #commandIsOver(): void {
    if (this.#command === null) this.#put(prompt)
    else this.#finish(0, 0)
  }

  #put(text: string): void {
    this.#echo.push(...encoder.encode(text))
  }

  #flushEcho(): void {
    if (this.#echo.length === 0) return
    const bytes = Uint8Array.from(this.#echo)
    this.#echo = []
    this.#onOutput(bytes)
  }

  #finish(code: number, signal: number): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#flushEcho()
    this.#input = []
    this.#inputBytes = 0
    this.#tellDrained()
    this.#settle({ code, signal, failure: null })
  }

  #tellDrained(): void {
    const told = this.#onDrained
    this.#onDrained = []
    for (const tell of told) tell()
  }
}
