/** Terminals: the sentences about the end of a command. */
import { printable } from '../../core/audit/printable.ts'
import { isRefusal } from '../../core/errors.ts'
import { endReasons } from '../../core/terminals/ends.ts'
import type { TransportFailure } from '../transports/transport.ts'
import type { CommandEnd, CommandLimits } from './command-run.ts'

/** The sentences for a line that does not run, or whose end cannot be stored. */
export const lineSentences = {
  unrecorded: 'The line is not run, because it cannot be written to the audit trail.',
  endUnrecorded: 'The end of the command cannot be written to the audit trail.',
  stopped: 'The access of the person who typed this line was taken back, so that nothing is run.',
} as const

/**
 * Returns the reason if a command ends the health check; null: it does not.
 *
 * A busy gateway may have room for the next command; any other failure is the transport's.
 */
export function failureOf(end: CommandEnd): TransportFailure | null {
  if (end.kind === 'exited') return end.exit.failure
  return isRefusal(end.cause) ? null : unexpected(end.cause)
}

/** Turns an unexpected error into a failure of the transport. */
export function unexpected(cause: unknown): TransportFailure {
  return { kind: 'not-possible-here', detail: printable(String(cause)) }
}

/** Says how a command ended; null: normally. */
export function endSentence(end: CommandEnd, limits: CommandLimits): string | null {
  if (end.kind === 'not-opened' && isRefusal(end.cause)) return end.cause.message
  const failure = failureOf(end)
  if (failure !== null) return endReasons[failure.kind].sentence
  if (end.kind === 'not-opened') return null
  if (end.stopped === 'time') return `The command was stopped: it ran for ${limits.runMs / 1_000} seconds.`
  if (end.stopped === 'output') return `The command was stopped: it put out more than ${limits.outputBytes} bytes.`
  if (end.stopped === 'person') return 'The command was stopped.'
  const { code, signal } = end.exit
  if (signal !== 0) return `The command was ended by signal ${signal}.`
  return code === 0 ? null : `Exit status ${code}.`
}
