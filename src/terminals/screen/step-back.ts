/** Terminals: lowers the priority of the calling thread, if the system has thread priorities. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A tenth of a contended core: a screen does not slow a program, and clients that join still get it. */
const niceness = 10

/** Lowers the priority of this thread; if that is not possible, nothing changes. */
export function stepBack(): void {
  // On Linux a niceness belongs to one thread and is set by the thread's number, which Node.js does not expose.
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), niceness)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
  }
}
