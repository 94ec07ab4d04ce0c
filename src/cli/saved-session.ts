/** Cli: the file that a session is kept in between commands; its owner's alone, and whole at every moment. */
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import type { SessionAnswer } from '../client/client.ts'
import { CommandFailure } from './failure.ts'
import { visible } from './output.ts'

/** A session with where it was begun. */
export type SavedSession = { readonly server: string; readonly session: SessionAnswer }

/** Returns where the session is kept: below `$XDG_STATE_HOME`, else below `~/.local/state` (XDG Base Directory). */
export function savedSessionPath(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME: stateHome = '' } = env
  // The specification says that a path that is not absolute is not obeyed.
  return join(isAbsolute(stateHome) ? stateHome : join(homedir(), '.local/state'), 'sallyport', 'session.json')
}

/**
 * Returns the session that is kept; null: there is none.
 *
 * @throws CommandFailure when the file cannot be read, or holds something else.
 */
export function readSavedSession(path: string): SavedSession | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unusable(path, error)
  }
  const kept = parse(text)
  if (kept !== null) return kept
  throw new CommandFailure(`${visible(path)} holds no session; sign in again with sallyport login.`)
}

/**
 * Keeps a session in place of whatever was kept.
 *
 * @throws CommandFailure when it cannot be written.
 */
export function saveSession(path: string, kept: SavedSession): void {
  const folder = dirname(path)
  const fresh = `${path}.${randomUUID()}`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    writeWhole(fresh, `${JSON.stringify(kept)}\n`)
    renameSync(fresh, path)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw unusable(path, error)
  }
}

/**
 * Follows a session that is kept: its successors replace it, and its end takes the file away.
 *
 * A command that runs beside others touches nothing once somebody has signed in anew, or out. Two that refresh at the
 * same time write the same successor, because the server answers a repeated exchange alike.
 *
 * @param next null: the session is over.
 */
export function updateSavedSession(path: string, { server, session }: SavedSession, next: SessionAnswer | null): void {
  if (readSavedSession(path)?.session.session_id !== session.session_id) return
  if (next === null) rmSync(path, { force: true })
  else saveSession(path, { server, session: next })
}

/** On the disk before it is renamed: a file that lost its bytes in a power failure would be a lost session. */
function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function parse(text: string): SavedSession | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  const { server, session } = (value ?? {}) as Partial<SavedSession>
  const texts = [server, session?.session_id, session?.access_token, session?.refresh_token]
  return texts.every((member) => typeof member === 'string' && member !== '') ? (value as SavedSession) : null
}

function unusable(path: string, cause: unknown): CommandFailure {
  const code = String((cause as NodeJS.ErrnoException).code)
  return new CommandFailure(`The session cannot be kept in ${visible(path)} (${code}).`, { cause })
}
