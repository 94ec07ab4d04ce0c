/** Platform: the log: one JSON object a line. The line is written before the call returns, so a crash loses none. */
import { destination, pino, stdTimeFunctions } from 'pino'
import type { Log } from '../core/ports.ts'

/** The least important level that is written; `silent` writes none. */
export type LogLevel = 'info' | 'warn' | 'error' | 'silent'

/** Options of the log. */
export type LogOptions = {
  readonly level: LogLevel
  /** Gets a line with its line feed; by default standard error. */
  readonly write?: (line: string) => void
}

/**
 * Returns a log whose lines have `level`, `time` (RFC 3339, UTC, milliseconds), the facts, and the sentence as `msg`.
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
