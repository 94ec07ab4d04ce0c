/** Cli: asks the user at a terminal, or reads lines of standard input. Secrets are not echoed and not repeated. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandFailure } from './failure.ts'

/** Most bytes of the input; the longest accepted password has 1,024 characters. */
const mostBytes = 8_192

/** One question. */
export type Question = { readonly text: string; readonly isEchoed: boolean }

/**
 * Returns the answers of the user. The questions go to standard error; standard output is for the result of the command.
 *
 * @throws CommandFailure when the user cancels.
 */
export function ask(questions: readonly Question[]): Promise<readonly string[]> {
  const answers: string[] = []
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      if (questions[answers.length]?.isEchoed === true) process.stderr.write(chunk as Uint8Array)
      done()
    },
  })
  // One reader for all questions: a second one would miss input that was typed ahead.
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  const askNext = (): void => {
    const { text = '', isEchoed = false } = questions[answers.length] ?? {}
    reader.setPrompt(isEchoed ? text : '')
    if (isEchoed) reader.prompt()
    else process.stderr.write(text)
  }
  return new Promise((resolve, reject) => {
    askNext()
    reader.on('line', (line) => {
      if (questions[answers.length]?.isEchoed !== true) process.stderr.write('\n')
      answers.push(line)
      if (answers.length < questions.length) askNext()
      else reader.close()
    })
    reader.on('SIGINT', () => reader.close())
    reader.on('close', () => {
      if (answers.length >= questions.length) return resolve(answers)
      process.stderr.write('\n')
      reject(new CommandFailure(`No ${noun(questions[answers.length])} was given.`))
    })
  })
}

/**
 * Returns the lines of an input, without an empty last line.
 *
 * @throws CommandFailure when it is too long or not UTF-8.
 */
export async function readLines(input: AsyncIterable<unknown>): Promise<readonly string[]> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of input) {
    parts.push(Buffer.from(part as Uint8Array))
    bytes += parts.at(-1)?.length ?? 0
    if (bytes > mostBytes) throw new CommandFailure('The password on standard input is too long.')
  }
  return decode(Buffer.concat(parts))
    .replace(/\r?\n$/, '')
    .split(/\r\n|\r|\n/)
}

function noun(question: Question | undefined): string {
  return /^\w+/.exec(question?.text ?? '')?.[0].toLowerCase() ?? 'answer'
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new CommandFailure('The password on standard input is not UTF-8.', { cause: error })
  }
}
