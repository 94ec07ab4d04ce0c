/** Cli: the user's own terminal. However the process ends, the terminal gets its old modes back. */
import { spawnSync } from 'node:child_process'
import type { TerminalSize } from '../client/terminal-socket.ts'
import { cannotWrite } from './failure.ts'

/** The size without a terminal. */
const defaultSize: TerminalSize = { cols: 80, rows: 24 }

/**
 * Resets modes that a running program may have set: alternate screen, soft reset (DECSTR), mouse, focus and bracketed
 * paste, cursor. Moves no cursor and clears nothing above it.
 */
const modeReset = '\x1b[?1047l\x1b[!p\x1b[?9;1000;1002;1003;1004;1005;1006;1015;1016;2004l\x1b[?7h\x1b[?25h\x1b[0m'

/** Gets the input and the size of a local terminal. */
export type LocalListener = {
  readonly onInput: (bytes: Uint8Array) => void
  /** There is no more input. */
  readonly onInputEnd: () => void
  readonly onSize: (size: TerminalSize) => void
}

/** Standard input and output. Each may be a terminal or not. */
export class LocalTerminal {
  #isAcquired = false
  #listener: LocalListener | null = null

  /** Whether standard input is a terminal. */
  get isTyped(): boolean {
    return process.stdin.isTTY === true
  }

  /** Returns the size of the terminal of standard output, else of standard error. */
  size(): TerminalSize {
    const shown = [process.stdout, process.stderr].find(({ isTTY }) => isTTY === true)
    const [cols = 0, rows = 0] = shown?.getWindowSize() ?? []
    return cols > 0 && rows > 0 ? { cols, rows } : defaultSize
  }

  /** Sets raw mode: every key goes to the listener as it is typed, without an echo. */
  acquire(listener: LocalListener): void {
    this.#isAcquired = true
    this.#listener = listener
    // Also after an unexpected error.
    process.on('exit', this.restore)
    process.on('SIGCONT', this.#setModesAgain)
    process.stdout.on('resize', this.#reportSize)
    if (this.isTyped) setRawMode()
    process.stdin.on('data', listener.onInput)
    process.stdin.on('end', listener.onInputEnd)
    // A closed terminal gives a read error.
    process.stdin.on('error', listener.onInputEnd)
  }

  /** Restores the old modes; safe to call again. */
  readonly restore = (): void => {
    if (!this.#isAcquired) return
    this.#isAcquired = false
    process.off('exit', this.restore)
    process.off('SIGCONT', this.#setModesAgain)
    process.stdout.off('resize', this.#reportSize)
    if (this.#listener !== null) process.stdin.off('data', this.#listener.onInput)
    process.stdin.pause()
    if (this.isTyped) process.stdin.setRawMode(false)
  }

  /** Writes output; resolves once the bytes are written. @throws CommandFailure when they cannot be written. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => {
        if (error === null || error === undefined) resolve()
        else reject(cannotWrite('The output', error))
      })
    })
  }

  /** Resets the modes of a program that was left running. */
  async resetModes(): Promise<void> {
    if (process.stdout.isTTY === true) await this.write(Buffer.from(modeReset))
  }

  readonly #reportSize = (): void => this.#listener?.onSize(this.size())

  /** The shell changed the modes while the process was stopped. Node.js skips a mode that it believes to be set. */
  readonly #setModesAgain = (): void => {
    if (this.isTyped) {
      process.stdin.setRawMode(false)
      setRawMode()
    }
    this.#reportSize()
  }
}

/** Node.js leaves output processing (ONLCR) on. The other end has done it already, so it is switched off here. */
function setRawMode(): void {
  process.stdin.setRawMode(true)
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
}
