/** Cli: reads name, password and code at a terminal or from standard input. Password and code are never on the command line. */
import { ask, readLines } from './ask.ts'
import { CommandFailure, UsageError } from './failure.ts'

/** The input of a sign-in. */
export type SignInAnswers = {
  readonly username: string
  readonly password: string
  /** Returns the code of the second factor; asks for it only now. @throws CommandFailure when there is none. */
  readonly code: () => Promise<string>
}

/**
 * Returns name and password.
 *
 * @param flags `passwordStdin`: the first line of standard input is the password, the second, if any, is the code.
 * @throws UsageError when a part is missing and standard input is no terminal.
 */
export async function readSignIn(flags: {
  readonly username?: string
  readonly passwordStdin?: boolean
}): Promise<SignInAnswers> {
  const isTerminal = process.stdin.isTTY
  if (flags.username === undefined && !isTerminal)
    throw new UsageError('--username is needed if standard input is no terminal.')
  if (isTerminal) return await askUser(flags.username)
  if (flags.passwordStdin !== true) throw new UsageError('--password-stdin is needed if standard input is no terminal.')
  return await readInput(flags.username ?? '')
}

async function askUser(given: string | undefined): Promise<SignInAnswers> {
  const passwordAlone = { text: 'Password: ', isEchoed: false }
  const answers = await ask(
    given === undefined ? [{ text: 'Username: ', isEchoed: true }, passwordAlone] : [passwordAlone],
  )
  const [username = '', password = ''] = given === undefined ? answers : [given, ...answers]
  if (username === '') throw new CommandFailure('The name is empty.')
  if (password === '') throw new CommandFailure('The password is empty.')
  return {
    username,
    password,
    code: async () => requireCode((await ask([{ text: 'Code: ', isEchoed: true }]))[0]),
  }
}

async function readInput(username: string): Promise<SignInAnswers> {
  const [password = '', code, ...more] = await readLines(process.stdin)
  if (password === '') throw new CommandFailure('Standard input holds no password.')
  if (more.length > 0) throw new CommandFailure('Standard input holds more than a password and a code.')
  return { username, password, code: () => Promise.resolve(requireCode(code)) }
}

function requireCode(code: string | undefined): string {
  const bare = code?.trim() ?? ''
  if (bare !== '') return bare
  throw new CommandFailure('The code of the second factor is needed; on standard input it is the second line.')
}
