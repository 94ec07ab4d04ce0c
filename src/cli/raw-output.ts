/** Cli: writes bytes that are no lines: recordings, to a pipe, a file or a terminal. */
import { once } from 'node:events'
import { type FileHandle, open } from 'node:fs/promises'
import { CommandFailure } from './failure.ts'
import { visible } from './output.ts'

/** Where bytes go. */
export type ByteTarget = {
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly close: () => Promise<void>
}

/** Standard output. */
export const standardOutput: ByteTarget = {
  write: async (bytes) => {
    // Whoever reads slowly is waited for; faults are told by the stream itself.
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
  },
  close: () =>
    new Promise((resolve, reject) => {
      process.stdout.write('', (error) => (error ? reject(unwritten('The output', error)) : resolve()))
    }),
}

/** Makes a file for its owner alone. @throws CommandFailure when there is one already, or it cannot be made. */
export async function newFile(path: string): Promise<ByteTarget> {
  const name = visible(path)
  let file: FileHandle
  try {
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CommandFailure(`${name} exists already, and nothing is overwritten.`, { cause: error })
    }
    throw unwritten(name, error)
  }
  return {
    write: async (bytes) => {
      try {
        await file.writeFile(bytes)
      } catch (error) {
        throw unwritten(name, error)
      }
    },
    close: () => file.close(),
  }
}

function unwritten(what: string, cause: unknown): CommandFailure {
  const code = String((cause as NodeJS.ErrnoException).code)
  return new CommandFailure(`${what} cannot be written (${code}).`, { cause })
}
