/** Cli: the verbs `login`, `logout` and `whoami`. One session is saved at a time, for all commands of this OS user. */
import type { Command } from 'commander'
import { type ControlClient, isControlError } from '../client/client.ts'
import { CommandFailure } from './failure.ts'
import { jsonOption, printJson, printLines, printPairs, visible } from './output.ts'
import { readSignIn, type SignInAnswers } from './read-sign-in.ts'
import { readSavedSession, type SavedSession, savedSessionPath, saveSession } from './saved-session.ts'
import { defaultServer, namedServer, serverVariable } from './server-url.ts'
import { createClient, failureOf, type ServerFlags, serverOption, withSession } from './with-session.ts'

type LoginFlags = ServerFlags & {
  readonly username?: string
  readonly passwordStdin?: boolean
  readonly everywhere?: boolean
}

/** Adds the three verbs. */
export function addLoginVerbs(program: Command): void {
  program
    .command('login')
    .description('Sign in at a server and save the session for the verbs that call it.')
    .option('--server <URL>', `Server. (${serverVariable}, default the previous one, else ${defaultServer})`)
    .option('--username <NAME>', 'Name, or admin:NAME if both roles have it; asked for at a terminal.')
    .option('--password-stdin', 'Reads the password from standard input, and a code from its second line.')
    .action(login)
  program
    .command('logout')
    .description('End the saved session; terminals that it opened end too.')
    .option(...serverOption)
    .option('--everywhere', 'Ends every session of the account.')
    .action(logout)
  program
    .command('whoami')
    .description('Show the signed-in account.')
    .option(...serverOption)
    .option(...jsonOption)
    .action(whoAmI)
}

async function login(flags: LoginFlags): Promise<void> {
  const path = savedSessionPath(process.env)
  const server = namedServer(flags.server, process.env) ?? previousSession(path)?.server ?? defaultServer
  const answers = await readSignIn(flags)
  const client = createClient(server, {
    onSession: (session) => {
      if (session !== null) saveSession(path, { server, session })
    },
  })
  try {
    await signIn(client, answers)
  } catch (error) {
    throw isControlError(error) ? failureOf(error, server) : error
  }
  await printLines([`Signed in at ${server} as ${visible(answers.username)}.`])
}

/** An unreadable file is replaced by the sign-in. */
function previousSession(path: string): SavedSession | null {
  try {
    return readSavedSession(path)
  } catch (error) {
    if (error instanceof CommandFailure) return null
    throw error
  }
}

async function signIn(client: ControlClient, { username, password, code }: SignInAnswers): Promise<void> {
  try {
    await client.signIn({ username, password })
  } catch (error) {
    if (!isControlError(error, 'second-factor-required')) throw error
    await client.signIn({ username, password, otp: await code() })
  }
}

async function logout(flags: LoginFlags): Promise<void> {
  await withSession(flags, (client) => (flags.everywhere === true ? client.endAll() : client.signOut()))
  await printLines([flags.everywhere === true ? 'Signed out everywhere.' : 'Signed out.'])
}

async function whoAmI(flags: LoginFlags): Promise<void> {
  const { account, server } = await withSession(flags, async (client, at) => ({
    account: await client.account(),
    server: at,
  }))
  if (flags.json === true) return printJson({ server, ...account })
  await printPairs({
    server,
    username: account.username,
    role: account.role,
    email: account.email,
    groups: account.groups,
    organizations: account.organizations.map(({ name }) => name),
    'second factor': account.second_factor,
    expires: account.expires_at,
  })
}
