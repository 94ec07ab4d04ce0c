/** Terminals: the processes of a session, as Linux lists them. */
import { readdir, readFile } from 'node:fs/promises'

/**
 * Returns the ids of all processes of the session of `leader`, in any process group, without zombies. Empty on systems
 * without /proc.
 *
 * @see proc_pid_stat(5): state is field 3, session field 6, both after the parenthesised name.
 */
export async function sessionProcesses(leader: number): Promise<number[]> {
  const found = await Promise.all((await processIds()).map(async (id) => ((await isIn(leader, id)) ? [id] : [])))
  return found.flat()
}

async function processIds(): Promise<number[]> {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function isIn(session: number, id: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${id}/stat`, 'latin1')
    const [state, , , sessionId] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(sessionId) === session && state !== 'Z' && state !== 'X'
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(String((error as NodeJS.ErrnoException).code))) return false
    throw error
  }
}
