/** Cli: reads a small JSON document from a file. */
import { readFile } from 'node:fs/promises'
import { CommandFailure, systemCode } from './failure.ts'
import { visible } from './output.ts'

/**
 * Returns the JSON of a file.
 *
 * @throws CommandFailure when it cannot be read, is larger than `limitBytes`, or is no JSON in UTF-8.
 */
export async function readJson(path: string, limitBytes: number): Promise<unknown> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new CommandFailure(`${visible(path)} cannot be read (${systemCode(error)}).`, { cause: error })
  }
  if (bytes.length > limitBytes) throw new CommandFailure(`${visible(path)} is larger than ${limitBytes} bytes.`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new CommandFailure(`${visible(path)} does not hold JSON.`, { cause: error })
  }
}
