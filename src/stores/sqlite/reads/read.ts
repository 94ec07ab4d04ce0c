/** SQLite store: reads run at once on the main thread's connection. This is their form, and how they become promises. */
import { setImmediate } from 'node:timers/promises'
import { Refusal } from '../../../core/errors.ts'
import type { Reads } from '../../../core/store.ts'

/** The named reads, each as a synchronous function. */
export type ImmediateReads<Name extends keyof Reads> = {
  readonly [Read in Name]: (...given: Parameters<Reads[Read]>) => Awaited<ReturnType<Reads[Read]>>
}

type AnyRead = (...given: readonly unknown[]) => unknown

/** Returns the reads as promises; every failure is STORE_UNAVAILABLE. */
export function asPromises(reads: ImmediateReads<keyof Reads>): Reads {
  const entries = Object.entries(reads).map(([name, read]) => [name, asPromise(name, read as AnyRead)])
  return Object.fromEntries(entries) as Reads
}

/** Lists by page: other work of the thread gets a turn before each page. */
const paged: ReadonlySet<string> = new Set([
  'accounts',
  'members',
  'servers',
  'changes',
  'policies',
] satisfies (keyof Reads)[])

function asPromise(name: string, read: AnyRead): (...given: readonly unknown[]) => Promise<unknown> {
  return async (...given) => {
    if (paged.has(name)) await setImmediate()
    try {
      return read(...given)
    } catch (cause) {
      throw new Refusal('STORE_UNAVAILABLE', { detail: `the read ${name} failed`, retryAfterSeconds: 1, cause })
    }
  }
}
