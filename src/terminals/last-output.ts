/** Terminals: lets the last output of a shell that ended go out before the end is told. */
import type { Reader } from './reader.ts'
import type { Timers } from './timers.ts'

/** Milliseconds: whoever is slower than this is told of the end without the rest. */
const longestMs = 5_000

/** Milliseconds between two looks. */
const lookMs = 20

/** Resolves once everybody was sent the last output, or was given the time that is due to somebody slow. */
export async function lastOutputSent(
  readers: () => readonly Reader[],
  { timers, nowMs }: { readonly timers: Timers; readonly nowMs: () => number },
): Promise<void> {
  const sinceMs = nowMs()
  while (readers().some((reader) => !reader.hasSentAll()) && nowMs() - sinceMs < longestMs) {
    await new Promise<void>((resolve) => timers.after(lookMs, resolve))
  }
}
