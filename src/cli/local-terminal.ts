/** Cli: the terminal of whoever runs the command; however the process ends, its modes are those of before. */
import { spawnSync } from 'node:child_process'
import type { TerminalSize } from '../client/terminal-socket.ts'
import { CommandFailure } from './failure.ts'

/** Where nothing tells a size. */
const defaultSize: TerminalSize = { cols: 80, rows: 24 }

/**
 * Modes that programs leave set when nobody lets them end: the other screen, the soft reset (DECSTR), mouse, focus and
 * bracketed paste, the cursor. None of these moves the cursor or clears what is above.
 */
const modeReset = '\x1b[?1047l\x1b[!p\x1b[?9;1000;1002;1003;1004;1005;1006;1015;1016;2004l\x1b[?7h\x1b[?25h\x1b[0m'

/** What a local terminal tells of. */
export type LocalListener = {
  readonly onInput: (bytes: Uint8Array) => void
  /** Nothing more will be typed. */
  readonly onInputEnd: () => void
  readonly onSize: (size: TerminalSize) => void
}

/** Standard input and output, of which each is a terminal or is none. */
export class LocalTerminal {
  #isTaken = false
  #listener: LocalListener | null = null

  /** Whether somebody types. */
  get isTyped(): boolean {
    return process.stdin.isTTY === true
  }

  /** Returns the size of the terminal that shows the output, else of the one that shows the notices. */
  size(): TerminalSize {
    const shown = [process.stdout, process.stderr].find(({ isTTY }) => isTTY === true)
    const [cols = 0, rows = 0] = shown?.getWindowSize() ?? []
    return cols > 0 && rows > 0 ? { cols, rows } : defaultSize
  }

  /** Takes the terminal: every key is given on as it is typed, and shown by nobody here. */
  take(listener: LocalListener): void {
    this.#isTaken = true
    this.#listener = listener
    // The last word: also when something fails that nobody expected.
    process.on('exit', this.restore)
    process.on('SIGCONT', this.#setModesAgain)
    process.stdout.on('resize', this.#tellSize)
    if (this.isTyped) setRaw()
    process.stdin.on('data', listener.onInput)
    process.stdin.on('end', listener.onInputEnd)
    // A terminal that was closed cannot be read: nothing more will be typed there.
    process.stdin.on('error', listener.onInputEnd)
  }

  /** Gives the terminal back as it was; safe to call again. */
  readonly restore = (): void => {
    if (!this.#isTaken) return
    this.#isTaken = false
    process.off('exit', this.restore)
    process.off('SIGCONT', this.#setModesAgain)
    process.stdout.off('resize', this.#tellSize)
    if (this.#listener !== null) process.stdin.off('data', this.#listener.onInput)
    process.stdin.pause()
    if (this.isTyped) process.stdin.setRawMode(false)
  }

  /** Writes output; resolves once the bytes are written. @throws CommandFailure when they cannot be. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => {
        if (error === null || error === undefined) return resolve()
        const code = String((error as NodeJS.ErrnoException).code)
        reject(new CommandFailure(`The output cannot be written (${code}).`, { cause: error }))
      })
    })
  }

  /** Takes back the modes of a program that was left running. */
  async resetModes(): Promise<void> {
    if (process.stdout.isTTY === true) await this.write(Buffer.from(modeReset))
  }

  readonly #tellSize = (): void => this.#listener?.onSize(this.size())

  /** A shell that stopped the process has set the modes of its own; Node.js sets none that it believes to be set. */
  readonly #setModesAgain = (): void => {
    if (this.isTyped) {
      process.stdin.setRawMode(false)
      setRaw()
    }
    this.#tellSize()
  }
}

/** Node.js leaves a line feed return the carriage too (ONLCR), which the other end has done already where it is wanted. */
function setRaw(): void {
  process.stdin.setRawMode(true)
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
}
