/** Bench: the CPU of the bench itself, with all child processes: shells, clients and servers. */
import { readdirSync, readFileSync } from 'node:fs'

/** Ticks per second of Linux's counters (proc_pid_stat(5), USER_HZ). */
const ticksPerSecond = 100

type Entry = { readonly parent: number; readonly ticks: number }

/** Returns the CPU seconds of this process and of all its descendants, also ended ones; 0 on other systems than Linux. */
export function readTree(): number {
  if (process.platform !== 'linux') return 0
  const entries = new Map<number, Entry>()
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? readEntry(name) : null
    if (entry !== null) entries.set(Number(name), entry)
  }
  let ticks = 0
  for (const [id, entry] of entries) if (isOurs(id, entries)) ticks += entry.ticks
  return ticks / ticksPerSecond
}

/** Returns null if the process ended meanwhile. */
function readEntry(name: string): Entry | null {
  let text: string
  try {
    text = readFileSync(`/proc/${name}/stat`, 'latin1')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return null
    throw error
  }
  // After the name, which may contain any character: state, parent, and as the 12th to 15th the times, also of ended children.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const ticks = fields.slice(11, 15).reduce((sum, count) => sum + count, 0)
  return { parent: fields[1] ?? 0, ticks }
}

function isOurs(id: number, entries: ReadonlyMap<number, Entry>): boolean {
  for (let at: number | undefined = id; at !== undefined && at > 1; at = entries.get(at)?.parent) {
    if (at === process.pid) return true
  }
  return false
}
