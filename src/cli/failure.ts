/** Cli: the two errors that end a command. Their messages are one sentence and hold no secret. */

/** The command line is wrong: exit code 2. The sentence names the flag or the argument. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The request was refused or failed: exit code 1. The sentence says what to do next. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}

/** Returns the failure of a write. */
export function cannotWrite(what: string, cause: unknown): CommandFailure {
  return new CommandFailure(`${what} cannot be written (${systemCode(cause)}).`, { cause })
}

/** Returns the code of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code)
}
