/** Terminals: sends the last output of a shell before the end of the session. */
import type { Reader } from './reader.ts'
import type { Timers } from './timers.ts'

/** Milliseconds: a client that is slower gets the end without the rest. */
const longestMs = 5_000

/** Milliseconds between two looks. */
const lookMs = 20

/** Resolves when every client got the last output, or had the time that a slow client gets. */
export async function lastOutputSent(
  readers: () => readonly Reader[],
  { timers, nowMs }: { readonly timers: Timers; readonly nowMs: () => number },
): Promise<void> {
  const sinceMs = nowMs()
  while (readers().some((reader) => !reader.hasSentAll()) && nowMs() - sinceMs < longestMs) {
    await new Promise<void>((resolve) => timers.after(lookMs, resolve))
  }
}
