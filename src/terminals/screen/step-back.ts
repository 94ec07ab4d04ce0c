/** Terminals: lets the thread that calls step back behind the others, where the system has priorities of threads. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A tenth of a core that others want too: a program is not slowed by its screen, and whoever joins still gets it. */
const niceness = 10

/** Lowers the priority of this thread; where that is not to be had, it goes on as it was. */
export function stepBack(): void {
  // On Linux a niceness is that of one thread, and a thread is asked for by its own number, which Node.js does not tell.
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), niceness)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
  }
}
