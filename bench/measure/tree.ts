/** Bench: what the bench uses itself, all of its processes together: shells, clients and servers below it count as its own. */
import { readdirSync, readFileSync } from 'node:fs'

/** Ticks a second in which Linux counts (proc_pid_stat(5), USER_HZ). */
const ticksPerSecond = 100

type Entry = { readonly parent: number; readonly ticks: number }

/** Returns the CPU seconds of this process and of all below it, those that ended included; 0 where the system does not tell. */
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

/** null: it ended meanwhile. */
function readEntry(name: string): Entry | null {
  let text: string
  try {
    text = readFileSync(`/proc/${name}/stat`, 'latin1')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return null
    throw error
  }
  // Behind the name, which may hold anything: state, parent, and as the 12th to 15th the times, those of ended children too.
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
