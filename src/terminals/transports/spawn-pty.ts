/** Terminals: runs a program as the leader of its own session under a PTY. The exit comes after all of its output. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown } from 'node:fs/promises'
import { constants } from 'node:os'
import type { TerminalSize } from '../../protocol/terminal-frames.ts'
import type { CancelTimer, Timers } from '../timers.ts'
import { failedTerminal } from './failed-terminal.ts'
import { InputQueue } from './input-queue.ts'
import { OutputReader } from './output-reader.ts'
import { openPtyPair, type PtyPair } from './pty-pair.ts'
import { SessionEnd } from './session-end.ts'
import type { Terminal, TerminalExit, TerminalListener } from './transport.ts'

/** 300 ms: how long descendants may hold the terminal after its leader has ended. */
const descendantsMs = 300

/** Opens the device, which becomes the terminal of the session that Node.js started, and then becomes the program. */
const takeTerminal = 'exec "$@" 0<>"$0" 1>&0 2>&0'

/** A program to run. */
export type PtyProgram = {
  /** Absolute path. */
  readonly command: string
  readonly args: readonly string[]
  /** Its whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly size: TerminalSize
  /** `/` by default. */
  readonly directory?: string
  /** Numeric id of the terminal's OS user; by default our own. Others need root. */
  readonly ownerUid?: number
  /** Called when no process of the session is left; returns a sentence about programs that left it, or null. */
  readonly whatIsLeft?: () => Promise<string | null>
}

/** Runs a program under a new PTY. If this machine cannot, the returned terminal has ended with that failure. */
export async function spawnPty(program: PtyProgram, listener: TerminalListener, timers: Timers): Promise<Terminal> {
  let pair: PtyPair
  try {
    pair = await openPtyPair(program.size)
  } catch (error) {
    return failedTerminal({ kind: 'not-possible-here', detail: `no terminal could be opened: ${messageOf(error)}` })
  }
  const reader = new OutputReader(pair.masterFd, listener)
  try {
    if (program.ownerUid !== undefined) await chown(pair.slavePath, program.ownerUid, -1)
    const leader = await startLeader(program, pair.slavePath)
    return new PtyTerminal({ pair, reader, leader, listener, timers, whatIsLeft: program.whatIsLeft })
  } catch (error) {
    reader.finish()
    pair.release()
    return failedTerminal({ kind: 'not-possible-here', detail: `the program could not be run: ${messageOf(error)}` })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

type Leader = { readonly process: ChildProcess; readonly id: number }

async function startLeader(program: PtyProgram, slavePath: string): Promise<Leader> {
  const words = ['-c', takeTerminal, slavePath, program.command, ...program.args]
  const process = spawn('/bin/sh', words, {
    detached: true,
    stdio: 'ignore',
    env: program.env,
    cwd: program.directory ?? '/',
  })
  const { pid } = process
  if (pid !== undefined) return { process, id: pid }
  const [error] = await once(process, 'error')
  throw error
}

type PtyTerminalParts = {
  readonly pair: PtyPair
  readonly reader: OutputReader
  readonly leader: Leader
  readonly listener: TerminalListener
  readonly timers: Timers
  readonly whatIsLeft: PtyProgram['whatIsLeft']
}

class PtyTerminal implements Terminal {
  readonly #pair: PtyPair
  readonly #reader: OutputReader
  readonly #timers: Timers
  readonly #input: InputQueue
  readonly #sessionEnd: SessionEnd
  readonly #listener: TerminalListener
  readonly #whatIsLeft: PtyProgram['whatIsLeft']
  readonly #settle: (exit: TerminalExit) => void
  readonly exited: Promise<TerminalExit>
  #leaderExit: TerminalExit | null = null
  #isPaused = false
  #isEnding = false
  #isOver = false
  #cancelDeadline: CancelTimer | null = null

  constructor({ pair, reader, leader, listener, timers, whatIsLeft }: PtyTerminalParts) {
    this.#pair = pair
    this.#reader = reader
    this.#timers = timers
    this.#listener = listener
    this.#whatIsLeft = whatIsLeft
    this.#input = new InputQueue({ writeSome: (bytes) => reader.writeSome(bytes), timers })
    const { promise, resolve } = Promise.withResolvers<TerminalExit>()
    this.exited = promise
    this.#settle = resolve
    this.#sessionEnd = new SessionEnd({
      leader: leader.id,
      timers,
      onOutlived: () => listener.onNotice?.('A program ignored the hang-up and was killed.'),
    })
    leader.process.once('exit', (code, signal) => this.#leaderEnded(code, signal))
    void reader.ended.then(() => this.#outputEnded())
  }

  write(bytes: Uint8Array): number {
    return this.#input.write(bytes)
  }

  drained(): Promise<void> {
    return this.#input.drained()
  }

  resize(size: TerminalSize): void {
    if (this.#reader.isOpen) this.#pair.resize(size)
  }

  pause(): void {
    if (this.#isEnding) return
    this.#isPaused = true
    this.#reader.pause()
    this.#cancelDeadline?.()
    this.#cancelDeadline = null
  }

  resume(): void {
    this.#isPaused = false
    this.#reader.resume()
    if (this.#leaderExit !== null) this.#startDeadline()
  }

  async end(): Promise<TerminalExit> {
    if (!this.#isOver) {
      if (!this.#isEnding) {
        this.#isEnding = true
        // Waiting input was meant for a program that must not continue.
        this.#input.close()
        this.#sessionEnd.begin(this.#leaderExit === null)
        // The PTY holds less than 128 KiB: a paused listener can take it, and the end must not wait.
        this.resume()
      }
      await this.#sessionEnd.done
    }
    return this.exited
  }

  #leaderEnded(code: number | null, signal: NodeJS.Signals | null): void {
    const number = signal === null ? 0 : constants.signals[signal]
    this.#leaderExit = { code: number === 0 ? (code ?? -1) : -1, signal: number, failure: null }
    this.#pair.release()
    this.#input.close()
    this.#sessionEnd.leaderEnded()
    if (!this.#reader.isOpen) this.#finish()
    else if (!this.#isPaused) this.#startDeadline()
  }

  #outputEnded(): void {
    // A terminal that was taken away from its program (vhangup(2)) is useless.
    if (this.#leaderExit === null) void this.end()
    else this.#finish()
  }

  #startDeadline(): void {
    this.#cancelDeadline ??= this.#timers.after(descendantsMs, () => this.#finish())
  }

  #finish(): void {
    if (this.#isOver || this.#leaderExit === null) return
    this.#isOver = true
    this.#cancelDeadline?.()
    this.#reader.finish()
    void this.#tellEnd(this.#leaderExit)
  }

  async #tellEnd(exit: TerminalExit): Promise<void> {
    await this.#sessionEnd.done
    const sentence = (await this.#whatIsLeft?.()) ?? null
    if (sentence !== null) this.#listener.onNotice?.(sentence)
    this.#settle(exit)
  }
}
