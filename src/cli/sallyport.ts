/** Cli: the entry point. It sets up the process, runs one verb, and turns an error into one sentence and an exit code. */
import { debuglog } from 'node:util'
import { CommandFailure, UsageError } from './failure.ts'
import { visible } from './output.ts'
import { runProgram } from './program.ts'

/** New files are readable by their owner only, and Node.js prints no warnings of its own. */
function setUpProcess(): void {
  process.umask(0o077)
  process.noDeprecation = true
  process.on('uncaughtException', (error) => void end(error))
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endQuietly)
}

/** Ends when the reader of the output has closed it. The code that writes reports other errors. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(1)
}

async function end(error: unknown): Promise<never> {
  // Silent unless NODE_DEBUG names sallyport. The causes of usage errors quote arguments, which may be secrets.
  if (!(error instanceof UsageError)) debuglog('sallyport')('%o', error)
  process.stderr.write(`sallyport: ${visible(await sentenceFor(error))}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}

async function sentenceFor(error: unknown): Promise<string> {
  if (error instanceof UsageError || error instanceof CommandFailure) return error.message
  const { failureSentence } = await import('../main/failure-sentence.ts')
  return failureSentence(error)
}

setUpProcess()
// The threads of the store do not keep the process alive while they end.
setInterval(() => undefined, 60_000)
try {
  await runProgram(process.argv.slice(2))
  // The exit code is 0, or that of an attached terminal.
  process.exit()
} catch (error) {
  await end(error)
}
