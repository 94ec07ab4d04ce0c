/** Cli: reads a small JSON document from a file, and says what is wrong with one that cannot be read. */
import { readFile } from 'node:fs/promises'
import { CommandFailure } from './failure.ts'
import { visible } from './output.ts'

/**
 * Returns what the file holds.
 *
 * @throws CommandFailure when it cannot be read, has more than `limitBytes`, or holds no JSON in UTF-8.
 */
export async function readJson(path: string, limitBytes: number): Promise<unknown> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code)
    throw new CommandFailure(`${visible(path)} cannot be read (${code}).`, { cause: error })
  }
  if (bytes.length > limitBytes) throw new CommandFailure(`${visible(path)} is larger than ${limitBytes} bytes.`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new CommandFailure(`${visible(path)} does not hold JSON.`, { cause: error })
  }
}
