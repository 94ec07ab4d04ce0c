/** Platform: the log, one JSON object a line. A line is written before the call returns, so a crash loses none. */
import { destination, pino, stdTimeFunctions } from 'pino'
import type { Log } from '../core/ports.ts'

/** The least important lines that are written; `silent` writes none. */
export type LogLevel = 'info' | 'warn' | 'error' | 'silent'

/** Where lines go and which ones. */
export type LogOptions = {
  readonly level: LogLevel
  /** Takes a line with its line feed; standard error where not said. */
  readonly write?: (line: string) => void
}

/**
 * Returns a log whose lines hold `level`, `time` (RFC 3339, UTC, milliseconds), the facts, and the sentence as `msg`.
 *
 * A fact called `err` is written as an error with its stack and causes.
 */
export function createLog({ level, write }: LogOptions): Log {
  const lines = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    write === undefined ? destination({ fd: 2, sync: true }) : { write },
  )
  return {
    info: (facts, sentence) => lines.info(facts, sentence),
    warn: (facts, sentence) => lines.warn(facts, sentence),
    error: (facts, sentence) => lines.error(facts, sentence),
  }
}
