/** Terminals: finds the programs that left the session of a local shell, by a mark in their environment. */
import { readdir, readFile } from 'node:fs/promises'

/** Most programs that are named in one sentence. */
const mostNamed = 5

/** Name of the variable that marks a local shell and what it starts; the value is the id of the PTY session. */
export const sessionVariable = 'SALLYPORT_PTY_SESSION'

/**
 * Returns the sentence that names programs which a local shell detached and which keep running; null: there are none.
 *
 * A program with a new environment, or of another user, is not found. On systems without /proc none is found.
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
  return `Detached programs (setsid) still run: ${listed}${more}.`
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

/** A process may end, or belong to another user; it is then left out. */
async function readIfThere<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return null
  }
}
