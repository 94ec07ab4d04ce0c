/** Cli: writes the bytes of a recording to a pipe, a file or a terminal. */
import { once } from 'node:events'
import { type FileHandle, open } from 'node:fs/promises'
import { CommandFailure, cannotWrite, systemCode } from './failure.ts'
import { visible } from './output.ts'

/** A destination of bytes. */
export type ByteTarget = {
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly close: () => Promise<void>
}

/** Standard output. */
export const standardOutput: ByteTarget = {
  write: async (bytes) => {
    // Waits for a slow reader. The stream itself reports errors.
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
  },
  close: () =>
    new Promise((resolve, reject) => {
      process.stdout.write('', (error) => (error ? reject(cannotWrite('The output', error)) : resolve()))
    }),
}

/** Creates a file that only its owner can read. @throws CommandFailure when it exists or cannot be created. */
export async function newFile(path: string): Promise<ByteTarget> {
  const name = visible(path)
  let file: FileHandle
  try {
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      throw new CommandFailure(`${name} exists already; choose another file.`, { cause: error })
    }
    throw cannotWrite(name, error)
  }
  return {
    write: async (bytes) => {
      try {
        await file.writeFile(bytes)
      } catch (error) {
        throw cannotWrite(name, error)
      }
    },
    close: () => file.close(),
  }
}
