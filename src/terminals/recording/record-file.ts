/** Terminals: the file port of recorders, and the file system's implementation. Folders are 0700 and recordings 0600, whatever the umask. */
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { EntrySource } from './read-record.ts'

/** A recording that is being written. */
export type RecordFile = EntrySource & {
  /** Appends all parts; resolves when the operating system has them. Called one at a time. */
  readonly write: (parts: readonly Uint8Array[]) => Promise<void>
  /** Resolves when everything written before the call survives a loss of power. */
  readonly sync: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The folder of recordings. */
export type RecordFiles = {
  /** Creates the folder if it is missing. */
  readonly prepare: (folder: string) => Promise<void>
  /** Creates a file whose name survives a loss of power. @throws EEXIST if there is one. */
  readonly create: (path: string) => Promise<RecordFile>
  readonly remove: (path: string) => Promise<void>
}

/** The operating system's files. */
export const systemRecordFiles: RecordFiles = {
  prepare: async (folder) => {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 })
    await withHandle(folder, (handle) => handle.chmod(0o700))
    if (first !== undefined) await syncFolder(dirname(first))
  },
  create: async (path) => {
    const handle = await open(path, 'wx+', 0o600)
    try {
      await handle.chmod(0o600)
      await syncFolder(dirname(path))
      return new SystemFile(handle)
    } catch (error) {
      await handle.close()
      await unlink(path)
      throw error
    }
  },
  remove: async (path) => {
    await unlink(path)
    await syncFolder(dirname(path))
  },
}

/** Makes the names in a folder survive a loss of power. */
export function syncFolder(folder: string): Promise<void> {
  return withHandle(folder, (handle) => handle.sync())
}

class SystemFile implements RecordFile {
  readonly #handle: FileHandle
  #length = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    let rest = [...parts]
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, this.#length)
      this.#length += bytesWritten
      rest = after(rest, bytesWritten)
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync()
  }

  read(...[buffer, where]: Parameters<EntrySource['read']>): ReturnType<EntrySource['read']> {
    return this.#handle.read(buffer, where)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The parts that are left after some bytes were written: a full disk or a signal can cut writes short. */
function after(parts: Uint8Array[], written: number): Uint8Array[] {
  let left = written
  let whole = 0
  for (const part of parts) {
    if (left < part.length) break
    left -= part.length
    whole += 1
  }
  const [first, ...rest] = parts.slice(whole)
  return first === undefined ? [] : [first.subarray(left), ...rest]
}

async function withHandle(path: string, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await work(handle)
  } finally {
    await handle.close()
  }
}
