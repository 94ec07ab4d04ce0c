/** Cli: the two ways in which a command ends without success; messages are one sentence and hold no secret. */

/** The command line cannot be understood: exit code 2. The sentence names the flag or argument. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for cannot be done: exit code 1. The sentence says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}
