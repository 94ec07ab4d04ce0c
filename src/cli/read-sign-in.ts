/** Cli: takes what a sign-in needs from a person at a terminal, or from standard input; never from the command line. */
import { ask, readLines } from './ask.ts'
import { CommandFailure, UsageError } from './failure.ts'

/** What a sign-in is made of. */
export type SignInAnswers = {
  readonly username: string
  readonly password: string
  /** Returns the code of the second factor; a person is asked only now. @throws CommandFailure when there is none. */
  readonly code: () => Promise<string>
}

/**
 * Returns name and password.
 *
 * @param flags `passwordStdin`: the first line of standard input is the password, the second, if any, is the code.
 * @throws UsageError when something lacks and there is nobody to ask.
 */
export async function readSignIn(flags: {
  readonly username?: string
  readonly passwordStdin?: boolean
}): Promise<SignInAnswers> {
  const isAsked = process.stdin.isTTY
  if (flags.username === undefined && !isAsked)
    throw new UsageError('--username is needed where no terminal can ask for the name.')
  if (isAsked) return await askPerson(flags.username)
  if (flags.passwordStdin !== true)
    throw new UsageError('--password-stdin is needed where no terminal can ask for the password.')
  return await readInput(flags.username ?? '')
}

async function askPerson(known: string | undefined): Promise<SignInAnswers> {
  const passwordAlone = { text: 'Password: ', isSeen: false }
  const answers = await ask(
    known === undefined ? [{ text: 'Username: ', isSeen: true }, passwordAlone] : [passwordAlone],
  )
  const [username = '', password = ''] = known === undefined ? answers : [known, ...answers]
  if (username === '') throw new CommandFailure('The name is empty.')
  if (password === '') throw new CommandFailure('The password is empty.')
  return {
    username,
    password,
    code: async () => requireCode((await ask([{ text: 'Code: ', isSeen: true }]))[0]),
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
  throw new CommandFailure('A code of the second factor is needed; on standard input it is the second line.')
}
