/** Cli: takes a password from standard input or from a person at a terminal, never from the command line. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandFailure, UsageError } from './failure.ts'

/** Bytes of a password at most; the longest that is accepted has 1,024 characters. */
const mostBytes = 8_192

/**
 * Returns the password: one line of standard input, or what a person types twice without seeing it.
 *
 * @param fromStdin `--password-stdin` was given.
 * @throws UsageError when it was not, and there is nobody to ask.
 * @throws CommandFailure when what came is not one line of text, or the two differ.
 */
export async function readPassword(fromStdin: boolean): Promise<string> {
  if (process.stdin.isTTY) return askTwice()
  if (fromStdin) return readLine(process.stdin)
  throw new UsageError('--password-stdin is needed where no terminal can ask for the password.')
}

async function readLine(input: AsyncIterable<unknown>): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of input) {
    parts.push(Buffer.from(part as Uint8Array))
    bytes += parts.at(-1)?.length ?? 0
    if (bytes > mostBytes) throw new CommandFailure('The password on standard input is too long.')
  }
  const line = decode(Buffer.concat(parts)).replace(/\r?\n$/, '')
  if (line === '') throw new CommandFailure('Standard input holds no password.')
  if (/[\r\n]/.test(line)) throw new CommandFailure('Standard input holds more than the one line of a password.')
  return line
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new CommandFailure('The password on standard input is not UTF-8.', { cause: error })
  }
}

async function askTwice(): Promise<string> {
  const [first, again] = await askUnseen(['Password: ', 'Password again: '])
  if (first === '') throw new CommandFailure('The password is empty.')
  if (first === undefined || first !== again) throw new CommandFailure('The two passwords differ.')
  return first
}

/** Asks on standard error, so that standard output stays free for what the command says; answers are not echoed. */
function askUnseen(questions: readonly string[]): Promise<readonly string[]> {
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
  // One reader for all questions: a second one would miss what was typed ahead.
  const reader = createInterface({ input: process.stdin, output: silence, terminal: true, historySize: 0 })
  const answers: string[] = []
  const askNext = (): void => {
    process.stderr.write(questions[answers.length] ?? '')
  }
  return new Promise((resolve, reject) => {
    askNext()
    reader.on('line', (line) => {
      process.stderr.write('\n')
      answers.push(line)
      if (answers.length < questions.length) askNext()
      else reader.close()
    })
    reader.on('SIGINT', () => reader.close())
    reader.on('close', () => {
      if (answers.length >= questions.length) return resolve(answers)
      process.stderr.write('\n')
      reject(new CommandFailure('No password was given.'))
    })
  })
}
