/** Cli: the entry; sets the process up, runs one verb, and turns whatever went wrong into one sentence and an exit code. */
import { debuglog } from 'node:util'
import { CommandFailure, UsageError } from './failure.ts'
import { visible } from './output.ts'
import { runProgram } from './program.ts'

/** Nothing that Sallyport writes is for others, and nothing of Node.js is between its lines. */
function guardProcess(): void {
  process.umask(0o077)
  process.noDeprecation = true
  process.on('uncaughtException', (error) => void end(error))
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endQuietly)
}

/** Whoever read the output has gone: there is nobody to tell. Other faults of writing are told where the writing is. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(1)
}

async function end(error: unknown): Promise<never> {
  // Silent unless NODE_DEBUG names sallyport. The causes of usage errors quote words, which may be secrets.
  if (!(error instanceof UsageError)) debuglog('sallyport')('%o', error)
  process.stderr.write(`sallyport: ${visible(await sentenceFor(error))}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}

async function sentenceFor(error: unknown): Promise<string> {
  if (error instanceof UsageError || error instanceof CommandFailure) return error.message
  const { failureSentence } = await import('../main/failure-sentence.ts')
  return failureSentence(error)
}

guardProcess()
// The threads of the store do not keep the process alive while they end.
setInterval(() => undefined, 60_000)
try {
  await runProgram(process.argv.slice(2))
  // 0, but for a terminal whose program ended otherwise.
  process.exit()
} catch (error) {
  await end(error)
}
