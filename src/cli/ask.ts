/** Cli: asks a person at a terminal, or reads lines of standard input; what is secret is not echoed and not repeated. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandFailure } from './failure.ts'

/** Bytes of what is read at most; the longest password that is accepted has 1,024 characters. */
const mostBytes = 8_192

/** One question, and whether the answer is echoed. */
export type Question = { readonly text: string; readonly isSeen: boolean }

/**
 * Returns the answers of a person, asked on standard error, so that standard output stays free for what the command says.
 *
 * @throws CommandFailure when the person gives up.
 */
export function ask(questions: readonly Question[]): Promise<readonly string[]> {
  const answers: string[] = []
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      if (questions[answers.length]?.isSeen === true) process.stderr.write(chunk as Uint8Array)
      done()
    },
  })
  // One reader for all questions: a second one would miss what was typed ahead.
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  const askNext = (): void => {
    const { text = '', isSeen = false } = questions[answers.length] ?? {}
    reader.setPrompt(isSeen ? text : '')
    if (isSeen) reader.prompt()
    else process.stderr.write(text)
  }
  return new Promise((resolve, reject) => {
    askNext()
    reader.on('line', (line) => {
      if (questions[answers.length]?.isSeen !== true) process.stderr.write('\n')
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
 * Returns the lines of an input, without an empty one at its end.
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
