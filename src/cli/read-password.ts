/** Cli: reads a new password from standard input or at a terminal, never from the command line. */
import { ask, readLines } from './ask.ts'
import { CommandFailure, UsageError } from './failure.ts'

/**
 * Returns the password: one line of standard input, or the text that the user types twice without an echo.
 *
 * @param fromStdin `--password-stdin` was given.
 * @throws UsageError when it was not given and standard input is no terminal.
 * @throws CommandFailure when the input is not one line of text, or the two passwords differ.
 */
export async function readPassword(fromStdin: boolean): Promise<string> {
  if (process.stdin.isTTY) return askTwice()
  if (!fromStdin) throw new UsageError('--password-stdin is needed if standard input is no terminal.')
  const [line = '', ...more] = await readLines(process.stdin)
  if (more.length > 0) throw new CommandFailure('Standard input holds more than one line.')
  if (line === '') throw new CommandFailure('Standard input holds no password.')
  return line
}

async function askTwice(): Promise<string> {
  const [first, again] = await ask(['Password: ', 'Password again: '].map((text) => ({ text, isEchoed: false })))
  if (first === '') throw new CommandFailure('The password is empty.')
  if (first === undefined || first !== again) throw new CommandFailure('The two passwords differ.')
  return first
}
