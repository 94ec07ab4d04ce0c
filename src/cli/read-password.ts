/** Cli: takes a new password from standard input or from a person at a terminal, never from the command line. */
import { ask, readLines } from './ask.ts'
import { CommandFailure, UsageError } from './failure.ts'

/**
 * Returns the password: one line of standard input, or what a person types twice without seeing it.
 *
 * @param fromStdin `--password-stdin` was given.
 * @throws UsageError when it was not, and there is nobody to ask.
 * @throws CommandFailure when what came is not one line of text, or the two differ.
 */
export async function readPassword(fromStdin: boolean): Promise<string> {
  if (process.stdin.isTTY) return askTwice()
  if (!fromStdin) throw new UsageError('--password-stdin is needed where no terminal can ask for the password.')
  const [line = '', ...more] = await readLines(process.stdin)
  if (more.length > 0) throw new CommandFailure('Standard input holds more than the one line of a password.')
  if (line === '') throw new CommandFailure('Standard input holds no password.')
  return line
}

async function askTwice(): Promise<string> {
  const [first, again] = await ask(['Password: ', 'Password again: '].map((text) => ({ text, isSeen: false })))
  if (first === '') throw new CommandFailure('The password is empty.')
  if (first === undefined || first !== again) throw new CommandFailure('The two passwords differ.')
  return first
}
