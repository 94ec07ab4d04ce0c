/** Platform: finds or creates the master key. No message contains the key, and a file that others may read is refused. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of a master key. */
const keyBytes = 32

/** Most bytes read of a key file; a key in base64 has 44. */
const mostFileBytes = 1024

/** The sources of a master key. */
export type MasterKeySource = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly dataDir: string
  /** Whether a new key may be written to the data directory if there is none. */
  readonly createIfMissing: boolean
}

/** Says in one sentence why there is no usable master key. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError'
}

/**
 * Returns the 32 bytes of the master key.
 *
 * The first of these that is set counts, empty or not: the file named by `SALLYPORT_MASTER_KEY_FILE`, the systemd
 * credential `sallyport-master-key`, `SALLYPORT_MASTER_KEY`, the file `master.key` in the data directory. All hold
 * base64.
 *
 * @throws MasterKeyError if that one cannot be used, or there is none.
 * @see systemd.exec(5), "Credentials"; systemd guards its folder, so the mode of its files is not checked.
 */
export async function loadMasterKey({ env, dataDir, createIfMissing }: MasterKeySource): Promise<Uint8Array> {
  const { SALLYPORT_MASTER_KEY_FILE: named, CREDENTIALS_DIRECTORY: credentials, SALLYPORT_MASTER_KEY: given } = env
  if (named !== undefined) return expectKey(await readKey(named, 'guarded by its mode'), named)
  if (credentials !== undefined) {
    const key = await readKey(join(credentials, 'sallyport-master-key'), 'guarded by systemd')
    if (key !== null) return key
  }
  if (given !== undefined) return decodeKey(given, 'SALLYPORT_MASTER_KEY')
  const path = join(dataDir, 'master.key')
  const key = await readKey(path, 'guarded by its mode')
  if (key === null && createIfMissing) return createKey(path, dataDir)
  return expectKey(key, path)
}

function expectKey(key: Uint8Array | null, path: string): Uint8Array {
  if (key === null) throw new MasterKeyError(`There is no master key file ${path}.`)
  return key
}

async function readKey(path: string, how: 'guarded by its mode' | 'guarded by systemd'): Promise<Uint8Array | null> {
  const file = await openIfThere(path)
  if (file === null) return null
  try {
    const { mode } = await file.stat()
    if (how === 'guarded by its mode' && (mode & 0o077) !== 0) {
      throw new MasterKeyError(
        `The master key file ${path} may be read by others than its owner; set its mode to 0600.`,
      )
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostFileBytes), 0, mostFileBytes, 0)
    return decodeKey(buffer.toString('latin1', 0, bytesRead), path)
  } finally {
    await file.close()
  }
}

function decodeKey(text: string, source: string): Uint8Array {
  const trimmed = text.trim()
  const bytes = Buffer.from(trimmed, 'base64')
  if (bytes.toString('base64') !== trimmed) throw new MasterKeyError(`The master key in ${source} is not base64.`)
  if (bytes.length !== keyBytes) {
    throw new MasterKeyError(`The master key in ${source} has ${bytes.length} bytes; it must have ${keyBytes}.`)
  }
  return new Uint8Array(bytes)
}

async function createKey(path: string, folder: string): Promise<Uint8Array> {
  const key = new Uint8Array(randomBytes(keyBytes))
  try {
    await writeDurably(path, `${Buffer.from(key).toString('base64')}\n`)
    // The name of a new file is durable only when its folder is synced.
    await syncFolder(folder)
  } catch (error) {
    throw new MasterKeyError(`The master key file ${path} cannot be written (${codeOf(error)}).`, { cause: error })
  }
  return key
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  } catch (error) {
    await unlink(path)
    throw error
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new MasterKeyError(`The master key file ${path} cannot be read (${codeOf(error)}).`, { cause: error })
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code)
}
