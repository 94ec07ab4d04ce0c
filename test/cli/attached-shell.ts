/** Cli tests: a shell in a real PTY that runs the command. */
import { constants } from 'node:os'
import type { TestContext } from 'node:test'
import type { FrameHandler } from '../fixtures/conversation.ts'
import { runUnderPty } from '../fixtures/pty.ts'
import type { ClientHome } from './client-home.ts'
import { launcher, plainEnvironment } from './sallyport-process.ts'

/** The end of a command in a shell. */
export type ShellEnd = {
  readonly code: number
  /** Whether the terminal has its old modes. */
  readonly isSame: boolean
}

/**
 * Runs a command in a shell of a home, in a PTY of 80 by 24. Prints its process id and the modes before and after.
 *
 * @param command begins with `sallyport`; the rest goes to the shell.
 */
export async function attachedShell(
  t: Pick<TestContext, 'after'>,
  home: ClientHome,
  command: string,
): Promise<FrameHandler> {
  const env = Object.entries(plainEnvironment('/nowhere', home.env)).map(([name, value]) => `export ${name}='${value}'`)
  const lines = [
    ...env,
    `sallyport() { sh -c 'echo "process $$." >&2; exec "$0" "$@"' '${launcher}' "$@"; }`,
    'echo "before $(stty -g)"',
    command,
    'echo "ended with $?"',
    'echo "after $(stty -g)"',
  ]
  const shell = await runUnderPty(lines.join('\n'))
  t.after(() => shell.terminal.end())
  return shell
}

/** Resolves at the end of the shell. */
export async function endOf(shell: FrameHandler): Promise<ShellEnd> {
  await shell.terminal.exited
  const text = shell.text()
  const [before, after] = ['before', 'after'].map((word) => new RegExp(`${word} (\\S+)\r\n`).exec(text)?.[1])
  const code = Number(/ended with (\d+)\r\n/.exec(text)?.[1] ?? Number.NaN)
  return { code, isSame: before !== undefined && before === after }
}

/** Waits for the command's process and returns its id. */
export async function processOf(shell: FrameHandler): Promise<number> {
  await shell.until('\r\nprocess ')
  return Number.parseInt(await shell.until('.\r\n'), 10)
}

/** Waits until the shell is attached and returns the id of the PTY session. */
export async function attachedTo(shell: FrameHandler): Promise<string> {
  await shell.until('PTY session ')
  const id = (await shell.until(' ')).trim()
  await shell.until('; ~? for help.\r\n')
  return id
}

/** Returns the exit code of a command that left at a signal. */
export function signalCode(signal: 'SIGTERM' | 'SIGHUP' | 'SIGINT'): number {
  return 128 + constants.signals[signal]
}
