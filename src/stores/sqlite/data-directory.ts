/** SQLite store: the data directory. Only its owner can read it, and at most one server works on it. */
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Refusal } from '../../core/errors.ts'
import { isBusy } from './database.ts'

/** Paths of the files in the data directory. */
export type DataFiles = {
  readonly directory: string
  readonly database: string
  /** An empty database whose lock shows that a server works here. */
  readonly lock: string
  /** Random bytes, used up when the disk is full. */
  readonly reserve: string
  /** Unix socket on which a server is notified of entries that others appended. */
  readonly socket: string
}

/** Milliseconds for which a lock waits for one that is only held briefly. */
const momentMs = 250

/** Returns the paths below a data directory. */
export function dataFiles(dataDir: string): DataFiles {
  const directory = resolve(dataDir)
  return {
    directory,
    database: join(directory, 'sallyport.db'),
    lock: join(directory, 'lock.db'),
    reserve: join(directory, 'reserve'),
    socket: join(directory, 'sallyport.sock'),
  }
}

/**
 * Creates the data directory (mode 0700) and its files (0600) if they are missing, and narrows wider modes.
 *
 * SQLite gives the write-ahead log and its index the mode of the database. Existing files are not opened, because
 * closing one would release the locks that this process holds on it.
 */
export function prepareDataDirectory(dataDir: string): DataFiles {
  const files = dataFiles(dataDir)
  const isNew = !existsSync(files.database)
  mkdirSync(files.directory, { recursive: true, mode: 0o700 })
  chmodSync(files.directory, 0o700)
  for (const path of [files.database, files.lock]) createEmpty(path)
  for (const path of [files.database, files.lock, `${files.database}-wal`, `${files.database}-shm`, files.reserve]) {
    if (existsSync(path)) chmodSync(path, 0o600)
  }
  if (isNew) for (const directory of [files.directory, dirname(files.directory)]) syncDirectory(directory)
  return files
}

/**
 * Locks the data directory for a server and returns the function that unlocks it; the kernel unlocks it when the
 * process dies.
 *
 * @throws STORE_UNAVAILABLE if another process holds it.
 */
export function lockDataDirectory(files: DataFiles): () => void {
  const release = tryLock(files)
  if (release !== null) return release
  throw new Refusal('STORE_UNAVAILABLE', {
    message: `Another Sallyport server uses the data directory ${files.directory}; stop it, or choose another directory.`,
  })
}

/** Returns whether a server holds the data directory now. */
export function isServerRunning(files: DataFiles): boolean {
  if (!existsSync(files.lock)) return false
  const release = tryLock(files)
  release?.()
  return release === null
}

function tryLock(files: DataFiles): (() => void) | null {
  const connection = new DatabaseSync(files.lock, { timeout: momentMs })
  try {
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return () => connection.close()
  } catch (error) {
    connection.close()
    if (isBusy(error)) return null
    throw error
  }
}

function createEmpty(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
