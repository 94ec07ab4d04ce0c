/** Cli: runs a verb at a server with the saved session. A refusal of the server is printed in the server's own sentence. */
import { ControlClient, type ControlError, type Fetch, isControlError, unanswered } from '../client/client.ts'
import { version } from '../config/version.ts'
import { CommandFailure } from './failure.ts'
import { readSavedSession, type SavedSession, savedSessionPath, updateSavedSession } from './saved-session.ts'
import { namedServer, serverVariable } from './server-url.ts'

/** Flags of every verb that calls a server. */
export type ServerFlags = { readonly server?: string; readonly json?: boolean }

/** The option `--server` of verbs that need a session, for Commander. */
export const serverOption: readonly [flags: string, sentence: string] = [
  '--server <URL>',
  `Server; must be the one of the saved session. (${serverVariable})`,
]

/**
 * Calls a server with the saved session.
 *
 * @throws CommandFailure without a session, and when the server refuses or does not answer.
 */
export async function withSession<Value>(
  { server: flag }: ServerFlags,
  work: (client: ControlClient, server: string) => Promise<Value>,
): Promise<Value> {
  const path = savedSessionPath(process.env)
  const saved = requireSession(readSavedSession(path), namedServer(flag, process.env))
  const { server, session } = saved
  const client = createClient(server, { session, onSession: (next) => updateSavedSession(path, saved, next) })
  try {
    return await work(client, server)
  } catch (error) {
    if (!isControlError(error)) throw error
    const isSessionOver = error.status === 401 && client.session === null
    throw isSessionOver ? sessionOver(error) : failureOf(error, server)
  }
}

/** Returns a client that sends the name of this program. */
export function createClient(
  baseUrl: string,
  more: Partial<ConstructorParameters<typeof ControlClient>[0]>,
): ControlClient {
  return new ControlClient({ baseUrl, fetch: fetchWithUserAgent, ...more })
}

/** Returns the failure of a call that the server refused or did not answer. */
export function failureOf(error: ControlError, server: string): CommandFailure {
  return new CommandFailure(sentenceOf(error, server), { cause: error })
}

const fetchWithUserAgent: Fetch = (url, init) => {
  const headers = new Headers(init.headers)
  headers.set('user-agent', `sallyport/${version.number}`)
  return fetch(url, { ...init, headers })
}

function requireSession(saved: SavedSession | null, named: string | null): SavedSession {
  if (saved === null) throw new CommandFailure('You are not signed in; sign in with sallyport login.')
  if (named === null || named === saved.server) return saved
  throw new CommandFailure(`You are not signed in at ${named}; sign in with sallyport login --server ${named}.`)
}

function sessionOver(error: ControlError): CommandFailure {
  const sentence = `${error.title.replace(/\.$/, '')}; sign in again with sallyport login.`
  return new CommandFailure(sentence, { cause: error })
}

function sentenceOf(error: ControlError, server: string): string {
  const { type, title, fields, retryAfterSeconds } = error
  if (type === unanswered.noAnswer) return `The server ${server} did not answer${reasonOf(error)}.`
  if (type === unanswered.timeLimit) return title.replace('The server', `The server ${server}`)
  const faults = fields.map(({ field, description }) => ` ${field}: ${description}`)
  const wait = retryAfterSeconds === null ? '' : ` Try again in ${retryAfterSeconds} s.`
  return `${title}${faults.join('')}${wait}`
}

/** The system error is two causes deep: fetch wraps it in its own error. */
function reasonOf({ cause }: Error): string {
  const inner = cause instanceof Error ? cause.cause : null
  const code = inner instanceof Error && 'code' in inner ? inner.code : null
  return typeof code === 'string' ? ` (${code})` : ''
}
