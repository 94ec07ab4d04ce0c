/** Terminals: finds the programs that left the session of a local shell; a mark in their environment tells whose they were. */
import { readdir, readFile } from 'node:fs/promises'

/** Programs that are named in one sentence. */
const mostNamed = 5

/** Name of the variable that marks a local shell and what it starts; the value is the id of the PTY session. */
export const sessionVariable = 'SALLYPORT_PTY_SESSION'

/**
 * Returns the sentence that names the programs which a local shell detached and which run on; null if there is none.
 *
 * A program that was started without its environment, or that became another user's, is not found. Systems without
 * /proc tell nothing.
 *
 * @see proc_pid_environ(5)
 */
export async function detachedSentence(ptySessionId: string): Promise<string | null> {
  const mark = `${sessionVariable}=${ptySessionId}`
  const found = await Promise.all((await processIds()).map((id) => nameIfMarked(id, mark)))
  const names = found.filter((name) => name !== null)
  if (names.length === 0) return null
  const listed = names.slice(0, mostNamed).join(', ')
  const more = names.length > mostNamed ? `, and ${names.length - mostNamed} more` : ''
  return `What was detached (setsid) runs on: ${listed}${more}.`
}

async function processIds(): Promise<string[]> {
  return ((await readIfThere(() => readdir('/proc'))) ?? []).filter((name) => /^\d+$/.test(name))
}

async function nameIfMarked(id: string, mark: string): Promise<string | null> {
  const environment = await readIfThere(() => readFile(`/proc/${id}/environ`, 'latin1'))
  if (environment?.split('\0').includes(mark) !== true) return null
  const name = (await readIfThere(() => readFile(`/proc/${id}/comm`, 'latin1'))) ?? ''
  return `${name.replaceAll(/[^ -~]/g, '')} (process ${id})`
}

/** A process may end, or be another user's; what cannot be read is not told, and keeps no end waiting. */
async function readIfThere<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return null
  }
}
