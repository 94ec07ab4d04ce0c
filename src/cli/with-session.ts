/** Cli: runs one command at a server as whoever is signed in there; what the server refuses is said in its own sentence. */
import { ControlClient, type ControlError, type Fetch, isControlError, unanswered } from '../client/client.ts'
import { version } from '../config/version.ts'
import { CommandFailure } from './failure.ts'
import { readSavedSession, type SavedSession, savedSessionPath, updateSavedSession } from './saved-session.ts'
import { namedServer, serverVariable } from './server-url.ts'

/** Flags of every verb that talks to a server. */
export type ServerFlags = { readonly server?: string; readonly json?: boolean }

/** What `--server` says of itself where a session is needed. */
export const serverOption: readonly [flags: string, sentence: string] = [
  '--server <URL>',
  `Server that must be the one signed in at. (${serverVariable})`,
]

/**
 * Runs a command as whoever is signed in.
 *
 * @throws CommandFailure when nobody is, and where the server refuses or does not answer.
 */
export async function withSession<Value>(
  { server: flag }: ServerFlags,
  work: (client: ControlClient, server: string) => Promise<Value>,
): Promise<Value> {
  const named = namedServer(flag, process.env)
  const path = savedSessionPath(process.env)
  const kept = requireSavedSession(readSavedSession(path), named)
  const { server, session } = kept
  const client = createClient(server, { session, onSession: (next) => updateSavedSession(path, kept, next) })
  try {
    return await work(client, server)
  } catch (error) {
    if (!isControlError(error)) throw error
    const isOver = error.status === 401 && client.session === null
    throw explainRefusal(isOver ? signInAgain(error.title) : null, error, server)
  }
}

/** Makes a client that says what program it is. */
export function createClient(
  baseUrl: string,
  more: Partial<ConstructorParameters<typeof ControlClient>[0]>,
): ControlClient {
  return new ControlClient({ baseUrl, fetch: fetchByName, ...more })
}

/** Says what a server refused, or that it did not answer. @param sentence what is said instead of its own; null: nothing. */
export function explainRefusal(sentence: string | null, error: ControlError, server: string): CommandFailure {
  return new CommandFailure(sentence ?? sentenceOf(error, server), { cause: error })
}

const fetchByName: Fetch = (url, init) => {
  const headers = new Headers(init.headers)
  headers.set('user-agent', `sallyport/${version.number}`)
  return fetch(url, { ...init, headers })
}

function requireSavedSession(kept: SavedSession | null, named: string | null): SavedSession {
  if (kept === null) throw new CommandFailure('Nobody is signed in; sign in with sallyport login.')
  if (named === null || named === kept.server) return kept
  throw new CommandFailure(`Nobody is signed in at ${named}; sign in with sallyport login --server ${named}.`)
}

function signInAgain(title: string): string {
  return `${title.replace(/\.$/, '')}; sign in again with sallyport login.`
}

function sentenceOf(error: ControlError, server: string): string {
  const { type, title, fields, retryAfterSeconds } = error
  if (type === unanswered.noAnswer) return `The server ${server} did not answer${reasonOf(error)}.`
  if (type === unanswered.timeLimit) return title.replace('The server', `The server ${server}`)
  const said = fields.map(({ field, description }) => ` ${field}: ${description}`)
  const wait = retryAfterSeconds === null ? '' : ` Try again in ${retryAfterSeconds} s.`
  return `${title}${said.join('')}${wait}`
}

/** What the system said is two causes deep: fetch has an error of its own around it. */
function reasonOf({ cause }: Error): string {
  const inner = cause instanceof Error ? cause.cause : null
  const code = inner instanceof Error && 'code' in inner ? inner.code : null
  return typeof code === 'string' ? ` (${code})` : ''
}
