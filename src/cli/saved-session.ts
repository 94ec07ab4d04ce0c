/** Cli: the file with the session of `login`. Only its owner can read it, and it is replaced as a whole. */
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
import { CommandFailure, systemCode } from './failure.ts'
import { visible } from './output.ts'

/** A session with the server that issued it. */
export type SavedSession = { readonly server: string; readonly session: SessionAnswer }

/** Returns the path of the file: below `$XDG_STATE_HOME`, else below `~/.local/state` (XDG Base Directory). */
export function savedSessionPath(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME: stateHome = '' } = env
  // The specification ignores a path that is not absolute.
  return join(isAbsolute(stateHome) ? stateHome : join(homedir(), '.local/state'), 'sallyport', 'session.json')
}

/**
 * Returns the saved session; null: there is none.
 *
 * @throws CommandFailure when the file cannot be read, or holds no session.
 */
export function readSavedSession(path: string): SavedSession | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw unusable(path, error)
  }
  const saved = parse(text)
  if (saved !== null) return saved
  throw new CommandFailure(`${visible(path)} holds no session; sign in again with sallyport login.`)
}

/** Replaces the saved session. @throws CommandFailure when the file cannot be written. */
export function saveSession(path: string, saved: SavedSession): void {
  const folder = dirname(path)
  const temporary = `${path}.${randomUUID()}`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    writeDurably(temporary, `${JSON.stringify(saved)}\n`)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw unusable(path, error)
  }
}

/**
 * Replaces a saved session by its successor, or removes the file when the session has ended.
 *
 * Does nothing if another command signed in again or out in the meantime. Two commands that refresh at the same time write
 * the same successor, because the server answers a repeated exchange with the same tokens.
 *
 * @param next null: the session has ended.
 */
export function updateSavedSession(path: string, { server, session }: SavedSession, next: SessionAnswer | null): void {
  if (readSavedSession(path)?.session.session_id !== session.session_id) return
  if (next === null) rmSync(path, { force: true })
  else saveSession(path, { server, session: next })
}

/** Syncs the file before it is renamed, so that a power failure cannot lose the session. */
function writeDurably(path: string, text: string): void {
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
  return new CommandFailure(`The session file ${visible(path)} cannot be used (${systemCode(cause)}).`, { cause })
}
